"""A ball falls through a picture of 10 by 10 pixels, and a paddle below catches it: an environment of images."""

from typing import ClassVar

import gym
import numpy as np
from gym import spaces

SIZE = 10


class Catch(gym.Env):
    """The observation shows ball and paddle, the action moves the paddle; a caught ball is worth 1, a missed one -1."""

    metadata: ClassVar = {"render_modes": ["rgb_array"], "render_fps": 10}
    observation_space = spaces.Box(0, 255, (SIZE, SIZE, 1), np.uint8)
    action_space = spaces.Discrete(3)

    def reset(self, seed=None):
        rng = np.random.default_rng(seed)
        self._row, self._ball, self._paddle = 0, int(rng.integers(SIZE)), SIZE // 2
        return self.picture()

    def step(self, action):
        self._row += 1
        self._paddle = min(max(self._paddle + int(action) - 1, 0), SIZE - 1)
        done = self._row == SIZE - 1
        reward = (1.0 if self._ball == self._paddle else -1.0) if done else 0.0
        return self.picture(), reward, done, {}

    def picture(self):
        picture = np.zeros((SIZE, SIZE, 1), np.uint8)
        picture[SIZE - 1, self._paddle] = picture[self._row, self._ball] = 255
        return picture

    def render(self, mode="rgb_array"):
        return np.repeat(np.kron(self.picture()[..., 0], np.ones((16, 16), np.uint8))[..., None], 3, 2)


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
gym.register("Catch-v0", entry_point=Catch, max_episode_steps=20)
