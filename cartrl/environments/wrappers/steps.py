"""Wrappers of actions: some are taken several times, once more, or before all others."""

from typing import Any, Callable

import numpy as np
from gym import spaces as gym_spaces

from cartrl.environments import spaces
from cartrl.environments.environment import SuiteEnvironment
from cartrl.environments.foreign import find
from cartrl.environments.wrappers.wrapper import Result, Wrapper, WrapperError, metadata
from cartrl.settings.wrappers import NoopStartsSettings, StickyActionsSettings, WrapperSettings

# What is drawn is a function of the seed of reset; without a number of their own, the two would draw alike.
NOOPS, STICKY = 1, 2


class Repeating(Wrapper):
    """An environment in whose step each action is taken several times."""

    def __init__(self, env: SuiteEnvironment, settings: WrapperSettings, time_limit: Callable[[], int]):
        super().__init__(env, settings, time_limit)
        own = find(env, "_frameskip")  # of the Arcade Learning Environment in gymnasium, which by itself skips four
        if own not in (None, 1):
            raise WrapperError(
                f"{settings.kind} is around an environment that takes {own} frames a step itself; "
                "set environment.kwargs.frameskip=1"
            )
        self.metadata = dict(metadata(env))
        if isinstance(self.metadata.get("render_fps"), (int, float)):  # a film has a frame for each step of the policy
            self.metadata["render_fps"] /= settings.steps


class ActionRepeat(Repeating):
    """Takes each action several times, or until the episode ends; the reward is the sum."""

    def step(self, action: Any) -> Result:
        """Take the steps; observe what the last of them observes."""
        total = 0.0
        for _ in range(self.settings.steps):
            observation, reward, terminated, truncated = self.env.step(action)
            total += reward
            if terminated or truncated:
                break
        return observation, total, terminated, truncated


class StickyActions(Wrapper):
    """Takes the action before in the place of the one that is chosen, with a probability."""

    def __init__(self, env: SuiteEnvironment, settings: StickyActionsSettings, time_limit: Callable[[], int]):
        super().__init__(env, settings, time_limit)
        self._probability = settings.probability
        emulator = find(env, "ale")
        own = 0.0 if emulator is None else emulator.getFloat("repeat_action_probability")
        if own > 0:
            raise WrapperError(
                f"sticky_actions is around an environment whose actions stick with a probability of {own:g} by itself; "
                "set environment.kwargs.repeat_action_probability=0.0"
            )

    def reset(self, seed: int) -> Any:
        """Begin an episode, whose first action is always the chosen one."""
        self._random = np.random.default_rng((seed, STICKY))
        self._before: Any = None
        return self.env.reset(seed)

    def step(self, action: Any) -> Result:
        """Take the action, or the one before."""
        if self._before is None or self._random.random() >= self._probability:
            self._before = action
        return self.env.step(self._before)


class NoopStarts(Wrapper):
    """Begins each episode with a random number of no-ops.

    An episode that a no-op ends begins anew, with the next seed and the no-ops that are left.
    """

    def __init__(self, env: SuiteEnvironment, settings: NoopStartsSettings, time_limit: Callable[[], int]):
        super().__init__(env, settings, time_limit)
        self._most = settings.max_noops
        if not isinstance(self.action_space, gym_spaces.Discrete):
            raise WrapperError(
                f"noop_starts needs Discrete actions, but is around actions of {spaces.shown(self.action_space)}"
            )
        meanings = find(env, "get_action_meanings")
        if callable(meanings) and meanings()[0] != "NOOP":
            raise WrapperError(f"noop_starts needs a no-op as the first action, but that is {meanings()[0]!r}")
        self._noop = spaces.first_action(self.action_space)

    def reset(self, seed: int) -> Any:
        """Begin an episode, and take the no-ops."""
        observation = self.env.reset(seed)
        for _ in range(np.random.default_rng((seed, NOOPS)).integers(1, self._most + 1)):
            observation, _, terminated, truncated = self.env.step(self._noop)
            if terminated or truncated:
                seed += 1
                observation = self.env.reset(seed)
        return observation
