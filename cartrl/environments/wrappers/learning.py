"""Wrappers for learning alone: what a policy is judged by stays as it is."""

from typing import Any, Callable

import numpy as np

from cartrl.environments.environment import SuiteEnvironment
from cartrl.environments.foreign import find
from cartrl.environments.wrappers.wrapper import Result, Wrapper, WrapperError
from cartrl.settings.wrappers import WrapperSettings


class ClipRewards(Wrapper):
    """Pays the sign of each reward."""

    def step(self, action: Any) -> Result:
        """Take a step."""
        observation, reward, terminated, truncated = self.env.step(action)
        return observation, float(np.sign(reward)), terminated, truncated


class LifeLossEnds(Wrapper):
    """Terminates the episode when a life is lost."""

    def __init__(self, env: SuiteEnvironment, settings: WrapperSettings, time_limit: Callable[[], int]):
        super().__init__(env, settings, time_limit)
        emulator = find(env, "ale")
        self._count: Any = find(env if emulator is None else emulator, "lives")
        if not callable(self._count):
            raise WrapperError("life_loss_ends needs lives, but the environment does not count any")

    def reset(self, seed: int) -> Any:
        """Begin an episode."""
        observation = self.env.reset(seed)
        self._lives = int(self._count())
        return observation

    def step(self, action: Any) -> Result:
        """Take a step."""
        observation, reward, terminated, truncated = self.env.step(action)
        before, self._lives = self._lives, int(self._count())
        return observation, reward, terminated or self._lives < before, truncated
