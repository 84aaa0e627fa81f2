"""An agent of another package, written after CONTRIBUTING.md, is used as cartrl's own is."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers import REPO, run_cartrl

PACKAGE = REPO / "tests/packages/random_search"
CONFIG = """
environment: {env_name: CartPole-v1}
agent: {kind: random-search, noise: 0.5}
collect: {collect_episodes_per_iteration: 4}
train: {num_iterations: 30}
eval: {eval_interval: 10, num_eval_episodes: 5}
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A directory with a config; the package is installed in its ``installed``."""
    home = tmp_path_factory.mktemp("home")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    source = home / "source"
    subprocess.run(["cp", "-r", PACKAGE, source], check=True)  # a build leaves its traces
    subprocess.run([*pip, "--target", home / "installed", source], check=True)
    (home / "config.yaml").write_text(CONFIG)
    return home


@pytest.fixture(scope="module")
def call(home):
    path = os.pathsep.join(filter(None, [str(home / "installed"), os.environ.get("PYTHONPATH")]))
    return lambda *words: run_cartrl(*words, cwd=home, env={"PYTHONPATH": path})


@pytest.fixture(scope="module")
def trained(call):
    done = call("train", "config.yaml", "--run-dir", "whole", "--json")
    assert done.returncode == 0, done.stderr
    assert "tried_return" in done.stderr  # the lines of progress show the first of its columns
    return json.loads(done.stdout)


def cells(path):
    """The rows of a metrics file, but for the seconds."""
    return [line.rpartition(",")[0] for line in Path(path).read_text().splitlines()]


def test_it_learns_and_brings_its_columns(trained, home):
    assert trained["best_greedy_return"]["mean"] > 100
    header = cells(home / "whole/metrics.csv")[0].split(",")
    assert header[:6] == ["iteration", "updates", "episodes", "environment_steps", "tried_return", "best_return"]
    assert "loss" not in header


@pytest.mark.slow
def test_it_is_resumed_to_the_last_bit(trained, home, call):
    for words in (["train", "config.yaml", "--run-dir", "half", "--set", "train.num_iterations=15"],
                  ["train", "--resume", "half", "--set", "train.num_iterations=30"]):  # fmt: skip
        assert call(*words).returncode == 0
    assert cells(home / "half/metrics.csv")[-15:] == cells(home / "whole/metrics.csv")[-15:]


def test_it_is_evaluated_and_filmed(trained, home, call):
    done = call("eval", "--checkpoint", "whole", "--episodes", "20", "--json")
    assert json.loads(done.stdout)["mean"] > 100
    filmed = call("record", "--checkpoint", "whole", "--episodes", "1", "--output", "film.gif")
    assert (filmed.returncode, (home / "film.gif").stat().st_size > 10_000) == (0, True)


def test_it_is_named_wherever_agents_are(call, home):
    assert "random-search" in call("train", "--help").stdout
    schema = call("config", "--schema").stdout
    assert "random-search" in schema
    assert "Standard deviation of what is added to the best weights." in schema
    schema = json.loads(schema)
    kinds = [schema["definitions"][kind["$ref"].rpartition("/")[2]]["title"] for kind in schema["anyOf"]]
    others = [f"ExperimentSettings of {name}" for name in ("ppo", "dqn", "ddpg", "td3", "sac", "random-search")]
    assert kinds == ["ExperimentSettings", *others]
    wrong = call("config", "config.yaml", "--set", "agent.kind=random-serch")
    assert wrong.returncode == 2
    assert "or 'td3' or 'sac' or 'random-search', did you mean 'random-search'?" in wrong.stderr
    wrong = call("config", "config.yaml", "--set", "agent.learning_rate=1")
    assert "agent has no setting 'learning_rate'; it has kind, noise" in wrong.stderr


def test_without_its_package_the_kind_is_unknown(home):
    done = run_cartrl("config", "config.yaml", cwd=home)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith(
        "line 3: agent.kind is 'random-search', but must be 'reinforce' or 'ppo' or 'dqn' or 'ddpg' or 'td3' or 'sac'\n"
    )
