"""The compiled engine: its collector, and the settings that choose it. Its twins have test_twins.py."""

import json
import re
from collections import Counter

import gym
import pytest
import tensorflow as tf

from cartrl import agents
from cartrl.environments import specs, twins
from cartrl.experience.collectors.compiled import CompiledPlayer
from cartrl.randomness import Turn
from cartrl.settings import ExperimentSettings
from tests.helpers import CONFIGS, module_path, run_cartrl

UNTRAINED = ExperimentSettings(environment={"env_name": "any"})


def test_rollout_and_update_are_traced_once(monkeypatch):
    """Python's part of the policy and of the agent runs while they are traced, and never again."""
    calls = Counter()

    def counted(name, function):
        def call(*arguments, **options):
            calls[name] += 1
            return function(*arguments, **options)

        return call

    env = gym.make("CartPole-v0")
    time_step_spec, action_spec = specs.time_step_spec(env.observation_space), specs.action_spec(env.action_space)
    learner = agents.build(UNTRAINED, time_step_spec, action_spec)
    monkeypatch.setattr(learner.agent, "train", counted("train", learner.agent.train))
    player = CompiledPlayer(twins.twin_of(env.unwrapped), 200, counted("explore", learner.policies.explore), 2)
    after = []
    for iteration in range(5):
        episodes = player.play(Turn(0, iteration))
        learner.learn({name: tf.constant(array) for name, array in episodes.arrays().items()}, Turn(0, iteration))
        after.append(dict(calls))
    assert calls.keys() == {"explore", "train"}
    assert calls["train"] == 1
    assert after == [after[0]] * 5


@pytest.mark.parametrize("engine", ["compiled", "vectorized"])
def test_each_engine_repeats_itself_to_the_last_bit_and_stops_when_solved(engine, tmp_path):
    def metrics(name):
        done = run_cartrl(
            "train", "-c", CONFIGS / "reinforce.yaml", "--set", f"collect.engine={engine}",
            "--set", "train.stop_when_solved=50", "--set", "eval.eval_interval=20", "--run-dir", name, cwd=tmp_path,
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (0, "")
        assert re.search(r"^solved +after \d+ of 250 iterations", done.stdout, re.MULTILINE)
        assert json.loads((tmp_path / name / "manifest.json").read_text())["outcome"] == "solved"
        rows = [line.rpartition(",")[0] for line in (tmp_path / name / "metrics.csv").read_text().splitlines()]
        assert len(rows) - 2 < 250
        return rows

    assert metrics("one") == metrics("two")


@pytest.mark.parametrize(
    ("env_name", "setting", "sentence"),
    [
        (
            "own_environments:Game-v0",
            "collect.engine=compiled",
            "own_environments:Game-v0 has no compiled twin; take auto or vectorized",
        ),
        (
            "Pendulum-v1",
            "train.stop_when_solved=true",
            "gym names no reward threshold for Pendulum-v1; give the mean return from which to stop",
        ),
    ],
)
def test_what_an_environment_does_not_have_is_refused(env_name, setting, sentence, tmp_path):
    (tmp_path / "config.yaml").write_text(f"environment:\n  env_name: {env_name}\n")
    options = ("--import-module", "own_environments", "--set", setting)
    done = run_cartrl("train", "-c", "config.yaml", *options, cwd=tmp_path, env={"PYTHONPATH": module_path()})
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"error: --set {setting}: {setting.split('=')[0]}: {sentence}\n"
    assert [path.name for path in tmp_path.iterdir()] == ["config.yaml"]
