"""Saved policies for programs that import cartrl: `cartrl.load_policy`."""

import os
from typing import Any, Optional, Union

import numpy as np
from numpy.typing import NDArray

from cartrl.errors import UsageError
from cartrl.policies import loading, sidecar
from cartrl.policies.loading import BatchPolicy
from cartrl.policies.sidecar import SavedPolicy
from cartrl.runs.finding import find_policy
from cartrl.system import quiet

NUMBERS = "buif"  # the kinds of dtypes that become float32: booleans, whole numbers, floats


class Policy:
    """A saved policy: numpy arrays of observations in, numpy arrays of actions out.

    Attributes:
        path: the directory of the policy.
        environment: what the policy is judged in: ``env_name``, ``suite``, ``max_episode_steps``, ``constants``,
            ``kwargs`` and ``wrappers``.
        observation_shape: the shape of one observation.
        action_shape: the shape of one action; ``()`` for a Discrete space.
    """

    def __init__(self, saved: SavedPolicy, policy: BatchPolicy):
        self.path = saved.directory
        self.environment: dict[str, Any] = saved.environment.dict()
        self.observation_shape = saved.observation_shape
        self.action_shape = saved.action_shape
        self._dtype = np.dtype(saved.observation_dtype)
        self._policy = policy
        self._first_action = saved.first_action
        self._least, self._greatest = sidecar.bounds(saved)

    def act(self, observations: Any, rng: Optional[np.random.Generator] = None) -> Any:
        """Return the action for one observation, or an action for each of a batch of observations.

        Args:
            observations: one observation [*observation_shape], or a batch [N, *observation_shape].
            rng: draws the actions as training did, from the policy's distribution. Without it the actions are the
                greedy ones, the mode of that distribution.

        Returns:
            What the environment's ``step`` takes, as numpy has it: [*action_shape], or [N, *action_shape]. Actions of
            a Box are within its bounds, and those of a Discrete space count from the space's ``start``.

        Raises:
            CartrlError: for observations of another shape, or that are not finite numbers.
        """
        batch = self._batch(observations)
        is_single = batch.ndim == len(self.observation_shape)
        if is_single:
            batch = batch[np.newaxis]
        actions = self._policy.exploit(batch) if rng is None else self._policy.explore(batch, _seed(rng))
        if np.issubdtype(actions.dtype, np.integer):
            actions = actions + self._first_action
        else:
            actions = np.clip(actions, self._least.astype(actions.dtype), self._greatest.astype(actions.dtype))
        return actions[0] if is_single else actions

    def _batch(self, observations: Any) -> NDArray[Any]:
        """Return ``observations`` as an array of one observation or of a batch: float32, or an image's bytes.

        Raises:
            UsageError: when they are neither.
        """
        try:
            values = np.asarray(observations)
        except ValueError:  # rows of different lengths
            values = np.empty((), object)
        if values.dtype.kind not in NUMBERS:
            raise UsageError(f"observations must be numbers, not {type(observations).__name__} of {values.dtype}")
        one = self.observation_shape
        if values.shape != one and values.shape[1:] != one:
            many = str(("N", *one)).replace("'", "")
            raise UsageError(
                f"observations of shape {values.shape}, but the policy takes one of shape {one}, or a batch {many}"
            )
        with np.errstate(over="ignore"):  # a number too large for a float32 becomes infinite, and is refused as such
            batch = values.astype(self._dtype)
        if self._dtype == np.uint8 and not np.array_equal(batch, values):
            raise UsageError("an image holds a number that is no byte; its numbers are whole ones from 0 to 255")
        if not np.isfinite(batch).all():
            raise UsageError(f"an observation holds {batch[~np.isfinite(batch)][0]}; every number must be finite")
        return batch

    def __repr__(self) -> str:
        export = f", played from {str(self._policy.export)!r}" if isinstance(self._policy, loading.Doubled) else ""
        return f"<cartrl.Policy {str(self.path)!r} for {self.environment['env_name']}{export}>"


def load_policy(path: Union[str, "os.PathLike[str]"]) -> Policy:
    """Return the saved policy that ``path`` names; this imports neither TF-Agents nor gym.

    It imports TensorFlow, but for a policy that was exported as arrays. An export that ``cartrl export`` wrote into
    the run of a policy of discrete actions stands in for that policy, and TensorFlow is imported once it is needed.

    A saved policy is a TensorFlow program. It is run once the files in its directory are those that its sidecar
    policy.json names; it comes from whoever wrote both.

    Args:
        path: what ``cartrl eval`` takes: the directory of a run, whose best policy is loaded, or that of a policy.

    Raises:
        CartrlError: when there is no policy, its files are damaged, or TensorFlow cannot be imported.
    """
    saved = sidecar.read(find_policy(os.fspath(path)))
    with quiet.in_a_caller():
        return Policy(saved, loading.load(saved))


def _seed(rng: np.random.Generator) -> NDArray[Any]:
    """Draw a seed as tf.random.stateless_* take it, int32 [2].

    Raises:
        UsageError: when ``rng`` is no Generator.
    """
    if not isinstance(rng, np.random.Generator):
        raise UsageError(f"rng must be a numpy Generator, such as numpy.random.default_rng(0), not {rng!r:.100}")
    return rng.integers(2**32, size=2, dtype=np.uint32).view(np.int32)
