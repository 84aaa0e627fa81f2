"""Policies in use: a distribution over actions, called with numpy arrays; saved, and loaded without TF-Agents."""

import collections
from collections.abc import Sequence
from typing import Any, Callable

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from cartrl.sidecar import SavedPolicy

# The structure that a saved policy takes; TF-Agents' own TimeStep is a namedtuple of the same name and fields.
TimeStep = collections.namedtuple("TimeStep", ["step_type", "reward", "discount", "observation"])


class BatchPolicy:
    """A policy for batches of observations, traced once for any batch size.

    Args:
        distribution: maps a time step of batched tensors to the distribution of actions, [N, *action].
        observation_shape: the shape of one observation.
        time_step: the class of time step that ``distribution`` takes.
    """

    def __init__(
        self,
        distribution: Callable[[Any], tfp.distributions.Distribution],
        observation_shape: Sequence[int],
        time_step: Callable[..., Any] = TimeStep,
    ):
        batched = tf.TensorSpec([None, *observation_shape], tf.float32)

        def at(observations: tf.Tensor) -> tfp.distributions.Distribution:
            size = tf.shape(observations)[:1]
            return distribution(time_step(tf.ones(size, tf.int32), tf.zeros(size), tf.ones(size), observations))

        self._sample = tf.function(
            lambda observations, seed: at(observations).sample(seed=seed),
            autograph=False,
            input_signature=[batched, tf.TensorSpec([2], tf.int32)],
        ).get_concrete_function()
        self._mode = tf.function(
            lambda observations: at(observations).mode(), autograph=False, input_signature=[batched]
        ).get_concrete_function()

    def sample(self, observations: np.ndarray, seed: np.ndarray) -> np.ndarray:
        """Draw an action for each of ``observations``, float32 [N, *observation]; ``seed`` is int32 [2]."""
        return self._sample(tf.constant(observations), tf.constant(seed)).numpy()

    def mode(self, observations: np.ndarray) -> np.ndarray:
        """Return the greedy action, the mode of the distribution, for each of ``observations``."""
        return self._mode(tf.constant(observations)).numpy()


def load(saved: SavedPolicy) -> BatchPolicy:
    """Load a policy that `cartrl.checkpoints.PolicyExporter` saved; TF-Agents is not needed, nor imported.

    Loading a SavedModel runs its graph, so only what matches its sidecar gets here: see `cartrl.sidecar`.
    """
    model = tf.saved_model.load(str(saved.directory))
    return BatchPolicy(lambda time_step: model.distribution(time_step).action, saved.observation_shape)
