"""gym's Acrobot as TensorFlow functions.

R. S. Sutton (1996), "Generalization in reinforcement learning: successful examples using sparse coarse coding"; the
equations of motion of R. S. Sutton and A. G. Barto (1998), "Reinforcement Learning: An Introduction", section 11.3,
which gym has where ``book_or_nips`` is "book". A step is one of the classical Runge-Kutta method of fourth order.
"""

import math
from dataclasses import dataclass

import gym
import tensorflow as tf

from cartrl.environments import constants

GRAVITY = 9.8  # gym has the number in its equations
START = 0.1  # each of the four state variables starts uniformly within plus or minus this


@dataclass(frozen=True)
class Acrobot:
    """The physical constants of gym's Acrobot, by gym's names; SI units and radians."""

    dt: float
    LINK_LENGTH_1: float
    LINK_MASS_1: float
    LINK_MASS_2: float
    LINK_COM_POS_1: float  # from the joint to the centre of mass
    LINK_COM_POS_2: float
    LINK_MOI: float  # moment of inertia of either link
    MAX_VEL_1: float
    MAX_VEL_2: float
    AVAIL_TORQUE: tuple[float, ...]  # by action, on the joint between the links

    @classmethod
    def like(cls, env: gym.Env) -> "Acrobot":
        """Take the constants from gym's environment."""
        return cls(**constants.of(env), AVAIL_TORQUE=tuple(map(float, env.AVAIL_TORQUE)))

    def reset(self, batch: int, seed: tf.Tensor) -> tf.Tensor:
        """Draw start states [B, 4]: both angles, then both angular velocities, which gym rounds to float32."""
        start = tf.random.stateless_uniform((batch, 4), seed, -START, START, tf.float64)
        return tf.cast(tf.cast(start, tf.float32), tf.float64)

    def observe(self, state: tf.Tensor) -> tf.Tensor:
        """Return cosine and sine of each angle, and both angular velocities."""
        one, two, speed_one, speed_two = tf.unstack(state, axis=-1)
        parts = [tf.cos(one), tf.sin(one), tf.cos(two), tf.sin(two), speed_one, speed_two]
        return tf.cast(tf.stack(parts, axis=-1), tf.float32)

    def step(self, state: tf.Tensor, action: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Apply a torque for one step; -1 for each step but the one in which the free end rises above the line."""
        torque = tf.gather(tf.constant(self.AVAIL_TORQUE, tf.float64), action)
        slope_1 = self._slope(state, torque)
        slope_2 = self._slope(state + self.dt / 2 * slope_1, torque)
        slope_3 = self._slope(state + self.dt / 2 * slope_2, torque)
        slope_4 = self._slope(state + self.dt * slope_3, torque)
        following = state + self.dt / 6 * (slope_1 + 2 * slope_2 + 2 * slope_3 + slope_4)
        one, two, speed_one, speed_two = tf.unstack(following, axis=-1)
        one, two = _within_a_turn(one), _within_a_turn(two)
        speed_one = tf.clip_by_value(speed_one, -self.MAX_VEL_1, self.MAX_VEL_1)
        speed_two = tf.clip_by_value(speed_two, -self.MAX_VEL_2, self.MAX_VEL_2)
        is_above = -tf.cos(one) - tf.cos(two + one) > 1.0
        reward = tf.where(is_above, 0.0, -1.0)
        return tf.stack([one, two, speed_one, speed_two], axis=-1), reward, is_above

    def _slope(self, state: tf.Tensor, torque: tf.Tensor) -> tf.Tensor:
        """Return the derivative of ``state`` by time; d1, d2, phi1 and phi2 are the book's."""
        mass_1, mass_2, length = self.LINK_MASS_1, self.LINK_MASS_2, self.LINK_LENGTH_1
        centre_1, centre_2, inertia = self.LINK_COM_POS_1, self.LINK_COM_POS_2, self.LINK_MOI
        one, two, speed_one, speed_two = tf.unstack(state, axis=-1)
        cos, sin = tf.cos(two), tf.sin(two)
        d1 = mass_1 * centre_1**2 + mass_2 * (length**2 + centre_2**2 + 2 * length * centre_2 * cos) + 2 * inertia
        d2 = mass_2 * (centre_2**2 + length * centre_2 * cos) + inertia
        phi2 = mass_2 * centre_2 * GRAVITY * tf.cos(one + two - math.pi / 2)
        phi1 = (
            -mass_2 * length * centre_2 * speed_two**2 * sin
            - 2 * mass_2 * length * centre_2 * speed_two * speed_one * sin
            + (mass_1 * centre_1 + mass_2 * length) * GRAVITY * tf.cos(one - math.pi / 2)
            + phi2
        )
        acceleration_two = (torque + d2 / d1 * phi1 - mass_2 * length * centre_2 * speed_one**2 * sin - phi2) / (
            mass_2 * centre_2**2 + inertia - d2**2 / d1
        )
        acceleration_one = -(d2 * acceleration_two + phi1) / d1
        return tf.stack([speed_one, speed_two, acceleration_one, acceleration_two], axis=-1)


def _within_a_turn(angle: tf.Tensor) -> tf.Tensor:
    """Bring an angle into [-pi, pi] by as few whole turns as that takes, as gym does turn by turn."""
    turns = tf.maximum(tf.math.ceil((angle - math.pi) / (2 * math.pi)), 0.0)
    turns += tf.minimum(tf.math.floor((angle + math.pi) / (2 * math.pi)), 0.0)
    return angle - 2 * math.pi * turns
