"""gym's CartPole as TensorFlow functions.

A. G. Barto, R. S. Sutton and C. W. Anderson (1983), "Neuronlike adaptive elements that can solve difficult learning
control problems"; the equations of motion as gym has them, corrected by R. V. Florian (2007).
"""

from dataclasses import dataclass

import gym
import tensorflow as tf

from cartrl.environments import constants

START = 0.05  # each of the four state variables starts uniformly within plus or minus this


@dataclass(frozen=True)
class CartPole:
    """The physical constants of gym's CartPole, by gym's names; SI units and radians."""

    gravity: float
    masscart: float
    masspole: float
    length: float  # half of the pole's
    force_mag: float
    tau: float  # seconds a step
    theta_threshold_radians: float
    x_threshold: float

    @classmethod
    def like(cls, env: gym.Env) -> "CartPole":
        """Take the constants from gym's environment."""
        return cls(**constants.of(env))

    def reset(self, batch: int, seed: tf.Tensor) -> tf.Tensor:
        """Draw start states [B, 4]: position, velocity, angle, angular velocity."""
        return tf.random.stateless_uniform((batch, 4), seed, -START, START, tf.float64)

    def observe(self, state: tf.Tensor) -> tf.Tensor:
        """Return the state itself, in single precision."""
        return tf.cast(state, tf.float32)

    def step(self, state: tf.Tensor, action: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Push left (0) or right (1) for one Euler step; +1 for each step, to the one that falls."""
        x, x_dot, theta, theta_dot = tf.unstack(state, axis=-1)
        force = tf.where(tf.equal(action, 1), self.force_mag, -self.force_mag)
        force = tf.cast(force, tf.float64)
        cos, sin = tf.cos(theta), tf.sin(theta)
        total_mass = self.masspole + self.masscart
        polemass_length = self.masspole * self.length
        temp = (force + polemass_length * theta_dot**2 * sin) / total_mass
        theta_acc = (self.gravity * sin - cos * temp) / (
            self.length * (4.0 / 3.0 - self.masspole * cos**2 / total_mass)
        )
        x_acc = temp - polemass_length * theta_acc * cos / total_mass
        x, x_dot = x + self.tau * x_dot, x_dot + self.tau * x_acc
        theta, theta_dot = theta + self.tau * theta_dot, theta_dot + self.tau * theta_acc
        fallen = (tf.abs(x) > self.x_threshold) | (tf.abs(theta) > self.theta_threshold_radians)
        return tf.stack([x, x_dot, theta, theta_dot], axis=-1), tf.ones_like(x, tf.float32), fallen
