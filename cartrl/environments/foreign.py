"""Spaces and attributes of environments that are no `gym.Env`, found by their names."""

from contextlib import suppress
from typing import Any

import numpy as np
from gym import spaces

DEEPEST = 20  # wrappers within wrappers


def find(env: Any, name: str) -> Any:
    """Return the attribute ``name`` of ``env``, or else of the environment that it wraps; None where none has it."""
    for _ in range(DEEPEST):
        if env is None:
            break
        with suppress(Exception):  # a property may raise anything
            value = getattr(env, name)
            if value is not None:
                return value
        env = getattr(env, "env", None)
    return None


def unwrapped(env: Any) -> Any:
    """Return the innermost environment of ``env``."""
    inner = find(env, "unwrapped")
    return env if inner is None else inner


def as_gym_space(space: Any) -> Any:
    """Return gym's own space for a Box or Discrete of another library, such as gymnasium; any other as it is."""
    if isinstance(space, spaces.Space):
        return space
    names = {kind.__name__ for kind in type(space).__mro__}
    if "Discrete" in names:
        return spaces.Discrete(int(space.n), start=int(getattr(space, "start", 0)))
    if "Box" in names:
        return spaces.Box(np.asarray(space.low), np.asarray(space.high), tuple(space.shape), np.dtype(space.dtype).type)
    return space
