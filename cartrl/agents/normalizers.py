"""What observations and rewards are normalised with; its variables are saved with the policy."""

from typing import Any

import tensorflow as tf
from tf_agents.utils import tensor_normalizer

CLIP = 10.0  # largest normalised observation and reward, as in OpenAI's Baselines (VecNormalize)
EPSILON = 1e-8  # added to a variance


class ObservationNormalizer(tensor_normalizer.StreamingTensorNormalizer):
    """TF-Agents' normaliser of observations by their mean and standard deviation so far.

    TF-Agents' own adds 1e-3 to the variance, so that quantities as small as a mountain car's velocity vanish, clips at
    5, and begins with a variance of 0. This one begins as the identity.
    """

    def _create_variables(self) -> None:
        super()._create_variables()
        for count, squares in zip(self._count, self._m2):
            squares.assign(count)  # so that the variance is 1 before the first update

    def normalize(
        self, tensor: Any, clip_value: float = CLIP, center_mean: bool = True, variance_epsilon: float = EPSILON
    ) -> Any:
        """Return ``tensor`` [B, *observation], shifted, scaled and clipped."""
        return super().normalize(tensor, clip_value, center_mean, variance_epsilon)


class RewardScaler(tf.Module):
    """Divides rewards by the standard deviation of the discounted returns so far.

    TF-Agents' normaliser divides by the deviation of the rewards themselves, which for CartPole's constant reward is 0.

    Args:
        num_environments: N, whose rewards are scaled together.
        discount: of the returns.
    """

    def __init__(self, num_environments: int, discount: float):
        super().__init__()
        self._discount = discount
        self.running = tf.Variable(tf.zeros(num_environments))  # discounted sum of each running episode's rewards
        self.count = tf.Variable(1e-4, dtype=tf.float64)
        self.mean = tf.Variable(0.0, dtype=tf.float64)
        self.squares = tf.Variable(0.0, dtype=tf.float64)  # sum of squared distances from the mean

    def scale(self, rewards: tf.Tensor, ended: tf.Tensor) -> tf.Tensor:
        """Take in ``rewards``, float32 [T, N], of steps of which some ``ended`` an episode; return them scaled."""
        totals = self._totals(rewards, tf.cast(ended, tf.float32))
        values = tf.cast(tf.reshape(totals, [-1]), tf.float64)
        size, mean = tf.cast(tf.size(values), tf.float64), tf.reduce_mean(values)
        count, shift = self.count + size, mean - self.mean
        squares = tf.reduce_sum(tf.square(values - mean)) + shift**2 * self.count * size / count
        self.squares.assign_add(squares)
        self.mean.assign_add(shift * size / count)
        self.count.assign(count)
        deviation = tf.cast(tf.sqrt(self.squares / self.count + EPSILON), tf.float32)
        return tf.clip_by_value(rewards / deviation, -CLIP, CLIP)

    def _totals(self, rewards: tf.Tensor, ended: tf.Tensor) -> tf.Tensor:
        """Return the discounted sum of all rewards up to each step of its episode, [T, N]."""

        def forward(carried: tuple[Any, Any], cell: tuple[Any, Any]) -> tuple[Any, Any]:
            reward, end = cell
            total = carried[0] * self._discount + reward
            return total * (1 - end), total

        running = self.running.read_value()
        going_on, totals = tf.scan(forward, (rewards, ended), initializer=(running, running))
        self.running.assign(going_on[-1])
        return totals
