"""Two studies trained for real, far apart in their learning rates, and what is then said of them."""

import json

import pytest

from tests.helpers import CONFIGS, run_cartrl

SEEDS = range(4)  # the fewest with which a difference can be told: 2 of 70 divisions are as clear as can be
SHORT = ("--set", "train.num_iterations=100", "--set", "eval.eval_interval=20")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    directory = tmp_path_factory.mktemp("studies")
    for name, learning_rate in (("fast", "3e-3"), ("slow", "1e-5")):
        for seed in SEEDS:
            done = run_cartrl(
                "train", "-c", CONFIGS / "reinforce.yaml", "--seed", seed, *SHORT, "--quiet",
                "--set", f"agent.learning_rate={learning_rate}", "--run-dir", f"{name}/seed-{seed}", cwd=directory,
            )  # fmt: skip
            assert done.returncode == 0, done.stderr
        study = directory / name
        (study / "config.yaml").write_text((study / "seed-0/config.yaml").read_text())
        (study / "study.json").write_text(json.dumps({"kind": "study", "seeds": list(SEEDS)}))
    return directory


@pytest.mark.slow
def test_a_clear_difference_is_claimed(home):
    done = run_cartrl("compare", "fast", "slow", "--json", cwd=home)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    (pair,) = report["comparisons"]
    assert (pair["better"], pair["p_value"]) == (0, pytest.approx(2 / 70))
    assert report["conclusion"].startswith("learning_rate 0.003 is better than learning_rate 1e-05")
    assert report["differences"] == {"agent.learning_rate": [3e-3, 1e-5]}
    finals = [
        json.loads((home / f"fast/seed-{seed}/manifest.json").read_text())["result"]["final_greedy_return"]["mean"]
        for seed in SEEDS
    ]
    assert report["studies"][0]["metrics"]["final_return"]["values"] == finals


@pytest.mark.slow
def test_their_curves_are_drawn(home):
    for axis in ("iterations", "steps", "seconds"):
        done = run_cartrl("plot", "fast", "slow", "--x", axis, "-o", f"{axis}.png", cwd=home)
        assert (done.returncode, done.stderr) == (0, "")
        assert (home / f"{axis}.png").is_file()
