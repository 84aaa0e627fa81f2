"""A policy as a SavedModel that TensorFlow alone loads: tensors in, tensors out."""

from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from cartrl.policies.portable.original import Original
from cartrl.policies.portable.parity import Answers


def write(original: Original, directory: Path) -> None:
    """Write the SavedModel of a policy; its program is the original's, without what needs TensorFlow Probability.

    Its signatures are ``serving_default`` (``observation`` [N, *observation] → the greedy ``action``), ``draw``
    (``observation`` and ``seed``, int32 [2] → ``action``), and ``distribution`` (→ ``probabilities``, or ``mean`` and
    ``stddev``).
    """
    observation = original.observations()
    seed = tf.TensorSpec([2], tf.int32, "seed")

    programs = {
        "serving_default": ([observation], lambda observation: {"action": original.greedy(observation)}),
        "draw": ([observation, seed], lambda observation, seed: {"action": original.draw(observation, seed)}),
        "distribution": ([observation], original.parameters),
    }
    signatures = {
        name: tf.function(program, autograph=False, input_signature=taken)
        for name, (taken, program) in programs.items()
    }
    module = tf.Module()
    module.weights = original.variables
    tf.saved_model.save(module, str(directory), signatures)


def answers(directory: Path, observations: NDArray[Any]) -> Answers:
    """Return what the SavedModel in ``directory`` answers to ``observations`` [N, *observation]."""
    signatures = tf.saved_model.load(str(directory)).signatures
    given = tf.constant(observations)
    found = {**signatures["serving_default"](observation=given), **signatures["distribution"](observation=given)}
    return {name: np.asarray(value) for name, value in found.items()}
