"""A package with a suite of its own, as another project would install it."""

import random

import numpy as np
from gym import spaces

from cartrl.environments.suite import Description
from cartrl.errors import UsageError

ENDS = 3.0


class Walk:
    """A walk on a line: right or left, until the goal at +3 (terminated) or the fence at -3 (truncated)."""

    observation_space = spaces.Box(-4.0, 4.0, (1,), np.float32)
    action_space = spaces.Discrete(2)
    metadata = {"render_fps": 10}  # noqa: RUF012

    def reset(self, seed):
        self._place = random.Random(seed).choice((-1.0, 0.0, 1.0))
        return np.array([self._place])

    def step(self, action):
        self._place += 1.0 if action else -1.0
        is_at_goal = self._place >= ENDS
        return np.array([self._place]), float(is_at_goal), is_at_goal, self._place <= -ENDS

    def render(self):
        picture = np.full((16, 64, 3), 255, np.uint8)
        middle = int(32 + 8 * self._place)
        picture[4:12, middle - 3 : middle + 3] = 0
        return picture

    def close(self):
        pass


class TinySuite:
    """The suite."""

    def describe(self, settings):
        if settings.env_name != "Walk":
            raise UsageError(f"tiny has no environment {settings.env_name!r}; it has Walk")
        return Description(time_limit=20, reward_threshold=0.9)

    def make(self, settings, is_filmed=False):
        self.describe(settings)
        return Walk()


class Halfway:
    """A suite that lacks a method."""

    def describe(self, settings):
        return Description()


SUITE = TinySuite()
HALFWAY = Halfway()
