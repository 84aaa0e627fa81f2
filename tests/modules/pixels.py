"""Environments of images in gym's API: Catch, and variants of it whose observations or actions are others."""

import gym
import numpy as np
from gym import spaces

from cartrl.environments import catch


class Catch(catch.Catch, gym.Env):
    """The same in gym's API."""

    def step(self, action):
        observation, reward, has_landed, _ = super().step(action)
        return observation, reward, has_landed, {}

    def render(self, mode="rgb_array"):
        return super().render()


class Floating(Catch):
    """Says bytes, and shows floats."""

    def picture(self):
        return super().picture() / 255


class Steer(Catch):
    """The paddle moves by a number, which is rounded."""

    action_space = spaces.Box(-1.0, 1.0, (1,), np.float32)

    def step(self, action):
        return super().step(round(float(action[0])) + 1)


gym.register("Steer-v0", entry_point=Steer, max_episode_steps=20)
gym.register("Floating-v0", entry_point=Floating, max_episode_steps=20)
