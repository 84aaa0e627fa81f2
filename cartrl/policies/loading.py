"""Loads what a policy directory holds: a policy of TensorFlow, one that was exported as arrays, or both as one."""

from typing import Any, Optional, Protocol

import numpy as np
from numpy.typing import NDArray

from cartrl.errors import CartrlError, UsageError
from cartrl.policies import beside
from cartrl.policies.portable.parity import near
from cartrl.policies.portable.player import Policy as Player
from cartrl.policies.sidecar import ARRAYS, SavedPolicy
from cartrl.randomness import ActionSeeds
from cartrl.system import quiet


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

    def values(self, observations: NDArray[Any]) -> NDArray[Any]:
        """Return the values of discrete actions [N, A], of which the greedy one has the greatest."""
        return np.asarray(self._player.output(observations))

    def act(self, observations: NDArray[Any], step: int, seeds: Optional[ActionSeeds]) -> NDArray[Any]:
        """Return the exploring actions of ``step`` of a rollout, or without ``seeds`` the greedy ones."""
        return self.exploit(observations) if seeds is None else self.explore(observations, seeds[step])


class Doubled:
    """A policy of discrete actions whose export plays the greedy ones, as long as it is sure what the policy would do.

    TensorFlow sums in another order than numpy. From the first observation on for which that could decide between the
    two best actions, and where actions are drawn, the policy itself acts, for which TensorFlow is imported.

    Args:
        saved: the policy.
        exported: its export as arrays.
    """

    def __init__(self, saved: SavedPolicy, exported: SavedPolicy):
        self.export = exported.directory
        self._saved, self._arrays = saved, ArrayPolicy(exported)
        self._original: Optional[BatchPolicy] = None

    def explore(self, observations: NDArray[Any], seed: NDArray[Any]) -> NDArray[Any]:
        """Return actions that the policy draws for ``observations`` from ``seed``."""
        return self._itself().explore(observations, seed)

    def exploit(self, observations: NDArray[Any]) -> NDArray[Any]:
        """Return the greedy action for each of ``observations``."""
        if self._original is None:
            values = self._arrays.values(observations)
            if np.isfinite(values).all() and not near(values).any():
                return np.asarray(values.argmax(-1))
        return self._itself().exploit(observations)

    def act(self, observations: NDArray[Any], step: int, seeds: Optional[ActionSeeds]) -> NDArray[Any]:
        """Return the exploring actions of ``step`` of a rollout, or without ``seeds`` the greedy ones."""
        return self.exploit(observations) if seeds is None else self.explore(observations, seeds[step])

    def _itself(self) -> BatchPolicy:
        if self._original is None:
            with quiet.in_a_caller():
                self._original = _of_tensorflow(self._saved)
        return self._original


def load(saved: SavedPolicy) -> BatchPolicy:
    """Load a policy; TensorFlow is imported only where there are no arrays, or once it is needed.

    Raises:
        UsageError: when it is none that cartrl has written.
        CartrlError: when TensorFlow cannot be imported.
    """
    if (saved.directory / ARRAYS).is_file():
        return ArrayPolicy(saved)
    exported = beside.find(saved)
    return _of_tensorflow(saved) if exported is None else Doubled(saved, exported)


def _of_tensorflow(saved: SavedPolicy) -> BatchPolicy:
    try:
        from cartrl.policies import acting
    except ImportError as error:
        raise CartrlError(f"TensorFlow cannot be imported: {error}") from error
    return acting.load(saved)
