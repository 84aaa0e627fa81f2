"""Training on file systems without locks, or that cannot bring a directory to disk."""

import errno

import pytest

from tests.faulty import without
from tests.helpers import CONFIGS, run_cartrl

SMALL = ("--set", "train.num_iterations=2", "--set", "eval.num_eval_episodes=2", "--set", "train.checkpoint_interval=1")


@pytest.mark.parametrize(
    "what",
    [pytest.param([], id="run"), pytest.param(["--seeds", "0,1", "--jobs", "1"], id="study", marks=pytest.mark.slow)],
)
def test_training_goes_on_with_one_warning(tmp_path, what):
    env = without(tmp_path / "site", flock=errno.ENOLCK, directory=errno.EINVAL)
    call = ["train", "-c", CONFIGS / "reinforce.yaml", "--run-dir", "home/run", *SMALL, *what]
    done = run_cartrl(*call, cwd=tmp_path, env=env)
    assert done.returncode == 0, done.stderr
    assert done.stderr == (
        "warning: home/run: its file system has no locks (No locks available), so that a second process could train "
        "the same run; it brings nothing to disk when asked (Invalid argument), so that a power cut could damage it\n"
    )
    run = tmp_path / "home/run" / ("seed-1" if what else "")
    assert len((run / "metrics.csv").read_text().splitlines()) == 1 + 3
    assert (run / "policies/final/policy.json").is_file()
    assert (run / "learning_curve.png").is_file()
    again = run_cartrl("train", "--resume", "home/run", cwd=tmp_path, env=env)
    assert again.returncode == 0
    assert "finished already" in again.stdout
