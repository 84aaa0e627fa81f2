"""Rollouts in many environments at once, against gym stepped by hand."""

import gym
import numpy as np
import pytest

from cartrl.environments.vector import VectorEnvironment
from cartrl.settings import EnvironmentSettings

SEEDS = np.arange(100, 113)
ENVIRONMENTS = ["CartPole-v0", "Acrobot-v1", "MountainCarContinuous-v0", "Pendulum-v1"]


def policy_for(space):
    """A fixed policy: a function of the observation alone, so that it does not matter where it is called."""
    if isinstance(space, gym.spaces.Discrete):
        return lambda observations, _: (np.abs(observations).sum(axis=1) * 1e4).astype(np.int64) % space.n
    # Beyond the bounds on purpose: gym must get the clipped action, the agent the drawn one.
    return lambda observations, _: (10 * np.sin(observations.sum(axis=1, keepdims=True) * 50)).astype(np.float32)


def vector_of(env_name, num_environments, **settings):
    return VectorEnvironment(EnvironmentSettings(env_name=env_name, **settings), num_environments)


@pytest.mark.parametrize("env_name", ENVIRONMENTS)
def test_episodes_equal_those_of_gym_stepped_one_by_one(env_name):
    limit = 60
    vector = vector_of(env_name, 4, max_episode_steps=limit)
    act = policy_for(vector.action_space)
    episodes = vector.run_episodes(act, SEEDS)
    assert len(episodes) == len(SEEDS)
    env = gym.make(env_name)
    for seed, episode in zip(SEEDS, episodes):
        observation, done, step = env.reset(seed=int(seed)), False, 0
        while not done and step < limit:
            action = act(np.asarray(observation, np.float32)[np.newaxis], step)[0]
            np.testing.assert_array_equal(episode.observations[step], np.float32(observation))
            np.testing.assert_array_equal(episode.actions[step], action)
            if isinstance(env.action_space, gym.spaces.Box):
                action = np.clip(action, env.action_space.low, env.action_space.high)
            observation, reward, done, _ = env.step(action)
            assert episode.rewards[step] == np.float32(reward)
            step += 1
        np.testing.assert_array_equal(episode.final_observation, np.float32(observation))
        assert len(episode) == step
        assert episode.terminated == done


@pytest.mark.parametrize("num_environments", [1, 3, 13])
def test_the_number_of_environments_changes_no_episode(num_environments):
    def episodes(count):
        vector = vector_of("CartPole-v1", count)
        return vector.run_episodes(policy_for(vector.action_space), SEEDS)

    for one, other in zip(episodes(5), episodes(num_environments)):
        np.testing.assert_array_equal(one.observations, other.observations)
        np.testing.assert_array_equal(one.actions, other.actions)


def balance(observations, _):
    """Push the cart towards where the pole falls: keeps it up for hundreds of steps."""
    return (observations[:, 2] + 0.5 * observations[:, 3] > 0).astype(np.int64)


def test_surviving_to_the_time_limit_is_truncation_and_falling_is_termination():
    vector = vector_of("CartPole-v0", 2)
    kept_up = vector.run_episodes(balance, [0, 1, 2])
    assert [(len(episode), episode.terminated) for episode in kept_up] == [(200, False)] * 3
    fallen = vector.run_episodes(lambda observations, _: np.ones(len(observations), np.int64), [0, 1, 2])
    assert all(len(episode) < 20 and episode.terminated for episode in fallen)


def test_falling_at_the_very_step_of_the_time_limit_is_termination():
    def push_right(observations, _):
        return np.ones(len(observations), np.int64)

    falls_after = len(vector_of("CartPole-v0", 1).run_episodes(push_right, [0])[0])
    at_limit = vector_of("CartPole-v0", 1, max_episode_steps=falls_after).run_episodes(push_right, [0])[0]
    before = vector_of("CartPole-v0", 1, max_episode_steps=falls_after - 1).run_episodes(push_right, [0])[0]
    assert (len(at_limit), at_limit.terminated) == (falls_after, True)
    assert (len(before), before.terminated) == (falls_after - 1, False)


def test_a_time_limit_beyond_gyms_own_is_honoured():
    episode = vector_of("CartPole-v0", 1, max_episode_steps=350).run_episodes(balance, [0])[0]
    assert (len(episode), episode.terminated) == (350, False)
