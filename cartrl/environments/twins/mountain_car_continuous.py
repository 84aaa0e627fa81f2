"""gym's MountainCarContinuous as TensorFlow functions.

The hill of A. W. Moore (1990), "Efficient memory-based learning for robot control", under a force that is chosen
freely within bounds and costs its square: gym's version, by O. Sigaud.
"""

from dataclasses import dataclass

import tensorflow as tf

from cartrl.environments.twins.mountain_car import Hill

GRAVITY = 0.0025  # gym has the number in its equations


@dataclass(frozen=True)
class MountainCarContinuous(Hill):
    """The constants of gym's MountainCarContinuous, by gym's names."""

    min_action: float
    max_action: float
    power: float

    def step(self, state: tf.Tensor, action: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Push with a force [B, 1] for one step, which costs a tenth of its square; +100 for the step that arrives.

        gym itself bounds the push, but not its cost. Every action that cartrl hands to gym is within the bounds of the
        action space, which are float32, so the action is brought within those first.
        """
        within = tf.cast(tf.clip_by_value(action[:, 0], self.min_action, self.max_action), tf.float64)
        force = tf.clip_by_value(within, self.min_action, self.max_action)
        following, is_there = self.roll(state, force * self.power, GRAVITY)
        prize = tf.where(is_there, tf.constant(100.0, tf.float64), tf.constant(0.0, tf.float64))
        reward = tf.cast(prize - 0.1 * within**2, tf.float32)
        return tf.cast(tf.cast(following, tf.float32), tf.float64), reward, is_there  # gym keeps the state in float32
