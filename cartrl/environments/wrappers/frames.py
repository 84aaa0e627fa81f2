"""Wrappers of observations that are pictures: uint8 [height, width] or [height, width, channels]."""

from typing import Any, Callable

import numpy as np
from gym import spaces
from numpy.typing import NDArray

from cartrl.environments.environment import SuiteEnvironment
from cartrl.environments.wrappers.steps import Repeating
from cartrl.environments.wrappers.wrapper import Result, Wrapper, WrapperError
from cartrl.settings.wrappers import FrameStackSettings, ResizeSettings, WrapperSettings
from cartrl.system import extras

# Of red, green and blue in the luminance of ITU-R BT.601, in ten-thousandths: whole numbers, of which float32 computes
# the sums without an error.
LUMINANCE = np.array([2_989, 5_870, 1_140], np.float32)
UNIT = np.float32(10_000)


def pictures(env: SuiteEnvironment) -> bool:
    """Tell whether ``env`` observes pictures."""
    space = env.observation_space
    return isinstance(space, spaces.Box) and space.dtype == np.uint8 and len(space.shape) in (2, 3)


class OfFrames(Wrapper):
    """Changes each picture by itself."""

    def reset(self, seed: int) -> NDArray[np.uint8]:
        """Begin an episode."""
        return self.changed(self.env.reset(seed))

    def step(self, action: Any) -> Result:
        """Take a step."""
        observation, reward, terminated, truncated = self.env.step(action)
        return self.changed(observation), reward, terminated, truncated

    def changed(self, frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return a picture as it is observed."""
        raise NotImplementedError


class Grayscale(OfFrames):
    """Makes pictures gray: [height, width, 1]; those that are gray already keep their levels. A half rounds up."""

    def __init__(self, env: SuiteEnvironment, settings: WrapperSettings, time_limit: Callable[[], int]):
        super().__init__(env, settings, time_limit)
        shape = self.observation_space.shape
        if not pictures(env) or shape[2:] not in ((), (1,), (3,)):
            raise self.unfit("pictures in three colours or gray, uint8")
        self._is_gray = shape[2:] != (3,)
        self._shape = (*shape[:2], 1)
        self.observation_space = spaces.Box(0, 255, self._shape, np.uint8)

    def changed(self, frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return the luminance of a picture."""
        if self._is_gray:
            return frame.reshape(self._shape)
        gray = (frame.astype(np.float32) @ LUMINANCE + UNIT / 2) / UNIT
        return gray.astype(np.uint8).reshape(self._shape)


class Resize(OfFrames):
    """Resizes pictures: [height, width, channels]."""

    def __init__(self, env: SuiteEnvironment, settings: ResizeSettings, time_limit: Callable[[], int]):
        super().__init__(env, settings, time_limit)
        if not pictures(env):
            raise self.unfit("pictures, uint8")
        if not extras.is_installed("cv2"):
            raise WrapperError(extras.missing("the wrapper resize", "opencv-python-headless", "atari"))
        import cv2

        self._resize, self._interpolation = cv2.resize, cv2.INTER_AREA
        self._size = (settings.width, settings.height)
        self._shape = (settings.height, settings.width, *(self.observation_space.shape[2:] or (1,)))
        self.observation_space = spaces.Box(0, 255, self._shape, np.uint8)

    def changed(self, frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return a picture of the other size."""
        resized: NDArray[np.uint8] = self._resize(frame, self._size, interpolation=self._interpolation)
        return resized.reshape(self._shape)


class FrameSkip(Repeating):
    """Takes each action for several frames, or until the episode ends; observes the maximum of the last two."""

    def __init__(self, env: SuiteEnvironment, settings: WrapperSettings, time_limit: Callable[[], int]):
        super().__init__(env, settings, time_limit)
        if not pictures(env):
            raise self.unfit("pictures, uint8 (action_repeat needs none)")

    def step(self, action: Any) -> Result:
        """Take the steps."""
        total, before = 0.0, None
        for number in range(1, self.settings.steps + 1):
            frame, reward, terminated, truncated = self.env.step(action)
            total += reward
            if terminated or truncated or number == self.settings.steps:
                break
            before = np.array(frame)  # a copy, as an environment may draw the next one into the same array
        assert before is not None or terminated or truncated
        seen = frame if before is None else np.maximum(before, frame)
        return seen, total, terminated, truncated


class FrameStack(Wrapper):
    """Observes the last frames together, along the last axis, the newest last."""

    def __init__(self, env: SuiteEnvironment, settings: FrameStackSettings, time_limit: Callable[[], int]):
        super().__init__(env, settings, time_limit)
        space = self.observation_space
        if not isinstance(space, spaces.Box) or not space.shape:
            raise self.unfit("a Box of one dimension or more")
        self._count, self._frames = settings.frames, list[Any]()
        low, high = (np.concatenate([bound] * self._count, axis=-1) for bound in (space.low, space.high))
        self.observation_space = spaces.Box(low, high, dtype=space.dtype.type)

    def reset(self, seed: int) -> NDArray[Any]:
        """Begin an episode; its first frame stands for those before it."""
        self._frames = [np.array(self.env.reset(seed))] * self._count
        return np.concatenate(self._frames, axis=-1)

    def step(self, action: Any) -> Result:
        """Take a step."""
        frame, reward, terminated, truncated = self.env.step(action)
        self._frames = [*self._frames[1:], np.array(frame)]
        return np.concatenate(self._frames, axis=-1), reward, terminated, truncated
