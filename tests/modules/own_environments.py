"""Environments as people have them, in the APIs of gym's and gymnasium's versions, registered by importing this module.

Each plays the same game: the observation is the number of the step, and the reward is the action, counted from 0.
"""

import gym
import numpy as np
from gym import spaces
from gym.envs.classic_control.cartpole import CartPoleEnv
from gym.envs.registration import register

STEPS = 10
FIRST = 5  # the least action of the games below


class Game(gym.Env):
    """Discrete actions from ``FIRST`` on, of which the greatest is the best."""

    observation_space = spaces.Box(0.0, STEPS, (1,), np.float32)
    action_space = spaces.Discrete(3, start=FIRST)

    def reset(self, *, seed=None, return_info=False, options=None):
        self.steps = 0
        return self.observe()

    def step(self, action):
        if not self.action_space.contains(action):
            raise ValueError(f"no such action: {action!r}")
        self.steps += 1
        return self.observe(), float(action - FIRST), self.steps >= STEPS, {}

    def observe(self):
        return np.array([self.steps], np.float32)

    def render(self, mode="human"):
        return np.full((64, 64, 3), 20 * self.steps, np.uint8)


class ShiftedCartPole(gym.ActionWrapper):
    """CartPole whose actions are 1 and 2."""

    def __init__(self):
        super().__init__(CartPoleEnv())
        self.action_space = spaces.Discrete(2, start=1)

    def action(self, action):
        return action - 1


register("Game-v0", entry_point=Game, max_episode_steps=50, reward_threshold=19.0)
register("ShiftedCartPole-v0", entry_point=ShiftedCartPole, max_episode_steps=30)
