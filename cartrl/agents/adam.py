"""Adam: for updates in a loop inside of one XLA program, and for those without XLA."""

from collections.abc import Sequence
from typing import Optional

import tensorflow as tf
from tf_agents.networks import network

from cartrl.agents import networks

BETA_1, BETA_2 = 0.9, 0.999
TINY = 1e-6  # keeps the clipping of a gradient of 0 from dividing by 0


class Adam(tf.Module):
    """Adam (D. P. Kingma and J. Ba (2015), algorithm 1) with the norm of the whole gradient clipped.

    It is twice as fast as Keras's in a compiled loop, in two ways. A variable's weights and moments are in one tensor:
    XLA writes each tensor of a loop over its old values, and then takes one number at a time for three that depend on
    each other. And the norm is summed along the rows of matrices, many columns at a time.

    Args:
        variables: that are trained. They are copies of the weights that this keeps; see `adopt`.
        clipping: largest norm of the gradient; None does not clip.
        epsilon: keeps a step finite where gradients vanish.
    """

    def __init__(self, variables: Sequence[tf.Variable], clipping: Optional[float] = None, epsilon: float = 1e-8):
        super().__init__()
        self.trained = list(variables)
        self._clipping, self._epsilon = clipping, epsilon
        self._prepare()
        self.steps = tf.Variable(0.0)

    def _prepare(self) -> None:
        """Make what is kept of each variable: its weights, and the first and second moments of its gradient."""
        self._rows = [tf.Variable(tf.zeros((3, *variable.shape))) for variable in self.trained]

    def adopt(self) -> None:
        """Take over the weights from the variables, whose values have come from elsewhere."""
        for variable, rows in zip(self.trained, self._rows):
            rows.assign(tf.stack([variable, rows[1], rows[2]]))

    def apply(self, gradients: Sequence[tf.Tensor], learning_rate: tf.Tensor) -> tf.Tensor:
        """Take a step along ``gradients``, one a variable; return their norm before clipping."""
        norm = norm_of(gradients)
        scale = 1.0 if self._clipping is None else tf.minimum(1.0, self._clipping / (norm + TINY))
        steps = self.steps.assign_add(1.0)
        # The moments' corrections stand in one factor, as the end of section 2 of the paper has them.
        correction = tf.sqrt(1 - BETA_2**steps)
        rate, epsilon = learning_rate * correction / (1 - BETA_1**steps), correction * self._epsilon
        for place, gradient in enumerate(gradients):
            self._move(place, gradient * scale, rate, epsilon)
        return norm

    def _move(self, place: int, gradient: tf.Tensor, rate: tf.Tensor, epsilon: tf.Tensor) -> None:
        """Take the step of the variable at ``place``; of ``rate`` and ``epsilon`` the corrections are made."""
        rows = self._rows[place]
        weights, first, second = tf.unstack(rows.read_value())
        first = BETA_1 * first + (1 - BETA_1) * gradient
        second = BETA_2 * second + (1 - BETA_2) * tf.square(gradient)
        weights -= rate * first / (tf.sqrt(second) + epsilon)
        rows.assign(tf.stack([weights, first, second]))
        self.trained[place].assign(rows[0])


class PlainAdam(Adam):
    """The same without XLA: one operation of TensorFlow for each variable, which is five times as fast there."""

    def _prepare(self) -> None:
        """Make the first and second moments of each variable's gradient."""
        self._first, self._second = (
            [tf.Variable(tf.zeros(variable.shape)) for variable in self.trained] for _ in range(2)
        )

    def adopt(self) -> None:
        """Do nothing: the weights are the variables themselves."""

    def _move(self, place: int, gradient: tf.Tensor, rate: tf.Tensor, epsilon: tf.Tensor) -> None:
        tf.raw_ops.ResourceApplyAdam(
            var=self.trained[place].handle,
            m=self._first[place].handle,
            v=self._second[place].handle,
            beta1_power=0.0,  # the operation's own corrections are then none
            beta2_power=0.0,
            lr=rate,
            beta1=BETA_1,
            beta2=BETA_2,
            epsilon=epsilon,
            grad=gradient,
        )


def of(nets: Sequence[network.Network], clipping: Optional[float] = None, epsilon: float = 1e-8) -> Adam:
    """Return Adam for all that is trained of ``nets``, of the kind that suits the program of their updates."""
    trained = [variable for net in nets for variable in net.trainable_variables]
    return (PlainAdam if networks.have_convolutions(nets) else Adam)(trained, clipping, epsilon)


def norm_of(gradients: Sequence[tf.Tensor]) -> tf.Tensor:
    """Return the norm of ``gradients`` together."""
    columns = [tf.reduce_sum(tf.square(gradient), axis=0) for gradient in gradients if gradient.shape.rank]
    scalars = [tf.square(gradient) for gradient in gradients if not gradient.shape.rank]
    return tf.sqrt(tf.add_n([*map(tf.reduce_sum, columns), *scalars]))
