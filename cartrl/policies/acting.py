"""Policies in use: a distribution over actions, called with numpy arrays; saved, and loaded without TF-Agents."""

import collections
from collections.abc import Sequence
from typing import Any, Callable, Optional

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from cartrl.errors import UsageError, cut
from cartrl.policies.sidecar import SavedPolicy
from cartrl.randomness import ActionSeeds

# The structure that a saved policy takes; TF-Agents' own TimeStep is a namedtuple of the same name and fields.
TimeStep = collections.namedtuple("TimeStep", ["step_type", "reward", "discount", "observation"])


# observations [N, *observation] -> the distribution of their actions
Distribution = Callable[[tf.Tensor], tfp.distributions.Distribution]


def of_observations(policy: Any, time_step: Callable[..., Any] = TimeStep) -> Distribution:
    """Return the distribution of a TF-Agents policy, live or loaded, as a function of observations alone.

    The networks look at nothing else in a time step, so its other fields are those of the middle of an episode.
    """

    def distribution(observations: tf.Tensor) -> tfp.distributions.Distribution:
        size = tf.shape(observations)[:1]
        return policy.distribution(
            time_step(tf.ones(size, tf.int32), tf.zeros(size), tf.ones(size), observations)
        ).action

    return distribution


class BatchPolicy:
    """A policy for numpy batches of observations, traced once for any batch size.

    Args:
        distribution: maps observations to the distribution of actions.
        observation_shape: the shape of one observation.
    """

    def __init__(self, distribution: Distribution, observation_shape: Sequence[int]):
        self._distribution = distribution  # whose variables live no longer than it does
        batched = tf.TensorSpec([None, *observation_shape], tf.float32)
        self._sample = _direct(
            tf.function(
                lambda observations, seed: distribution(observations).sample(seed=seed),
                autograph=False,
                input_signature=[batched, tf.TensorSpec([2], tf.int32)],
            )
        )
        self._mode = _direct(
            tf.function(
                lambda observations: distribution(observations).mode(), autograph=False, input_signature=[batched]
            )
        )

    def sample(self, observations: np.ndarray, seed: np.ndarray) -> np.ndarray:
        """Draw an action for each of ``observations``, float32 [N, *observation]; ``seed`` is int32 [2]."""
        return self._sample(observations, seed)

    def mode(self, observations: np.ndarray) -> np.ndarray:
        """Return the greedy action, the mode of the distribution, for each of ``observations``."""
        return self._mode(observations)

    def act(self, observations: np.ndarray, step: int, seeds: Optional[ActionSeeds]) -> np.ndarray:
        """Draw the actions of ``step`` of a rollout, or without ``seeds`` return the greedy ones."""
        return self.mode(observations) if seeds is None else self.sample(observations, seeds[step])


def _direct(function: Any) -> Callable[..., np.ndarray]:
    """Return a call of a ``tf.function`` of one output, on arrays of just the types of its signature.

    tf.function checks and binds its arguments anew in each call, which takes three times as long as such a policy.
    """
    concrete = function.get_concrete_function()
    captured, types = concrete.captured_inputs, [output.dtype for output in concrete.outputs]

    def call(*inputs: np.ndarray) -> np.ndarray:
        (output,) = tf.raw_ops.StatefulPartitionedCall(args=[*inputs, *captured], Tout=types, f=concrete)
        return np.asarray(output)

    return call


def load(saved: SavedPolicy) -> BatchPolicy:
    """Load a policy that `cartrl.policies.exporter.PolicyExporter` saved; TF-Agents is not needed, nor imported.

    Loading a SavedModel runs its graph, so only what matches its sidecar gets here: see `cartrl.policies.sidecar`.

    Raises:
        UsageError: when it is none: a damaged graph, another program, or other specs than its sidecar says.
    """
    try:
        policy = tf.saved_model.load(str(saved.directory))
        return BatchPolicy(of_observations(policy), saved.observation_shape)
    except Exception as error:  # TensorFlow raises whatever it stumbles over
        reason = str(error).strip().partition("\n")[0]
        said = cut(f"{type(error).__name__}: {reason}", 200)
        raise UsageError(f"{saved.directory}: not a policy that cartrl can load: {said}") from error
