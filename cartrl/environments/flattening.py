"""Spaces of several parts, or of whole numbers, in the form that agents serve: a vector of floats, one whole number.

Observations become one float32 vector. Each part takes its place in this order:

- Discrete(n, start=k): n numbers, of which number i - k is 1 for the observation i, and all others are 0.
- MultiDiscrete: so many for each of its numbers, one after the other, row by row.
- MultiBinary: its numbers, row by row.
- Box: its numbers, row by row.
- Tuple: its parts, one after the other.
- Dict: its parts in the order of their sorted keys, as gym and gymnasium sort those of a plain dict.

A Box alone stays as it is, whatever its shape and type; but whole numbers in a row become floats.

Actions of several whole numbers become one, which counts their combinations: the last of them changes first, as in
`numpy.unravel_index`.

Spaces are known by the names of their classes, so that those of gym and of gymnasium both are.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Callable, NamedTuple, Optional

import numpy as np
from gym import spaces
from numpy.typing import NDArray

LONGEST = 65_536  # numbers in a vector
MOST = 4_096  # combinations of actions


class Part(NamedTuple):
    """A space as a vector of numbers."""

    low: NDArray[Any]  # [size] float32
    high: NDArray[Any]
    flatten: Callable[[Any], NDArray[Any]]  # an observation → [size]; a ValueError says why it is not in the space


class Observed(NamedTuple):
    """Observations as agents see them."""

    space: Any
    flatten: Optional[Callable[[Any], NDArray[Any]]]  # an observation → [size]; None where it stays as it is


class Taken(NamedTuple):
    """Actions as agents choose them."""

    space: Any
    move: Optional[Callable[[Any], NDArray[Any]]]  # the number of a combination → the action; None where it stays


def observed(space: Any) -> Observed:
    """Return the space of the vectors that observations of ``space`` become, and how they do.

    A space that cannot become one, such as a Graph, and a Box that need not, is returned as it is.
    """
    if _kind(space, "Box") and not _is_row_of_whole_numbers(space):
        return Observed(space, None)
    part = _part(space)
    if part is None or not 0 < part.low.size <= LONGEST:
        return Observed(space, None)
    return Observed(spaces.Box(part.low, part.high, dtype=np.float32), part.flatten)


def taken(space: Any) -> Taken:
    """Return the Discrete space that counts the actions of a MultiDiscrete or MultiBinary ``space``, and the actions.

    Any other space, and one with more than `MOST` combinations, is returned as it is.
    """
    kind = _kind(space, "MultiDiscrete", "MultiBinary")
    if kind is None:
        return Taken(space, None)
    counts, first = _counts(space) if kind == "MultiDiscrete" else (np.full(space.shape, 2), np.zeros(space.shape, int))
    # In Python's whole numbers, which never overflow.
    combinations = int(np.prod(counts.ravel().astype(object)))
    if combinations > MOST:
        return Taken(space, None)

    def move(number: Any) -> NDArray[Any]:
        chosen = np.array(np.unravel_index(int(number), counts.ravel())).reshape(counts.shape)
        return np.asarray(chosen + first, space.dtype)

    return Taken(spaces.Discrete(combinations), move)


def _kind(space: Any, *names: str) -> Optional[str]:
    """Return which of ``names`` the class of ``space``, or one above it, has."""
    return next((kind.__name__ for kind in type(space).__mro__ if kind.__name__ in names), None)


def _is_row_of_whole_numbers(space: Any) -> bool:
    return len(space.shape) <= 1 and not np.issubdtype(space.dtype, np.floating)


def _counts(space: Any) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return how many values each number of a MultiDiscrete has, and the first of them."""
    counts = np.asarray(space.nvec)
    return counts, np.broadcast_to(np.asarray(getattr(space, "start", 0)), counts.shape)


def _part(space: Any) -> Optional[Part]:
    kind = _kind(space, *PARTS)
    return None if kind is None else PARTS[kind](space)


def _discrete(space: Any) -> Optional[Part]:
    return _one_hot(np.array([space.n]), np.array([getattr(space, "start", 0)]))


def _multi_discrete(space: Any) -> Optional[Part]:
    counts, first = _counts(space)
    return _one_hot(counts.ravel(), first.ravel())


def _one_hot(counts: NDArray[Any], first: NDArray[Any]) -> Optional[Part]:
    """Return the part of whole numbers, each of ``counts`` values from ``first`` on."""
    size = sum(counts.tolist())
    if size > LONGEST:
        return None
    begins = np.cumsum(counts) - counts

    def flatten(value: Any) -> NDArray[Any]:
        places = _numbers(value, len(counts)) - first
        if not np.all((places >= 0) & (places < counts) & (places == np.floor(places))):
            raise ValueError(f"{value} is none of its values")
        hot = np.zeros(size, np.float32)
        hot[begins + places.astype(np.int64)] = 1
        return hot

    return Part(np.zeros(size, np.float32), np.ones(size, np.float32), flatten)


def _multi_binary(space: Any) -> Optional[Part]:
    size = int(np.prod(space.shape))
    if size > LONGEST:
        return None

    def flatten(value: Any) -> NDArray[Any]:
        numbers = _numbers(value, size)
        if not np.isin(numbers, (0, 1)).all():
            raise ValueError(f"{value} holds more than 0 and 1")
        return numbers.astype(np.float32)

    return Part(np.zeros(size, np.float32), np.ones(size, np.float32), flatten)


def _box(space: Any) -> Optional[Part]:
    size = int(np.prod(space.shape))
    low, high = (np.ravel(bound).astype(np.float32) for bound in (space.low, space.high))
    return Part(low, high, lambda value: _numbers(value, size))


def _tuple(space: Any) -> Optional[Part]:
    joined = _joined([_part(inner) for inner in space.spaces])
    if joined is None:
        return None
    count = len(space.spaces)

    def flatten(value: Any) -> NDArray[Any]:
        if not isinstance(value, (tuple, list, np.ndarray)) or len(value) != count:
            raise ValueError(f"it is no sequence of {count}")
        return joined.flatten(value)

    return joined._replace(flatten=flatten)


def _dict(space: Any) -> Optional[Part]:
    inner = dict(space.spaces)
    keys = _sorted(inner)
    joined = _joined([_part(inner[key]) for key in keys])
    if joined is None:
        return None

    def flatten(value: Any) -> NDArray[Any]:
        if not isinstance(value, Mapping) or value.keys() != inner.keys():
            raise ValueError(f"it has not the keys {', '.join(map(str, keys))} alone")
        return joined.flatten([value[key] for key in keys])

    return joined._replace(flatten=flatten)


def _sorted(keys: Mapping[Any, Any]) -> list[Any]:
    try:
        return sorted(keys)
    except TypeError:  # of several types: gym, too, leaves them as they are
        return list(keys)


def _joined(parts: Sequence[Optional[Part]]) -> Optional[Part]:
    """Return ``parts`` as one, which takes a sequence of what each takes; None where one of them is None."""
    whole = [part for part in parts if part is not None]
    if len(whole) < len(parts) or not parts:
        return None

    def flatten(values: Sequence[Any]) -> NDArray[Any]:
        return np.concatenate([part.flatten(value) for part, value in zip(whole, values)])

    low, high = np.concatenate([part.low for part in whole]), np.concatenate([part.high for part in whole])
    return Part(low, high, flatten)


def _numbers(value: Any, size: int) -> NDArray[Any]:
    """Return the numbers in ``value``, row by row.

    Raises:
        ValueError: when they are not numbers, or not so many.
    """
    numbers = np.ravel(value)
    if numbers.dtype.kind not in "fiub" or numbers.size != size:
        raise ValueError(f"{numbers.size} of {numbers.dtype} are not {size} numbers")
    return numbers


PARTS: dict[str, Callable[[Any], Optional[Part]]] = {
    "Discrete": _discrete,
    "MultiDiscrete": _multi_discrete,
    "MultiBinary": _multi_binary,
    "Box": _box,
    "Tuple": _tuple,
    "Dict": _dict,
}
