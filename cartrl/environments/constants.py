"""The physical constants of gym's environments: read, and set to other values than gym's.

gym's constructors take none of them, and derive other numbers and the spaces from them; so does `give`.
"""

from collections.abc import Mapping
from typing import Any, Callable

import gym
import numpy as np
from gym import spaces
from gym.envs.classic_control.cartpole import CartPoleEnv
from gym.envs.classic_control.pendulum import PendulumEnv

from cartrl.environments.foreign import unwrapped
from cartrl.environments.suite import ConstantsError
from cartrl.errors import nearest
from cartrl.settings.section import ConstantName

CARTPOLE = (
    "gravity", "masscart", "masspole", "length", "force_mag", "tau", "theta_threshold_radians", "x_threshold",
)  # fmt: skip
PENDULUM = ("g", "m", "l", "dt", "max_speed", "max_torque")
OF_ANY_SIGN = ("gravity", "g")


def of(env: gym.Env) -> dict[str, float]:
    """Return the constants of ``env`` that can be set, by gym's names, in SI units and radians."""
    names, _ = KINDS.get(type(unwrapped(env)), ((), None))
    return {name: float(getattr(unwrapped(env), name)) for name in names}


def give(env: gym.Env, env_name: str, constants: Mapping[ConstantName, float]) -> None:
    """Set ``constants`` of ``env``, and what gym derives from them.

    Raises:
        ConstantsError: for a name that the environment does not have, or a value that cannot be.
    """
    if not constants:
        return
    known = of(env)
    if not known:
        raise ConstantsError(f"{env_name} has no constants that can be set; CartPole and Pendulum have")
    for name, value in constants.items():
        if name not in known:
            hint = nearest(name, list(known)) or "; it has " + ", ".join(known)
            raise ConstantsError(f"{env_name} has no constant {name!r}{hint}")
        if value <= 0 and name not in OF_ANY_SIGN:
            raise ConstantsError(f"{name} is {value:g}, but must be greater than 0")
        setattr(unwrapped(env), name, float(value))
    _, derive = KINDS[type(unwrapped(env))]
    derive(unwrapped(env))


def _derive_cartpole(env: CartPoleEnv) -> None:
    env.total_mass = env.masspole + env.masscart
    env.polemass_length = env.masspole * env.length
    largest = np.finfo(np.float32).max
    # Twice the thresholds: the observation that ends an episode is within the space.
    high = np.array([env.x_threshold * 2, largest, env.theta_threshold_radians * 2, largest], np.float32)
    env.observation_space = spaces.Box(-high, high, dtype=np.float32)


def _derive_pendulum(env: PendulumEnv) -> None:
    high = np.array([1.0, 1.0, env.max_speed], np.float32)
    env.observation_space = spaces.Box(-high, high, dtype=np.float32)
    env.action_space = spaces.Box(-env.max_torque, env.max_torque, shape=(1,), dtype=np.float32)


KINDS: dict[type, tuple[tuple[str, ...], Callable[[Any], None]]] = {
    CartPoleEnv: (CARTPOLE, _derive_cartpole),
    PendulumEnv: (PENDULUM, _derive_pendulum),
}
