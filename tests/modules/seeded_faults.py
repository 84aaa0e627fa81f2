"""An environment whose episode goes wrong in a way that its seed chooses, by importing this module."""

import ctypes
import os
import sys
import time

import gym
import numpy as np
from gym import spaces
from gym.envs.registration import register

FINE = np.zeros(2, np.float32)


def hot():
    raise RuntimeError("the motor is hot")


STEPS = {
    1: hot,
    2: lambda: (np.array([0, np.nan]), 1.0, False, {}),
    3: lambda: (np.zeros(3), 1.0, False, {}),
    4: lambda: (FINE, "much", False, {}),
    5: lambda: (FINE, 1e39, False, {}),
    6: sys.exit,
    7: lambda: os._exit(3),
    8: lambda: ctypes.string_at(0),
    10: lambda: time.sleep(600),
}
RESET = 9  # fails in reset


class SeededFault(gym.Env):
    """Zeros, and after five steps the fault of the episode's seed, if it has one."""

    observation_space = spaces.Box(-1.0, 1.0, (2,), np.float32)
    action_space = spaces.Discrete(2)

    def reset(self, *, seed=None, return_info=False, options=None):
        self._seed, self._steps = seed, 0
        return hot() if seed == RESET else FINE

    def step(self, action):
        self._steps += 1
        return STEPS[self._seed]() if self._steps == 5 and self._seed in STEPS else (FINE, 1.0, False, {})


register("SeededFault-v0", entry_point=SeededFault, max_episode_steps=20)
