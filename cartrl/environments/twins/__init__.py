"""Environments whose dynamics are pure TensorFlow functions, so that a rollout compiles into one program.

A twin stands beside gym's own class, takes its physical constants from it, and must do the same, step for step. To
add one: a file with a class that does what `CompiledEnvironment` says, its constants in `constants.KINDS`, and a line
in `TWINS`. TensorFlow is imported only when a twin is made, so whether there is one can be asked without it.
"""

from typing import TYPE_CHECKING, Any, Protocol

import gym
import numpy as np
from gym.envs.classic_control.acrobot import AcrobotEnv
from gym.envs.classic_control.cartpole import CartPoleEnv
from gym.envs.classic_control.continuous_mountain_car import Continuous_MountainCarEnv
from gym.envs.classic_control.mountain_car import MountainCarEnv
from gym.envs.classic_control.pendulum import PendulumEnv

from cartrl.environments import constants
from cartrl.environments.suite import ConstantsError
from cartrl.system import extensions

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


PACKAGE = "cartrl.environments.twins"
TWINS: dict[type, str] = {
    CartPoleEnv: f"{PACKAGE}.cartpole:CartPole",
    PendulumEnv: f"{PACKAGE}.pendulum:Pendulum",
    AcrobotEnv: f"{PACKAGE}.acrobot:Acrobot",
    MountainCarEnv: f"{PACKAGE}.mountain_car:MountainCar",
    Continuous_MountainCarEnv: f"{PACKAGE}.mountain_car_continuous:MountainCarContinuous",
}

# What an instance of gym's classes holds besides its dynamics: an episode, a window, gym's own entry.
PASSING = {"state", "steps_beyond_done", "last_u", "_np_random", "screen", "screen_dim", "clock", "isopen", "spec"}
PICTURES = {"render", "close"}  # methods that no step needs

# Attributes of gym's classes, and the values for which the equations of the twins are gym's.
EQUATIONS: dict[type, dict[str, Any]] = {AcrobotEnv: {"book_or_nips": "book", "torque_noise_max": 0}}


def has_twin(env: gym.Env) -> bool:
    """Tell whether ``env`` has a compiled twin: gym's own class has, without a wrapper, and as gym made it.

    A twin knows an environment's constants and nothing else, so one in which anything else was changed, such as
    CartPole's ``kinematics_integrator``, its spaces or a method, has none.
    """
    kind = type(env)
    if kind not in TWINS or not _is_gyms(kind):
        return False
    usual = kind()
    try:
        constants.give(usual, kind.__name__, constants.of(env))  # type: ignore[arg-type]
    except ConstantsError:  # somebody has set what no config can
        return False
    # By getattr: some constants of Acrobot are attributes of the class until an instance has its own.
    return all(_have_equal(name, env, usual) for name in (vars(env).keys() | vars(usual).keys()) - PASSING)


def _is_gyms(kind: type) -> bool:
    """Tell whether a class of gym has its own methods, and the equations that its twin has."""
    methods = {name: value for name, value in vars(kind).items() if callable(value) and name not in PICTURES}
    return all(method.__module__ == kind.__module__ for method in methods.values()) and all(
        _equal(getattr(kind, name), value) for name, value in EQUATIONS.get(kind, {}).items()
    )


def _have_equal(name: str, one: Any, other: Any) -> bool:
    """Tell whether both have an attribute, and its values are equal."""
    return hasattr(one, name) and hasattr(other, name) and _equal(getattr(one, name), getattr(other, name))


def _equal(one: Any, other: Any) -> bool:
    try:
        return bool(np.all(one == other))
    except Exception:  # two things that cannot be compared
        return False


def twin_of(env: gym.Env) -> CompiledEnvironment:
    """Return the compiled twin of a gym environment that has one."""
    twin: CompiledEnvironment = extensions.imported(TWINS[type(env)]).like(env)
    return twin
