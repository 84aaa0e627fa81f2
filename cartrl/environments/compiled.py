"""Environments whose dynamics are pure TensorFlow functions, so that a rollout compiles into one program.

A twin stands beside gym's own class, takes its physical constants from it, and must do the same, step for step. To
add one: a file with a class that does what `CompiledEnvironment` says, a loader, and a line in `TWINS`. TensorFlow is
imported only when a twin is made, so whether there is one can be asked without it.
"""

from typing import TYPE_CHECKING, Callable, Protocol

import gym
from gym.envs.classic_control.cartpole import CartPoleEnv
from gym.envs.classic_control.pendulum import PendulumEnv

if TYPE_CHECKING:
    import tensorflow as tf


class CompiledEnvironment(Protocol):
    """A batch of B environments; a state is a float64 tensor [B, S], as gym computes in double precision."""

    def reset(self, batch: int, seed: "tf.Tensor") -> "tf.Tensor":
        """Draw start states [B, S] from ``seed``, int32 [2]."""

    def observe(self, state: "tf.Tensor") -> "tf.Tensor":
        """Return what a policy sees of ``state``: float32 [B, *observation]."""

    def step(self, state: "tf.Tensor", action: "tf.Tensor") -> "tuple[tf.Tensor, tf.Tensor, tf.Tensor]":
        """Take ``action`` [B, *action]; return the next state, the reward [B], and whether it terminated [B]."""


def _cartpole(env: gym.Env) -> CompiledEnvironment:
    from cartrl.environments.cartpole import CartPole

    return CartPole.like(env)


def _pendulum(env: gym.Env) -> CompiledEnvironment:
    from cartrl.environments.pendulum import Pendulum

    return Pendulum.like(env)


TWINS: dict[type, Callable[[gym.Env], CompiledEnvironment]] = {CartPoleEnv: _cartpole, PendulumEnv: _pendulum}


def has_twin(env: gym.Env) -> bool:
    """Tell whether ``env`` has a compiled twin: gym's own class has, with actions from 0 on, and no wrapper of it."""
    return type(env) in TWINS and getattr(env.action_space, "start", 0) == 0


def twin_of(env: gym.Env) -> CompiledEnvironment:
    """Return the compiled twin of a gym environment that has one."""
    return TWINS[type(env)](env)
