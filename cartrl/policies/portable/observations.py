"""Observations on which an exported policy is held against the original."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

LARGEST = 1e6  # a bound beyond it, such as those of CartPole's velocities, says nothing of what is observed


class Visited:
    """A sample of the observations that a policy meets, each as likely to be kept as any other.

    J. S. Vitter (1985), "Random sampling with a reservoir", algorithm R.

    Args:
        most: how many are kept.
    """

    def __init__(self, most: int):
        self._most, self._seen, self._rng = most, 0, np.random.default_rng(0)
        self._kept: list[NDArray[Any]] = []

    def add(self, observations: NDArray[Any]) -> None:
        """Add a batch [N, *observation]."""
        for observation in observations:
            self._seen += 1
            if len(self._kept) < self._most:
                self._kept.append(observation.copy())
            elif (place := int(self._rng.integers(self._seen))) < self._most:
                self._kept[place] = observation.copy()

    def sample(self) -> NDArray[Any]:
        """Return what is kept, [N, *observation]."""
        return np.stack(self._kept)


def completed(visited: NDArray[Any], bounds: tuple[Any, Any], count: int) -> NDArray[Any]:
    """Return ``count`` observations: those ``visited``, then some drawn uniformly from within the ``bounds``.

    Where there are none, they are drawn from a normal distribution about the mean of those visited, with twice their
    standard deviation.
    """
    rng = np.random.default_rng(0)
    if visited.dtype == np.uint8:
        drawn = rng.integers(256, size=(count - len(visited), *visited.shape[1:]), dtype=np.uint8)
        return np.concatenate([visited, drawn])
    low, high = (np.broadcast_to(np.asarray(bound, np.float64), visited.shape[1:]) for bound in bounds)
    is_bounded = (np.abs(low) < LARGEST) & (np.abs(high) < LARGEST)
    shape = (count - len(visited), *visited.shape[1:])
    around = visited.mean(0) + 2 * visited.std(0) * rng.standard_normal(shape)
    within = np.where(is_bounded, low, 0) + np.where(is_bounded, high - low, 0) * rng.random(shape)
    return np.concatenate([visited, np.where(is_bounded, within, around).astype(np.float32)])
