"""Spaces of observations and actions: of which kind they are, and how a policy's actions become an environment's."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from gym import spaces
from numpy.typing import NDArray

from cartrl.settings.spaces import SpaceKind

IMAGE_AXES = 3  # height, width, channels


def kind(space: spaces.Space) -> SpaceKind:
    """Return of which kind a space is to an agent."""
    if isinstance(space, spaces.Discrete):
        return SpaceKind.DISCRETE
    if not isinstance(space, spaces.Box):
        return SpaceKind.OTHER
    if space.dtype == np.uint8 and len(space.shape) == IMAGE_AXES:
        return SpaceKind.IMAGES
    if not np.issubdtype(space.dtype, np.floating):
        return SpaceKind.OTHER
    return SpaceKind.BOUNDED if space.is_bounded() else SpaceKind.UNBOUNDED


def observation_dtype(space: spaces.Space) -> "np.dtype[Any]":
    """Return the type in which observations are passed on: bytes of images, else float32."""
    return np.dtype(np.uint8 if kind(space) is SpaceKind.IMAGES else np.float32)


def shown(space: Any) -> str:
    """Write a space for a sentence; one number stands for bounds that are all the same, such as those of pixels."""
    if not isinstance(space, spaces.Box):
        return str(space)
    low, high = (str(bound.flat[0] if is_uniform(bound) else bound) for bound in (space.low, space.high))
    return f"Box({low}, {high}, {space.shape}, {space.dtype})"


def is_uniform(values: NDArray[Any]) -> bool:
    """Tell whether all of ``values`` are the same, and there are some."""
    return values.size > 0 and bool((values == values.flat[0]).all())


def moves(space: spaces.Space, actions: NDArray[Any]) -> Sequence[Any]:
    """Turn drawn ``actions`` [N, *action] into what ``step`` takes: Python ints, or arrays within the bounds.

    A policy counts the actions of a Discrete space from 0, while the space itself may start at another number.
    """
    if isinstance(space, spaces.Discrete):
        return list((actions + first_action(space)).tolist())
    return list(np.clip(actions, space.low, space.high))


def first_action(space: spaces.Space) -> int:
    """Return the least action of a Discrete space, which is 0 unless the space says otherwise; 0 for other spaces."""
    return int(getattr(space, "start", 0))
