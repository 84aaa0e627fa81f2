"""The compiled engine: its twins against gym itself, its collector, and the settings that choose it."""

import json
import re
from collections import Counter

import gym
import numpy as np
import pytest
import tensorflow as tf

from cartrl import agents, randomness
from cartrl.environments import constants, spaces, specs, suite, twins
from cartrl.experience.collectors.compiled import CompiledPlayer
from cartrl.policies import acting, sidecar
from cartrl.randomness import Turn
from cartrl.settings import EnvironmentSettings, ExperimentSettings
from tests.helpers import CONFIGS, run_cartrl

UNTRAINED = ExperimentSettings(environment={"env_name": "any"})
ROUNDING = 5e-7  # of float32, at the size of CartPole's and Pendulum's observations


def untrained(env):
    """A freshly drawn policy's exploring half, as a compiled rollout takes it."""
    time_step_spec, action_spec = specs.time_step_spec(env.observation_space), specs.action_spec(env.action_space)
    learner = agents.build(UNTRAINED, time_step_spec, action_spec)
    learner.initialise(seed=0)
    return learner.policies.explore


def trained(directory):
    sidecar.read(directory)
    return acting.of_distribution(acting.of_observations(tf.saved_model.load(str(directory)))).explore


def assert_gym_agrees(env_name, limit, explore, num_episodes, constants=()):
    """Drive gym with the start states and the actions of a compiled rollout, and compare every number."""
    env = suite.playable(EnvironmentSettings(env_name=env_name, constants=dict(constants))).raw
    twin = twins.twin_of(env)
    batch = CompiledPlayer(twin, limit, explore, num_episodes).play(Turn(seed=1, iteration=5))
    reset = randomness.ActionSeeds(1, randomness.Stream.COLLECT_RESETS, 5)[0]
    # Compiled as in the rollout: XLA draws other numbers from a seed than TensorFlow's own kernels do.
    starts = tf.function(lambda: twin.reset(num_episodes, tf.constant(reset)), jit_compile=True)().numpy()
    for row, start in enumerate(starts):
        env.reset(seed=0)
        env.unwrapped.state = start
        length, done, step = batch.lengths[row], False, 0
        assert np.abs(batch.observations[row, 0] - twin.observe(tf.constant(starts[row : row + 1]))[0]).max() == 0
        while not done and step < limit:
            observation, reward, done, _ = env.step(spaces.moves(env.action_space, batch.actions[row])[step])
            assert abs(batch.rewards[row, step] - reward) < 1e-5
            step += 1
            following = batch.observations[row, step] if step < length else batch.final_observations[row]
            assert np.abs(following - observation).max() <= ROUNDING
        assert (step, done) == (length, batch.terminated[row])
        assert not batch.observations[row, length:].any()
        assert not batch.rewards[row, length:].any()
    return batch


def test_cartpole_and_its_twin_agree_over_1000_random_episodes():
    batch = assert_gym_agrees("CartPole-v1", 500, untrained(gym.make("CartPole-v1")), 1000)
    assert batch.terminated.all()


def test_cartpole_and_its_twin_agree_over_1000_episodes_of_a_trained_policy(solved_run):
    batch = assert_gym_agrees("CartPole-v0", 200, trained(solved_run.directory / "policies/best"), 1000)
    assert {True, False} == set(batch.terminated)  # it draws its actions, so now and then it falls
    assert batch.lengths.mean() > 150


def test_pendulum_and_its_twin_agree_with_torques_beyond_the_bounds():
    def wild(observations, seed):
        return 3.0 * tf.random.stateless_normal(tf.shape(observations[:, :1]), seed)

    batch = assert_gym_agrees("Pendulum-v1", 200, wild, 100)
    assert np.abs(batch.actions).max() > 2
    assert not batch.terminated.any()


@pytest.mark.parametrize("env_name", ["CartPole-v1", "Pendulum-v1"])
def test_gym_and_its_twin_agree_with_other_constants(env_name):
    """Each constant doubled by itself: its episodes differ from gym's usual ones, and the twin's are the same."""
    env = gym.make(env_name)
    usual = assert_gym_agrees(env_name, 60, untrained(env), 20)
    for name, value in constants.of(env).items():
        batch = assert_gym_agrees(env_name, 60, untrained(env), 20, {name: 2 * value})
        is_same = np.array_equal(batch.observations, usual.observations)
        assert is_same == (name in ("x_threshold", "max_torque")), name  # none of these episodes comes near them


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
        ("Acrobot-v1", "collect.engine=compiled", "Acrobot-v1 has no compiled twin; take auto or vectorized"),
        (
            "Pendulum-v1",
            "train.stop_when_solved=true",
            "gym names no reward threshold for Pendulum-v1; give the mean return from which to stop",
        ),
    ],
)
def test_what_an_environment_does_not_have_is_refused(env_name, setting, sentence, tmp_path):
    (tmp_path / "config.yaml").write_text(f"environment:\n  env_name: {env_name}\n")
    done = run_cartrl("train", "-c", "config.yaml", "--set", setting, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"error: --set {setting}: {setting.split('=')[0]}: {sentence}\n"
    assert [path.name for path in tmp_path.iterdir()] == ["config.yaml"]
