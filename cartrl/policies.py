"""Policies in use: a distribution over actions, called with numpy arrays; saved, and loaded without TF-Agents."""

import collections
from collections.abc import Sequence
from typing import Any, Callable, Optional

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from cartrl.seeding import ActionSeeds
from cartrl.sidecar import SavedPolicy

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
        batched = tf.TensorSpec([None, *observation_shape], tf.float32)
        self._sample = tf.function(
            lambda observations, seed: distribution(observations).sample(seed=seed),
            autograph=False,
            input_signature=[batched, tf.TensorSpec([2], tf.int32)],
        ).get_concrete_function()
        self._mode = tf.function(
            lambda observations: distribution(observations).mode(), autograph=False, input_signature=[batched]
        ).get_concrete_function()

    def sample(self, observations: np.ndarray, seed: np.ndarray) -> np.ndarray:
        """Draw an action for each of ``observations``, float32 [N, *observation]; ``seed`` is int32 [2]."""
        return self._sample(tf.constant(observations), tf.constant(seed)).numpy()

    def mode(self, observations: np.ndarray) -> np.ndarray:
        """Return the greedy action, the mode of the distribution, for each of ``observations``."""
        return self._mode(tf.constant(observations)).numpy()

    def act(self, observations: np.ndarray, step: int, seeds: Optional[ActionSeeds]) -> np.ndarray:
        """Draw the actions of ``step`` of a rollout, or without ``seeds`` return the greedy ones."""
        return self.mode(observations) if seeds is None else self.sample(observations, seeds[step])


def load(saved: SavedPolicy) -> BatchPolicy:
    """Load a policy that `cartrl.checkpoints.PolicyExporter` saved; TF-Agents is not needed, nor imported.

    Loading a SavedModel runs its graph, so only what matches its sidecar gets here: see `cartrl.sidecar`.
    """
    return BatchPolicy(of_observations(tf.saved_model.load(str(saved.directory))), saved.observation_shape)
