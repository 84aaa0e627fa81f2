"""A run of an environment of the user's own: each command of it that cartrl prints can be typed as it stands."""

import json
import re
import shlex

import pytest

from cartrl.runs.json_files import read_json
from tests.helpers import one_line, run_cartrl, run_several

GIVEN = ("--import-module", "my_env")
MINE = """
from gym.envs.classic_control.cartpole import CartPoleEnv
from gym.envs.registration import register

register("Mine-v0", entry_point=CartPoleEnv, max_episode_steps=20, reward_threshold=15.0)
"""
CONFIG = """
environment: {env_name: Mine-v0}
train: {num_iterations: 2}
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A directory with a module, and a run and a study of its environment, which the config does not say is its."""
    directory = tmp_path_factory.mktemp("own")
    (directory / "my_env.py").write_text(MINE)
    (directory / "my.yaml").write_text(CONFIG)
    return directory


@pytest.fixture(scope="module")
def trained(home):
    """What the training of a run and of a study printed."""
    return [
        run_cartrl("train", "-c", "my.yaml", "--run-dir", name, *seeds, *GIVEN, cwd=home)
        for name, seeds in (("my run", []), ("my study", ["--seeds", "0-1"]))
    ]


def test_the_commands_that_are_printed_can_be_typed(home, trained):
    for done in trained:
        assert (done.returncode, done.stderr) == (0, "")
    text = "".join(done.stdout for done in trained)
    typed = [shlex.split(line)[1:] for line in re.findall(r"^  (cartrl .*)$", text, re.MULTILINE)]
    assert [words[0] for words in typed] == ["eval", "record", "plot", "report"]
    for outcome in run_several(*typed, cwd=home):
        assert (outcome.returncode, outcome.stderr) == (0, "")
    page = (home / "my study/report.html").read_text(encoding="utf-8")
    assert "cartrl train config.yaml --seeds 0-1 --import-module my_env" in page
    assert "cartrl reproduce &#39;my study/seed-0&#39; --import-module my_env" in page


def test_a_run_remembers_its_modules_and_never_imports_them_by_itself(home, trained):
    assert read_json(home / "my run/manifest.json")["import_modules"] == ["my_env"]
    assert read_json(home / "my study/study.json")["import_modules"] == ["my_env"]
    assert read_json(home / "my study/seed-1/manifest.json")["import_modules"] == ["my_env"]
    longer = ["--set", "train.num_iterations=3"]
    for call in (
        ["eval", "--checkpoint", "my run"], ["record", "--checkpoint", "my run/policies/best"],
        ["record", "--progress", "my run"], ["train", "--resume", "my run", *longer],
        ["train", "--resume", "my study", *longer], ["reproduce", "my run"],
    ):  # fmt: skip
        typed = shlex.join(["cartrl", *call, *GIVEN])
        assert one_line(run_cartrl(*call, cwd=home), 2).endswith(f"if you trust it, say so: {typed}")


@pytest.mark.slow
def test_the_module_is_passed_on(home, trained):
    again = run_cartrl("reproduce", "my run", *GIVEN, cwd=home)
    assert (again.returncode, again.stderr) == (0, "")
    resumed = run_cartrl("train", "--resume", "my study", "--set", "train.num_iterations=3", *GIVEN, "--json", cwd=home)
    assert json.loads(resumed.stdout)["outcome"] == "finished"
