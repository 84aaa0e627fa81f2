"""The physical constants of gym's environments: read, and set to other values than gym's.

gym's constructors take none of them, and derive other numbers and the spaces from them; so does `give`.
"""

from collections.abc import Mapping
from typing import Any, Callable

import gym
import numpy as np
from gym import spaces
from gym.envs.classic_control.acrobot import AcrobotEnv
from gym.envs.classic_control.cartpole import CartPoleEnv
from gym.envs.classic_control.continuous_mountain_car import Continuous_MountainCarEnv
from gym.envs.classic_control.mountain_car import MountainCarEnv
from gym.envs.classic_control.pendulum import PendulumEnv
from numpy.typing import NDArray

from cartrl.environments.foreign import unwrapped
from cartrl.environments.suite import ConstantsError
from cartrl.errors import nearest
from cartrl.settings.section import ConstantName

CARTPOLE = (
    "gravity", "masscart", "masspole", "length", "force_mag", "tau", "theta_threshold_radians", "x_threshold",
)  # fmt: skip
PENDULUM = ("g", "m", "l", "dt", "max_speed", "max_torque")
ACROBOT = (  # LINK_LENGTH_2 is left out: gym only draws the second link with it
    "dt", "LINK_LENGTH_1", "LINK_MASS_1", "LINK_MASS_2", "LINK_COM_POS_1", "LINK_COM_POS_2", "LINK_MOI", "MAX_VEL_1",
    "MAX_VEL_2",
)  # fmt: skip
HILL = ("min_position", "max_position", "max_speed", "goal_position", "goal_velocity")
MOUNTAIN_CAR = (*HILL, "force", "gravity")
MOUNTAIN_CAR_CONTINUOUS = (*HILL, "min_action", "max_action", "power")
BOUNDS = (("min_position", "max_position"), ("min_action", "max_action"))
OF_ANY_SIGN = ("gravity", "g", "goal_position", "goal_velocity", *(name for bounds in BOUNDS for name in bounds))


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
        raise ConstantsError(f"{env_name} has no constants that can be set; gym's classic control has")
    for name, value in constants.items():
        if name not in known:
            hint = nearest(name, list(known)) or "; it has " + ", ".join(known)
            raise ConstantsError(f"{env_name} has no constant {name!r}{hint}")
        if value <= 0 and name not in OF_ANY_SIGN:
            raise ConstantsError(f"{name} is {value:g}, but must be greater than 0")
        setattr(unwrapped(env), name, float(value))
    _require_order(of(env))
    _, derive = KINDS[type(unwrapped(env))]
    derive(unwrapped(env))


def _require_order(values: Mapping[str, float]) -> None:
    """Refuse bounds of which the lower is not below the upper.

    Raises:
        ConstantsError: naming both.
    """
    for low, high in BOUNDS:
        if low in values and values[low] >= values[high]:
            raise ConstantsError(f"{low} is {values[low]:g}, but must be less than {high}, which is {values[high]:g}")


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


def _derive_acrobot(env: AcrobotEnv) -> None:
    high = np.array([1.0, 1.0, 1.0, 1.0, env.MAX_VEL_1, env.MAX_VEL_2], np.float32)
    env.observation_space = spaces.Box(-high, high, dtype=np.float32)


def _derive_mountain_car(env: MountainCarEnv) -> None:
    env.low, env.high = _corners(env)
    env.observation_space = spaces.Box(env.low, env.high, dtype=np.float32)


def _derive_mountain_car_continuous(env: Continuous_MountainCarEnv) -> None:
    env.low_state, env.high_state = _corners(env)
    env.observation_space = spaces.Box(env.low_state, env.high_state, dtype=np.float32)
    env.action_space = spaces.Box(env.min_action, env.max_action, shape=(1,), dtype=np.float32)


def _corners(env: Any) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the least and the largest position and velocity of a car on gym's hill."""
    low, high = (env.min_position, -env.max_speed), (env.max_position, env.max_speed)
    return np.array(low, np.float32), np.array(high, np.float32)


KINDS: dict[type, tuple[tuple[str, ...], Callable[[Any], None]]] = {
    CartPoleEnv: (CARTPOLE, _derive_cartpole),
    PendulumEnv: (PENDULUM, _derive_pendulum),
    AcrobotEnv: (ACROBOT, _derive_acrobot),
    MountainCarEnv: (MOUNTAIN_CAR, _derive_mountain_car),
    Continuous_MountainCarEnv: (MOUNTAIN_CAR_CONTINUOUS, _derive_mountain_car_continuous),
}
