"""Adam on all variables of an agent as one vector, for updates in a loop inside of one XLA program."""

from collections.abc import Sequence
from typing import NamedTuple, Optional

import tensorflow as tf

BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-5  # epsilon as in OpenAI's Baselines
TINY = 1e-6  # keeps the clipping of a gradient of 0 from dividing by 0


class State(NamedTuple):
    """Weights and moments [W] of all variables, one after the other, and the steps taken so far."""

    weights: tf.Tensor
    first: tf.Tensor
    second: tf.Tensor
    steps: tf.Tensor  # float32


class FlatAdam(tf.Module):
    """Adam (D. P. Kingma and J. Ba (2015), algorithm 1) with the norm of the whole gradient clipped.

    One vector takes one fused operation where Keras's optimizer takes several for each variable, and a loop can carry
    it.

    Args:
        variables: that are trained.
        clipping: largest norm of the gradient; None does not clip.
    """

    def __init__(self, variables: Sequence[tf.Variable], clipping: Optional[float]):
        super().__init__()
        self.trained = list(variables)
        self._clipping = clipping
        self._sizes = [variable.shape.num_elements() for variable in variables]
        self.first, self.second = (tf.Variable(tf.zeros(sum(self._sizes))) for _ in range(2))
        self.steps = tf.Variable(0.0)

    def state(self) -> State:
        """Return the state as the variables hold it."""
        weights = flat(self.trained)
        return State(weights, self.first.read_value(), self.second.read_value(), self.steps.read_value())

    def step(self, state: State, gradients: Sequence[tf.Tensor], learning_rate: tf.Tensor) -> tuple[State, tf.Tensor]:
        """Return the state after a step along ``gradients``, one a variable, and their norm before clipping."""
        gradient = flat(gradients)
        norm = tf.norm(gradient)
        if self._clipping is not None:
            gradient *= tf.minimum(1.0, self._clipping / (norm + TINY))
        steps = state.steps + 1
        first = BETA_1 * state.first + (1 - BETA_1) * gradient
        second = BETA_2 * state.second + (1 - BETA_2) * tf.square(gradient)
        first_unbiased, second_unbiased = first / (1 - BETA_1**steps), second / (1 - BETA_2**steps)
        weights = state.weights - learning_rate * first_unbiased / (tf.sqrt(second_unbiased) + EPSILON)
        return State(weights, first, second, steps), norm

    def put(self, weights: tf.Tensor) -> None:
        """Put ``weights`` [W] into the variables."""
        for variable, part in zip(self.trained, tf.split(weights, self._sizes)):
            variable.assign(tf.reshape(part, variable.shape))

    def keep(self, state: State) -> None:
        """Put all of ``state`` into variables."""
        self.put(state.weights)
        self.first.assign(state.first)
        self.second.assign(state.second)
        self.steps.assign(state.steps)


def flat(tensors: Sequence[tf.Tensor]) -> tf.Tensor:
    """Return ``tensors``, one after the other, as one vector."""
    return tf.concat([tf.reshape(tensor, [-1]) for tensor in tensors], axis=0)
