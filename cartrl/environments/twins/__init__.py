"""Environments whose dynamics are pure TensorFlow functions, so that a rollout compiles into one program.

A twin stands beside gym's own class, takes its physical constants from it, and must do the same, step for step. To
add one: a file with a class that does what `CompiledEnvironment` says, a loader, and a line in `TWINS`. TensorFlow is
imported only when a twin is made, so whether there is one can be asked without it.
"""

from typing import TYPE_CHECKING, Any, Callable, Protocol

import gym
import numpy as np
from gym.envs.classic_control.cartpole import CartPoleEnv
from gym.envs.classic_control.pendulum import PendulumEnv

from cartrl.environments import constants

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
    from cartrl.environments.twins.cartpole import CartPole

    return CartPole.like(env)


def _pendulum(env: gym.Env) -> CompiledEnvironment:
    from cartrl.environments.twins.pendulum import Pendulum

    return Pendulum.like(env)


TWINS: dict[type, Callable[[gym.Env], CompiledEnvironment]] = {CartPoleEnv: _cartpole, PendulumEnv: _pendulum}


# What an instance of gym's classes holds besides its dynamics: an episode, a window, gym's own entry.
PASSING = {"state", "steps_beyond_done", "last_u", "_np_random", "screen", "screen_dim", "clock", "isopen", "spec"}


def has_twin(env: gym.Env) -> bool:
    """Tell whether ``env`` has a compiled twin: gym's own class has, without a wrapper, and as gym made it.

    A twin knows an environment's constants and nothing else, so one in which anything else was changed, such as
    CartPole's ``kinematics_integrator``, its spaces or a method, has none.
    """
    kind = type(env)
    if kind not in TWINS or any(getattr(kind, method).__module__ != kind.__module__ for method in ("reset", "step")):
        return False
    usual = kind()
    constants.give(usual, kind.__name__, constants.of(env))  # type: ignore[arg-type]
    found, expected = ({name: of[name] for name in of if name not in PASSING} for of in (vars(env), vars(usual)))
    return found.keys() == expected.keys() and all(_equal(value, expected[name]) for name, value in found.items())


def _equal(one: Any, other: Any) -> bool:
    try:
        return bool(np.all(one == other))
    except Exception:  # two things that cannot be compared
        return False


def twin_of(env: gym.Env) -> CompiledEnvironment:
    """Return the compiled twin of a gym environment that has one."""
    return TWINS[type(env)](env)
