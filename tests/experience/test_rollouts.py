"""Rollouts of both engines: over the ends of episodes, held against gym, and gone on with after a restore."""

import gym
import numpy as np
import pytest
import tensorflow as tf
from tf_agents.specs import tensor_spec

from cartrl.environments import suite, twins
from cartrl.environments.vector import VectorEnvironment
from cartrl.errors import CartrlError
from cartrl.experience.collectors.compiled_rollouts import CompiledRollouts
from cartrl.experience.collectors.positions import packed, unpacked
from cartrl.experience.collectors.rollouts import RolloutCollector
from cartrl.experience.collectors.vectorized_rollouts import VectorizedRollouts
from cartrl.experience.exploration import BatchExploration, Exploration
from cartrl.policies.acting import Policies
from cartrl.randomness import Turn
from cartrl.settings import EnvironmentSettings
from cartrl.settings.pipeline import RolloutCollectSettings

LIMIT, ENVIRONMENTS, STEPS = 15, 3, 40
COLLECT = RolloutCollectSettings(num_environments=ENVIRONMENTS, num_steps=STEPS)
PUSHES = tensor_spec.BoundedTensorSpec((), tf.int64, 0, 1)


class Kept:
    """A replay that keeps what it is given."""

    def write(self, played):
        arrays = played if isinstance(played, dict) else played.arrays()
        self.rollout = {name: np.asarray(array) for name, array in arrays.items()}


def drawn(observations, seed):
    return tf.random.stateless_uniform(tf.shape(observations)[:1], seed, 0, 2, tf.int64)


def exploration():
    return Exploration(Policies(drawn, drawn), PUSHES, COLLECT)


def compiled():
    env = suite.playable(EnvironmentSettings(env_name="CartPole-v1")).raw
    kept = Kept()
    return CompiledRollouts(twins.twin_of(env), LIMIT, exploration(), COLLECT, kept), kept


def vectorized_player(name="CartPole-v1"):
    settings = EnvironmentSettings(env_name=name, max_episode_steps=LIMIT)
    explore = BatchExploration(exploration(), tf.TensorSpec([4]))
    return VectorizedRollouts(VectorEnvironment(settings, ENVIRONMENTS), explore, COLLECT)


def vectorized(name="CartPole-v1"):
    kept = Kept()
    return RolloutCollector(vectorized_player(name), kept), kept


@pytest.fixture(scope="module", params=[compiled, vectorized], ids=["compiled", "vectorized"])
def three(request):
    """Three rollouts that go on from each other, of seed 5, as one; and what was counted of each."""
    collector, kept = request.param()
    collector.initialise(seed=5)
    played, rollouts = [], []
    for iteration in (1, 2, 3):
        played.append(collector.collect(Turn(5, iteration)))
        rollouts.append(kept.rollout)
    return {name: np.concatenate([one[name] for one in rollouts]) for name in rollouts[0]}, played


def test_every_step_is_gym_s(three):
    rollout, _ = three
    env = gym.make("CartPole-v1").unwrapped
    for row in range(ENVIRONMENTS):
        age = 0
        for step in range(3 * STEPS):
            if age == 0:
                env.reset()
                env.state = rollout["observations"][step, row].astype(np.float64)
            following, reward, done, _ = env.step(int(rollout["actions"][step, row]))
            age += 1
            np.testing.assert_allclose(rollout["next_observations"][step, row], following, atol=2e-6)
            assert rollout["rewards"][step, row] == reward
            assert rollout["terminated"][step, row] == done
            assert rollout["truncated"][step, row] == (age == LIMIT and not done)
            age = 0 if done or age == LIMIT else age


def test_an_episode_goes_on_from_one_rollout_to_the_next_or_another_begins(three):
    rollout, _ = three
    ended = rollout["terminated"] | rollout["truncated"]
    assert rollout["terminated"].any() and rollout["truncated"].any()
    goes_on = ~ended[:-1]
    followed, seen = rollout["next_observations"][:-1], rollout["observations"][1:]
    assert np.array_equal(seen[goes_on], followed[goes_on])
    begun = seen[~goes_on]
    assert np.abs(begun).max() <= 0.05  # where CartPole begins
    assert len(np.unique(begun, axis=0)) == len(begun)


def test_what_is_counted_is_what_ended(three):
    rollout, played = three
    ended = rollout["terminated"] | rollout["truncated"]
    assert sum(one.steps for one in played) == ended.size
    assert sum(len(one.returns) for one in played) == ended.sum()
    assert sum(one.terminated.sum() for one in played) == rollout["terminated"].sum()
    lengths = [np.diff(np.flatnonzero(ended[:, row]), prepend=-1) for row in range(ENVIRONMENTS)]
    returns = np.concatenate([one.returns for one in played])
    assert sorted(returns) == sorted(np.concatenate(lengths))  # a reward of 1 a step


@pytest.mark.parametrize("build", [compiled, vectorized])
def test_a_restored_collector_goes_on_the_same(build):
    (collector, kept), (other, again) = build(), build()
    collector.initialise(seed=5)
    other.initialise(seed=9)
    collector.collect(Turn(5, 1))
    state = collector.state()
    other.restore({name: array.copy() for name, array in state.items()})
    for iteration in (2, 3):
        one, two = collector.collect(Turn(5, iteration)), other.collect(Turn(5, iteration))
        assert all(np.array_equal(kept.rollout[name], again.rollout[name]) for name in kept.rollout)
        assert np.array_equal(one.returns, two.returns)
    assert all(np.array_equal(array, other.state()[name]) for name, array in collector.state().items())


def test_an_environment_that_is_not_the_same_again_cannot_go_on():
    collector, _ = vectorized()
    collector.initialise(seed=5)
    collector.collect(Turn(5, 1))
    state = collector.state()
    state["observations"][1] += 1e-3  # as if chance had played a part
    with pytest.raises(CartrlError, match="CartPole-v1 is not the same again after the same seed and the same actions"):
        collector.restore(state)


def test_environments_can_be_played_apart_and_by_others():
    """In each turn two of three players play, one of them perhaps twice, and environments move between them."""
    whole, players = vectorized_player(), [vectorized_player() for _ in range(3)]
    whole.initialise(seed=5)
    positions, holders = whole.positions(), [None] * ENVIRONMENTS
    for iteration in range(1, 8):
        rollout = whole.play(Turn(5, iteration))
        for player, rows in zip((players[iteration % 3], players[iteration * iteration % 3]), ([0, 2], [1])):
            moved = [row for row in rows if holders[row] is not player]
            sent = unpacked(packed([positions[row] for row in moved])) if moved else []
            played = player.play_rows(Turn(5, iteration), rows, dict(zip(moved, sent)))
            for place, row in enumerate(rows):
                part = {name: array[place] for name, array in played.items()}
                ended = part["terminated"] | part["truncated"]
                positions[row] = positions[row].after(part["actions"], ended, part["standing"], part["noise"])
                holders[row] = player
                assert all(np.array_equal(array[:, row], part[name]) for name, array in vars(rollout).items())
    assert all(np.array_equal(array, packed(positions)[name]) for name, array in packed(whole.positions()).items())
