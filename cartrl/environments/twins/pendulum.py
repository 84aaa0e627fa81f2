"""gym's Pendulum as TensorFlow functions."""

import math
from dataclasses import dataclass

import gym
import tensorflow as tf

from cartrl.environments import constants


@dataclass(frozen=True)
class Pendulum:
    """The physical constants of gym's Pendulum, by gym's names; SI units and radians."""

    g: float
    m: float
    l: float  # noqa: E741 (gym's name for the length)
    dt: float
    max_speed: float
    max_torque: float

    @classmethod
    def like(cls, env: gym.Env) -> "Pendulum":
        """Take the constants from gym's environment."""
        return cls(**constants.of(env))

    def reset(self, batch: int, seed: tf.Tensor) -> tf.Tensor:
        """Draw start states [B, 2]: any angle, and an angular velocity of at most 1."""
        unit = tf.random.stateless_uniform((batch, 2), seed, -1.0, 1.0, tf.float64)
        return unit * tf.constant([math.pi, 1.0], tf.float64)

    def observe(self, state: tf.Tensor) -> tf.Tensor:
        """Return cosine and sine of the angle, and the angular velocity."""
        angle, speed = tf.unstack(state, axis=-1)
        return tf.cast(tf.stack([tf.cos(angle), tf.sin(angle), speed], axis=-1), tf.float32)

    def step(self, state: tf.Tensor, action: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Apply a torque [B, 1] for one step; it costs angle, speed and torque, and never terminates."""
        angle, speed = tf.unstack(state, axis=-1)
        torque = tf.clip_by_value(tf.cast(action[:, 0], tf.float64), -self.max_torque, self.max_torque)
        upright = tf.math.floormod(angle + math.pi, 2 * math.pi) - math.pi
        cost = upright**2 + 0.1 * speed**2 + 0.001 * torque**2
        acceleration = 3 * self.g / (2 * self.l) * tf.sin(angle) + 3.0 / (self.m * self.l**2) * torque
        speed = tf.clip_by_value(speed + acceleration * self.dt, -self.max_speed, self.max_speed)
        following = tf.stack([angle + speed * self.dt, speed], axis=-1)
        return following, tf.cast(-cost, tf.float32), tf.zeros_like(angle, tf.bool)
