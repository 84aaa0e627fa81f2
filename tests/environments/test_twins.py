"""The compiled twins of gym's environments, held against gym itself, step for step."""

from typing import Callable, NamedTuple

import gym
import numpy as np
import pytest
import tensorflow as tf
from gym.envs.classic_control import acrobot, cartpole, continuous_mountain_car, mountain_car, pendulum

from cartrl import agents, randomness
from cartrl.environments import constants, spaces, specs, suite, twins
from cartrl.experience.collectors.compiled import CompiledPlayer
from cartrl.policies import acting, sidecar
from cartrl.randomness import Turn
from cartrl.settings import EnvironmentSettings, ExperimentSettings

UNTRAINED = ExperimentSettings(environment={"env_name": "any"})
ROUNDING = 5e-7  # of float32, at the size of CartPole's and Pendulum's observations
TURN = Turn(seed=1, iteration=5)


def untrained(env):
    """A freshly drawn policy's exploring half, as a compiled rollout takes it."""
    time_step_spec, action_spec = specs.time_step_spec(env.observation_space), specs.action_spec(env.action_space)
    learner = agents.build(UNTRAINED, time_step_spec, action_spec)
    learner.initialise(seed=0)
    return learner.policies.explore


def trained(directory):
    sidecar.read(directory)
    return acting.of_distribution(acting.of_observations(tf.saved_model.load(str(directory)))).explore


def wild(observations, seed):
    """Draw torques and forces within the bounds and far beyond them."""
    return 3.0 * tf.random.stateless_normal(tf.shape(observations[:, :1]), seed)


def leaning(observations, seed):
    """Push to the side to which the pole of every second episode leans and moves; at random in the others."""
    pushes = tf.random.stateless_uniform(tf.shape(observations)[:1], seed, 0, 2, tf.int64)
    return every_second(tf.cast(observations[:, 2] + observations[:, 3] > 0, tf.int64), pushes)


def swinging(velocity):
    """Push with the velocity of that index nine times out of ten in every second episode; at random in the others."""

    def explore(observations, seed):
        batch = tf.shape(observations)[:1]
        pushes = tf.random.stateless_uniform(batch, seed, 0, 3, tf.int64)
        with_it = 2 * tf.cast(observations[:, velocity] > 0, tf.int64)
        return every_second(tf.where(tf.random.stateless_uniform(batch, seed) < 0.9, with_it, pushes), pushes)

    return explore


def pulling(observations, seed):
    """Pull with the velocity, within the bounds of the force and beyond, in every second episode; else at random."""
    force = tf.random.stateless_normal(tf.shape(observations[:, 1:]), seed)
    return every_second(tf.sign(observations[:, 1:]) + 0.5 * force, force)


def every_second(these, others):
    """Take the actions of every second episode from ``these``, and of the rest from ``others``."""
    is_second = tf.range(tf.shape(these)[0]) % 2 == 1
    return tf.where(tf.reshape(is_second, [-1] + [1] * (these.shape.rank - 1)), these, others)


class Play(NamedTuple):
    """How an environment is played so that it reaches all that it has."""

    limit: int  # steps of an episode
    explore: Callable
    endings: set  # whether episodes terminate, and whether some do not within the limit
    unlike: float = 1e-12  # the most by which a float64 state may differ after a step


PLAYS = {
    "CartPole-v1": Play(60, leaning, {True, False}),
    "Pendulum-v1": Play(200, wild, {False}),
    "Acrobot-v1": Play(300, swinging(5), {True, False}),
    "MountainCar-v0": Play(200, swinging(1), {True, False}),
    "MountainCarContinuous-v0": Play(400, pulling, {True, False}, 6e-8),  # gym rounds its state to float32
}


class Exposed:
    """A twin that shows its state, in double precision, in the place of its observation."""

    def __init__(self, twin):
        self.reset, self.step, self.observe = twin.reset, twin.step, tf.identity


def assert_each_step_agrees(env_name, play, num_episodes=20, constants=()):
    """Put gym into each state of a compiled rollout, let it take the action, and compare every number of the step.

    Acrobot is chaotic: from the same start two programs that round in another order are apart after a hundred steps.

    Measured over 200 episodes of each environment: states differ by at most 5e-15 (Acrobot; 4e-15 Pendulum, 4e-16
    CartPole, 0 both mountain cars), observations not at all, and rewards by 4e-6, where float32 rounds a reward of 100.
    """
    env = suite.playable(EnvironmentSettings(env_name=env_name, constants=dict(constants))).raw
    twin = twins.twin_of(env)

    def explore(state, seed):
        return play.explore(twin.observe(state), seed)

    batch = CompiledPlayer(Exposed(twin), play.limit, explore, num_episodes).play(TURN)
    for row, length in enumerate(batch.lengths):
        env.reset(seed=0)
        states = np.vstack([batch.observations[row, :length], batch.final_observations[row]])
        seen = twin.observe(tf.constant(states)).numpy()
        for step, action in enumerate(spaces.moves(env.action_space, batch.actions[row, :length])):
            env.unwrapped.state = states[step]
            observation, reward, done, _ = env.step(action)
            assert np.abs(np.asarray(env.unwrapped.state) - states[step + 1]).max() <= play.unlike
            assert np.all(np.abs(observation - seen[step + 1]) <= ROUNDING * np.maximum(1, np.abs(observation)))
            assert abs(batch.rewards[row, step] - reward) < 1e-5
            assert done == (batch.terminated[row] and step == length - 1)
        assert batch.terminated[row] or length == play.limit
    return batch


def assert_gym_agrees(env_name, limit, explore, num_episodes):
    """Drive gym with the start states and the actions of a compiled rollout, and compare every number."""
    env = suite.playable(EnvironmentSettings(env_name=env_name)).raw
    twin = twins.twin_of(env)
    batch = CompiledPlayer(twin, limit, explore, num_episodes).play(TURN)
    reset = randomness.ActionSeeds(TURN.seed, randomness.Stream.COLLECT_RESETS, TURN.iteration)[0]
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


@pytest.mark.parametrize("env_name", PLAYS)
def test_each_step_of_a_twin_is_gyms_to_the_goal_and_to_the_time_limit(env_name):
    play = PLAYS[env_name]
    batch = assert_each_step_agrees(env_name, play, 40)
    assert set(batch.terminated) == play.endings
    if env_name in ("Pendulum-v1", "MountainCarContinuous-v0"):
        bound = gym.make(env_name).action_space.high
        assert {True, False} == set((np.abs(batch.actions[batch.rewards != 0]) > bound).ravel())


def test_cartpole_and_its_twin_agree_over_1000_random_episodes():
    batch = assert_gym_agrees("CartPole-v1", 500, untrained(gym.make("CartPole-v1")), 1000)
    assert batch.terminated.all()


def test_cartpole_and_its_twin_agree_over_1000_episodes_of_a_trained_policy(solved_run):
    batch = assert_gym_agrees("CartPole-v0", 200, trained(solved_run.directory / "policies/best"), 1000)
    assert {True, False} == set(batch.terminated)  # it draws its actions, so now and then it falls
    assert batch.lengths.mean() > 150


def test_pendulum_and_its_twin_agree_with_torques_beyond_the_bounds():
    batch = assert_gym_agrees("Pendulum-v1", 200, wild, 100)
    assert np.abs(batch.actions).max() > 2
    assert not batch.terminated.any()


@pytest.mark.parametrize("env_name", ["MountainCar-v0", "MountainCarContinuous-v0"])
def test_whole_episodes_of_both_mountain_cars_and_their_twins_agree(env_name):
    play = PLAYS[env_name]
    batch = assert_gym_agrees(env_name, play.limit, play.explore, 100)
    assert set(batch.terminated) == play.endings


@pytest.mark.parametrize("env_name", PLAYS)
def test_episodes_of_a_twin_start_where_gyms_do(env_name):
    env = suite.playable(EnvironmentSettings(env_name=env_name)).raw
    twin = twins.twin_of(env)
    starts = twin.reset(2000, tf.constant([1, 2])).numpy()
    observed = np.array([env.reset(seed=0), *(env.reset() for _ in range(1999))])
    seen = twin.observe(tf.constant(starts)).numpy()
    levels = [0, 0.1, 0.25, 0.5, 0.75, 0.9, 1]
    found, expected = (np.quantile(these, levels, axis=0) for these in (seen, observed))
    assert np.all(np.abs(found - expected) <= 0.06 * np.ptp(observed, axis=0))
    state = np.asarray(env.unwrapped.state, np.float64)
    assert np.abs(twin.observe(tf.constant(state[np.newaxis]))[0] - observed[-1]).max() <= ROUNDING
    assert np.array_equal(starts, starts.astype(env.unwrapped.state.dtype))  # Acrobot's are of float32


# A constant is doubled, but where these episodes would not come near its double, or it is 0.
OTHERS = {
    "x_threshold": 0.1, "max_torque": 1.0, "max_speed": 0.03, "min_position": -0.8, "max_position": 0.3,
    "goal_velocity": 0.06, "MAX_VEL_1": 2.0, "MAX_VEL_2": 2.0,
}  # fmt: skip


@pytest.mark.parametrize(
    "env_name",
    [pytest.param(name, marks=[pytest.mark.slow] * (name not in ("CartPole-v1", "Pendulum-v1"))) for name in PLAYS],
)
def test_gym_and_its_twin_agree_with_other_constants(env_name):
    """Each constant changed by itself: its episodes differ from gym's usual ones, and the twin's are the same."""
    play = PLAYS[env_name]
    usual = assert_each_step_agrees(env_name, play, 10)
    for name, value in constants.of(gym.make(env_name)).items():
        batch = assert_each_step_agrees(env_name, play, 10, {name: OTHERS.get(name, 2 * value)})
        parts = ("observations", "final_observations", "rewards")
        assert any(not np.array_equal(getattr(batch, part), getattr(usual, part)) for part in parts), name


def changed(env, **values):
    """gym's environment, in which somebody has set attributes."""
    for name, value in values.items():
        setattr(env, name, value)
    return env


class Braking(mountain_car.MountainCarEnv):
    """A subclass of gym's class, which may do anything."""


def test_each_of_gyms_own_has_a_twin_of_what_its_constructor_and_its_constants_were_given():
    for kind in (acrobot.AcrobotEnv, cartpole.CartPoleEnv, pendulum.PendulumEnv):
        assert twins.has_twin(kind())
    for kind in (mountain_car.MountainCarEnv, continuous_mountain_car.Continuous_MountainCarEnv):
        env = kind(goal_velocity=0.02)
        assert twins.has_twin(env)
        assert twins.twin_of(env).goal_velocity == 0.02
    assert twins.twin_of(changed(mountain_car.MountainCarEnv(), force=0.002)).force == 0.002
    played = changed(acrobot.AcrobotEnv(), LINK_MASS_1=2.0)
    played.reset(seed=0)
    played.step(0)
    assert twins.has_twin(played)
    assert twins.twin_of(played).LINK_MASS_1 == 2


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (acrobot.AcrobotEnv, {"book_or_nips": "nips"}),
        (acrobot.AcrobotEnv, {"torque_noise_max": 0.5}),
        (acrobot.AcrobotEnv, {"AVAIL_TORQUE": [-2.0, 0.0, 2.0]}),
        (acrobot.AcrobotEnv, {"LINK_LENGTH_2": 2.0}),
        (acrobot.AcrobotEnv, {"MAX_VEL_1": 3.0}),  # while the space of observations remains what it was
        (acrobot.AcrobotEnv, {"_terminal": lambda: False}),
        (mountain_car.MountainCarEnv, {"wind": 1.0}),
        (mountain_car.MountainCarEnv, {"max_speed": 0.1}),
        (mountain_car.MountainCarEnv, {"step": lambda action: (np.zeros(2, np.float32), 0.0, True, {})}),
        (mountain_car.MountainCarEnv, {"force": -0.001}),  # which no config can ask for
        (continuous_mountain_car.Continuous_MountainCarEnv, {"max_action": 2.0}),
        (continuous_mountain_car.Continuous_MountainCarEnv, {"low_state": np.zeros(2, np.float32)}),
    ],
)
def test_an_environment_in_which_more_than_constants_was_changed_has_no_twin(kind, values):
    assert not twins.has_twin(changed(kind(), **values))


def test_neither_a_subclass_nor_a_wrapper_has_a_twin():
    assert not twins.has_twin(Braking())
    assert not twins.has_twin(gym.wrappers.TimeLimit(mountain_car.MountainCarEnv(), 50))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("book_or_nips", "nips"),
        ("torque_noise_max", 0.5),
        ("_dsdt", lambda self, state: state),
        ("step", lambda self, action: None),
    ],
)
def test_what_was_changed_in_gyms_class_itself_counts_too(name, value, monkeypatch):
    env = acrobot.AcrobotEnv()
    monkeypatch.setattr(acrobot.AcrobotEnv, name, value)
    assert not twins.has_twin(env)


def test_torques_that_were_changed_in_gyms_class_are_the_twins(monkeypatch):
    monkeypatch.setattr(acrobot.AcrobotEnv, "AVAIL_TORQUE", [-3.0, 1.0, 2.0])
    usual = PLAYS["Acrobot-v1"]
    assert_each_step_agrees("Acrobot-v1", usual._replace(limit=60))
    assert twins.twin_of(acrobot.AcrobotEnv()).AVAIL_TORQUE == (-3, 1, 2)
