"""Wrappers of observations that are vectors, or become such."""

from typing import Any, Callable

import numpy as np
from gym import spaces
from numpy.typing import NDArray

from cartrl.environments.environment import SuiteEnvironment
from cartrl.environments.wrappers.wrapper import Result, Wrapper
from cartrl.settings.wrappers import WrapperSettings


class TimeInObservation(Wrapper):
    """Appends the share of the time limit that is left to a vector."""

    def __init__(self, env: SuiteEnvironment, settings: WrapperSettings, time_limit: Callable[[], int]):
        super().__init__(env, settings, time_limit)
        space = self.observation_space
        if not isinstance(space, spaces.Box) or len(space.shape) != 1:
            raise self.unfit("a vector")
        self._limit, self._steps = time_limit(), 0
        low, high = np.append(space.low, 0.0), np.append(space.high, 1.0)
        self.observation_space = spaces.Box(low.astype(np.float32), high.astype(np.float32), dtype=np.float32)

    def reset(self, seed: int) -> NDArray[Any]:
        """Begin an episode."""
        self._steps = 0
        return self._timed(self.env.reset(seed))

    def step(self, action: Any) -> Result:
        """Take a step."""
        self._steps += 1
        observation, reward, terminated, truncated = self.env.step(action)
        return self._timed(observation), reward, terminated, truncated

    def _timed(self, observation: Any) -> NDArray[Any]:
        return np.append(observation, 1 - self._steps / self._limit)


class Flatten(Wrapper):
    """Makes a vector of an observation of several dimensions, row by row."""

    def __init__(self, env: SuiteEnvironment, settings: WrapperSettings, time_limit: Callable[[], int]):
        super().__init__(env, settings, time_limit)
        space = self.observation_space
        if not isinstance(space, spaces.Box):
            raise self.unfit("a Box")
        low, high = (np.ravel(bound).astype(np.float32) for bound in (space.low, space.high))
        self.observation_space = spaces.Box(low, high, dtype=np.float32)

    def reset(self, seed: int) -> NDArray[Any]:
        """Begin an episode."""
        return np.ravel(self.env.reset(seed))

    def step(self, action: Any) -> Result:
        """Take a step."""
        observation, reward, terminated, truncated = self.env.step(action)
        return np.ravel(observation), reward, terminated, truncated
