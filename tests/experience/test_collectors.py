"""Collectors in other processes: the numbers of a run are the same, whoever plays, and whoever of them is killed."""

import csv
import json
import shutil

import pytest

from tests.helpers import MODULES, one_line, run_cartrl, run_several

CARTPOLE, PENDULUM = ({"env_name": f"Simulated{name}-v0"} for name in ("CartPole", "Pendulum"))
STEPS = {"num_environments": 5, "num_steps": 2, "turns_per_iteration": 10, "warm_up_steps": 60}
SMALL = {"fc_layer_params": [32], "batch_size": 16}
EXPERIMENTS = {
    "reinforce": {"environment": CARTPOLE, "collect": {"collect_episodes_per_iteration": 5}},
    "ppo": {
        "environment": CARTPOLE,
        "agent": {"kind": "ppo", "normalize_observations": True, "batch_size": 40},
        "collect": {"num_environments": 5, "num_steps": 16},
    },
    "dqn": {"environment": CARTPOLE, "agent": {"kind": "dqn", **SMALL}, "collect": STEPS},
    "sac": {
        "environment": PENDULUM,
        "agent": {"kind": "sac", **SMALL},
        "collect": {**STEPS, "noise_correlation": 0.9},
    },
}
DEATHS = (1, 12, 40)  # steps of collectors, after which one of them dies: before its first answer, and later


def train(home, agent, name="run", *, deaths=(), iterations=6, **collect):
    """Train ``iterations`` of an experiment; return what its process said, and all numbers that it ended with."""
    write_experiment(home, agent, name, iterations, collect)
    (home / "deaths").mkdir(exist_ok=True)
    for steps in deaths:
        (home / "deaths" / str(steps)).touch()
    done = run_cartrl("train", f"{name}.yaml", "--import-module", "simulators", "--quiet", "--run-dir", name, cwd=home)
    assert done.returncode == 0, done.stderr
    assert not list((home / "deaths").iterdir())
    return done, numbers(home / name)


def write_experiment(home, agent, name, iterations, collect):
    """Write the config of an experiment into the directory ``home``, and the module of its environments."""
    home.mkdir(exist_ok=True)
    shutil.copy(MODULES / "simulators.py", home)
    experiment = EXPERIMENTS[agent]
    settings = {
        **experiment,
        "collect": {"engine": "vectorized", **experiment["collect"], **collect},
        "train": {"num_iterations": iterations},
        "eval": {"eval_interval": 3, "num_eval_episodes": 2},
    }
    (home / f"{name}.yaml").write_text(json.dumps(settings))


def numbers(run):
    """Return the metrics of ``run`` but for the times, and the files of its last checkpoint."""
    with (run / "metrics.csv").open() as file:
        rows = [{name: cell for name, cell in row.items() if name != "seconds"} for row in csv.DictReader(file)]
    last = max((run / "checkpoints").iterdir())
    return rows, {path.name: path.read_bytes() for path in sorted(last.glob("*.npz"))}


def assert_lost(done, count):
    lines = done.stderr.splitlines()
    assert len(lines) == count, done.stderr
    assert all(line.startswith("warning: collector ") and " of this machine is lost" in line for line in lines)


@pytest.mark.parametrize("lag", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_collectors_that_die_change_nothing(lag, tmp_path):
    _, expected = train(tmp_path, "ppo", "alone", policy_lag=lag)
    done, found = train(tmp_path, "ppo", workers=3, policy_lag=lag, deaths=DEATHS)
    assert found == expected
    assert_lost(done, 3)


@pytest.mark.slow
def test_a_run_with_an_older_policy_goes_on_with_other_collectors(tmp_path):
    _, expected = train(tmp_path, "reinforce", "alone", policy_lag=1)
    done, _ = train(tmp_path, "reinforce", policy_lag=1, workers=2, iterations=3, deaths=[20])
    assert_lost(done, 1)
    more = ("--set", "train.num_iterations=6", "--set", "collect.workers=0", "--import-module", "simulators")
    assert run_cartrl("train", "--resume", "run", *more, "--quiet", cwd=tmp_path).returncode == 0
    assert numbers(tmp_path / "run") == expected
    _, newest = train(tmp_path, "reinforce", "newest")
    assert newest != expected


@pytest.mark.slow
@pytest.mark.parametrize("lag", [0, 1, 3])
@pytest.mark.parametrize("agent", EXPERIMENTS)
def test_the_number_of_collectors_changes_nothing(agent, lag, tmp_path):
    _, expected = train(tmp_path, agent, "alone", policy_lag=lag)
    for workers in (1, 2, 8):
        done, found = train(tmp_path / str(workers), agent, workers=workers, policy_lag=lag)
        assert (done.stderr, found) == ("", expected)
    for workers, deaths in ((2, [7, 23]), (3, [3, 3 * 7, 50]), (8, [1, 2, 3, 5, 8, 13, 21, 30])):
        home = tmp_path / f"killed-{workers}"
        done, found = train(home, agent, workers=workers, policy_lag=lag, deaths=deaths[: workers - 1])
        assert found == expected


def test_what_collectors_cannot_play_is_refused(tmp_path):
    config = tmp_path / "config.yaml"
    config.write_text(
        json.dumps({"environment": {"env_name": "CartPole-v1"}, "collect": {"collect_episodes_per_iteration": 4}})
    )
    train = ("train", config, "--set", "collect.workers=2")
    several = ("--set", "collect.num_environments=2", "--set", "collect.engine=vectorized")
    with_twin, in_turns = run_several(train, (*train, *several), cwd=tmp_path)
    assert one_line(with_twin, 2) == (
        "--set collect.workers=2: collect.workers: is for the engine vectorized, but CartPole-v1 has a compiled twin, "
        "which needs no other processes; set collect.engine to vectorized to have them play"
    )
    assert one_line(in_turns, 2) == (
        "--set collect.num_environments=2: collect.num_environments is 2, but with collect.workers it must be null or "
        "at least collect.collect_episodes_per_iteration, which is 4"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["config.yaml"]
