"""gym's MountainCar as TensorFlow functions, and the hill that it shares with MountainCarContinuous.

A. W. Moore (1990), "Efficient memory-based learning for robot control"; the equations as in R. S. Sutton and
A. G. Barto (2018), "Reinforcement Learning: An Introduction", example 10.1. gym adds the velocity at the goal.
"""

from dataclasses import dataclass
from typing import TypeVar

import gym
import tensorflow as tf

from cartrl.environments import constants

START = (-0.6, -0.4)  # between these positions the car starts, at rest

SomeHill = TypeVar("SomeHill", bound="Hill")


@dataclass(frozen=True)
class Hill:
    """The constants that gym's two mountain cars share, by gym's names; positions, and velocities a step."""

    min_position: float  # a wall, which stops the car
    max_position: float
    max_speed: float
    goal_position: float
    goal_velocity: float  # the least at the goal

    @classmethod
    def like(cls: type[SomeHill], env: gym.Env) -> SomeHill:
        """Take the constants from gym's environment."""
        return cls(**constants.of(env))

    def reset(self, batch: int, seed: tf.Tensor) -> tf.Tensor:
        """Draw start states [B, 2]: position, and a velocity of 0."""
        position = tf.random.stateless_uniform((batch, 1), seed, *START, tf.float64)
        return tf.concat([position, tf.zeros_like(position)], axis=-1)

    def observe(self, state: tf.Tensor) -> tf.Tensor:
        """Return the state itself, in single precision."""
        return tf.cast(state, tf.float32)

    def roll(self, state: tf.Tensor, push: tf.Tensor, gravity: float) -> tuple[tf.Tensor, tf.Tensor]:
        """Accelerate by ``push`` [B] and the slope for one step; return the next state, and whether it is at the goal.

        The height of the hill is sin(3 · position).
        """
        position, velocity = tf.unstack(state, axis=-1)
        velocity += push - gravity * tf.cos(3 * position)
        velocity = tf.clip_by_value(velocity, -self.max_speed, self.max_speed)
        position = tf.clip_by_value(position + velocity, self.min_position, self.max_position)
        hits_wall = (position == self.min_position) & (velocity < 0)
        velocity = tf.where(hits_wall, tf.zeros_like(velocity), velocity)
        is_there = (position >= self.goal_position) & (velocity >= self.goal_velocity)
        return tf.stack([position, velocity], axis=-1), is_there


@dataclass(frozen=True)
class MountainCar(Hill):
    """The constants of gym's MountainCar, by gym's names."""

    force: float
    gravity: float

    def step(self, state: tf.Tensor, action: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Push left (0), not at all (1) or right (2) for one step; -1 for each step, to the one that arrives."""
        push = (tf.cast(action, tf.float64) - 1) * self.force
        following, is_there = self.roll(state, push, self.gravity)
        return following, -tf.ones_like(push, tf.float32), is_there
