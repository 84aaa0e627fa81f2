"""Loads what a policy directory holds: a policy of TensorFlow, or one that was exported as arrays."""

from typing import Any, Optional, Protocol

import numpy as np
from numpy.typing import NDArray

from cartrl.errors import UsageError
from cartrl.policies.portable.player import Policy as Player
from cartrl.policies.sidecar import ARRAYS, SavedPolicy
from cartrl.randomness import ActionSeeds


class Acting(Protocol):
    """A policy that plays many environments at once."""

    def act(self, observations: NDArray[Any], step: int, seeds: Optional[ActionSeeds]) -> NDArray[Any]:
        """Return the exploring actions of ``step`` of a rollout, or without ``seeds`` the greedy ones."""


class BatchPolicy(Acting, Protocol):
    """A policy for batches of observations."""

    def explore(self, observations: NDArray[Any], seed: NDArray[Any]) -> NDArray[Any]:
        """Return an exploring action for each of ``observations`` [N, *observation]; ``seed`` is int32 [2]."""

    def exploit(self, observations: NDArray[Any]) -> NDArray[Any]:
        """Return the greedy action for each of ``observations`` [N, *observation]."""


class ArrayPolicy:
    """A policy that was exported as arrays, which numpy plays.

    Args:
        saved: the directory of the export.

    Attributes:
        arrays: those of the file, by name.

    Raises:
        UsageError: when the arrays are none of a policy, or of one with other spaces than the sidecar says.
    """

    def __init__(self, saved: SavedPolicy):
        try:
            self._player = Player(saved.directory / ARRAYS)
        except ValueError as error:
            raise UsageError(str(error)) from None
        shapes = (self._player.observation_shape, self._player.action_shape)
        if shapes != (saved.observation_shape, saved.action_shape):
            raise UsageError(f"{saved.directory}: {ARRAYS} is not for the spaces that the sidecar names")
        self.arrays: dict[str, NDArray[Any]] = self._player.arrays

    def explore(self, observations: NDArray[Any], seed: NDArray[Any]) -> NDArray[Any]:
        """Return actions drawn for ``observations`` from ``seed``: other numbers than TensorFlow draws."""
        return np.asarray(self._player.draw(observations, np.random.default_rng(seed.view(np.uint32))))

    def exploit(self, observations: NDArray[Any]) -> NDArray[Any]:
        """Return the greedy action for each of ``observations``."""
        return np.asarray(self._player.greedy(observations))

    def act(self, observations: NDArray[Any], step: int, seeds: Optional[ActionSeeds]) -> NDArray[Any]:
        """Return the exploring actions of ``step`` of a rollout, or without ``seeds`` the greedy ones."""
        return self.exploit(observations) if seeds is None else self.explore(observations, seeds[step])


def load(saved: SavedPolicy) -> BatchPolicy:
    """Load a policy; TensorFlow is imported only where there are no arrays.

    Raises:
        UsageError: when it is none that cartrl has written.
    """
    if (saved.directory / ARRAYS).is_file():
        return ArrayPolicy(saved)
    from cartrl.policies import acting

    return acting.load(saved)
