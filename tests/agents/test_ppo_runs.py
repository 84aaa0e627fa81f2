"""PPO as its users run it: the same numbers on each engine, going on after a stop, and policies that work anywhere."""

import csv
import json

import pytest

from tests.helpers import CONFIGS, run_cartrl, run_several

PENDULUM = """\
environment: {env_name: Pendulum-v1}
agent:
  kind: ppo
  learning_rate: {from: 1e-3, to: 1e-4, over: 2000}
  discount: 0.9
  batch_size: 64
  num_epochs: 4
  normalize_observations: true
  normalize_rewards: true
  target_kl: 0.1
collect: {num_environments: 4, num_steps: 64}
train: {num_iterations: 8, checkpoint_interval: 2}
eval: {num_eval_episodes: 3, eval_interval: 4}
"""


@pytest.fixture(scope="module", params=["vectorized", pytest.param("compiled", marks=pytest.mark.slow)])
def home(request, tmp_path_factory):
    """A directory with a run of eight iterations."""
    home = tmp_path_factory.mktemp(request.param)
    (home / "ppo.yaml").write_text(PENDULUM, encoding="utf-8")
    train(home, "whole", request.param)
    return home, request.param


def without_seconds(path):
    with path.open() as file:
        return [row[:-1] for row in csv.reader(file)]


def train(home, name, engine, *options):
    done = run_cartrl(
        "train", "ppo.yaml", "--run-dir", name, "--set", f"collect.engine={engine}", "--quiet", *options, cwd=home
    )
    assert done.returncode == 0, done.stderr


def test_the_same_seed_is_the_same_run_and_a_stopped_one_goes_on_to_it(home):
    home, engine = home
    train(home, "stopped", engine, "--set", "train.num_iterations=4")
    done = run_cartrl("train", "--resume", "stopped", "--set", "train.num_iterations=8", "--quiet", cwd=home)
    assert done.returncode == 0, done.stderr
    assert without_seconds(home / "stopped/metrics.csv") == without_seconds(home / "whole/metrics.csv")


def test_the_rows_say_what_an_update_did(home):
    home, _ = home
    rows = without_seconds(home / "whole/metrics.csv")
    names = rows[0]
    first, last = (dict(zip(names, row)) for row in (rows[2], rows[-1]))
    assert (first["environment_steps"], last["environment_steps"]) == ("256", "2048")
    assert float(first["learning_rate"]) == pytest.approx(1e-3)
    assert float(last["learning_rate"]) == pytest.approx(1e-3 + (1e-4 - 1e-3) * 7 * 256 / 2000, rel=1e-5)
    assert 1 <= float(last["gradient_steps"]) <= 16
    # Pendulum's episodes of 200 steps end in the 4th and the 7th iteration: they went on from one to the next.
    ended = [int(dict(zip(names, row))["truncated_episodes"] or 0) for row in rows[1:]]
    assert ended == [0, 0, 0, 0, 4, 0, 0, 4, 0]


def test_a_normalised_policy_is_evaluated_and_filmed_as_it_was_trained(home):
    """The evaluation in training normalises; `eval` of the same episodes must come to the same return."""
    home, _ = home
    sidecar = json.loads((home / "whole/policies/final/policy.json").read_text())
    assert sidecar["agent"] == "ppo"
    done = run_cartrl("eval", "whole/policies/final", "--episodes", "40", "--json", cwd=home)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)["mean"]
    assert -2000 < found < -300
    done = run_cartrl("record", "whole", "--episodes", "1", "--output", "film.gif", cwd=home)
    assert done.returncode == 0, done.stderr
    assert (home / "film.gif").stat().st_size > 10_000


@pytest.mark.learning
def test_it_solves_cartpole(tmp_path):
    """Two seeds of the shipped config end as solved: a greedy mean of 475, of which the unlearned are far."""
    runs = [
        (
            "train",
            CONFIGS / "ppo/cartpole-v1.yaml",
            "--seed",
            seed,
            "--run-dir",
            seed,
            "--set",
            "train.stop_when_solved=true",
            "--json",
        )
        for seed in ("0", "1")
    ]
    for trained in run_several(*runs, cwd=tmp_path):
        assert trained.returncode == 0, trained.stderr
        report = json.loads(trained.stdout)
        assert (report["outcome"], report["best_greedy_return"]["mean"] >= 475) == ("solved", True)
        assert report["environment_steps"] <= 60_000
