"""gym environments by name, without gym's surprises. Imports gym, not TensorFlow."""

import copy
import inspect
import math
from collections.abc import Sequence
from contextlib import closing, suppress
from typing import Any, Callable, Optional

import gym
import numpy as np
from gym import spaces
from gym.envs import registration

from cartrl.environments import constants, failures, foreign, frames
from cartrl.environments.environment import Environment, close, closed_on_failure
from cartrl.environments.episodes import require_moderate
from cartrl.errors import CartrlError, UsageError, nearest
from cartrl.settings import EnvironmentSettings
from cartrl.system import calls, imports
from cartrl.system.notices import warn_once

gym.logger.set_level(gym.logger.ERROR)


def registered(env_name: str) -> "gym.envs.registration.EnvSpec":
    """Return gym's own entry for ``env_name``.

    Raises:
        UsageError: for an id that gym does not know, or a ``module:Env-v0`` whose module nobody asked to import.
    """
    module, colon, name = env_name.rpartition(":")
    wanted = dict.fromkeys([*imports.remembered, *([module] if colon else [])])
    lacking = [other for other in wanted if other not in imports.given]
    if colon and module in lacking:
        raise UsageError(
            f"{env_name!r} imports code, the module {module!r}; if you trust it, say so: {calls.again_with(lacking)}"
        )
    known = {spec.id: spec for spec in gym.envs.registry.all()}
    if name not in known and lacking:
        raise UsageError(
            f"gym has no environment {env_name!r}; it was trained with code of {' and '.join(lacking)}; "
            f"if you trust it, say so: {calls.again_with(lacking)}"
        )
    if name not in known:
        hint = nearest(name, list(known)) or "; classic control has CartPole-v1, Acrobot-v1, Pendulum-v1 and others"
        raise UsageError(f"gym has no environment {env_name!r}{hint}")
    return known[name]


def make(settings: EnvironmentSettings, is_filmed: bool = False) -> Any:
    """Make an environment without gym's TimeLimit wrapper: the time limit is kept by whoever steps it.

    gym's ``make`` adds a TimeLimit whose end looks like any other (``done``), and which a longer
    ``max_episode_steps`` cannot lift. It also asks for attributes that only a `gym.Env` has.

    Args:
        settings: gym id, constants.
        is_filmed: whether to make it with ``render_mode="rgb_array"``, if its constructor takes that.

    Raises:
        UsageError: for an environment that gym does not know or cannot make, or constants that it cannot have.
        CartrlError: when its constructor fails.
    """
    env = _make(settings.env_name, is_filmed)
    with closed_on_failure(env, settings.env_name):
        constants.give(env, settings.env_name, settings.constants)
    return env


def _make(env_name: str, is_filmed: bool) -> Any:
    spec = registered(env_name)
    if spec.entry_point is None:
        raise UsageError(f"gym no longer has {env_name}; is there a newer version of it?")
    try:
        with failures.named(env_name, "its module"):
            maker = spec.entry_point if callable(spec.entry_point) else _load(spec.entry_point)
        with failures.named(env_name, "its constructor"):
            kwargs = copy.deepcopy(spec.kwargs)
            if is_filmed and _takes_render_mode(maker):
                kwargs["render_mode"] = "rgb_array"
            env = maker(**kwargs)
    except CartrlError as error:
        if isinstance(error.__cause__, (gym.error.Error, ImportError)):
            raise UsageError(
                f"gym cannot make {env_name}, is all that it needs installed? {error.__cause__}"
            ) from error.__cause__
        raise
    with suppress(Exception):  # some read the time limit there; what is no gym.Env may have no place for it
        foreign.unwrapped(env).spec = spec
    return env


def _load(entry_point: str) -> Callable[..., Any]:
    """Import a class by its name; gym.envs.box2d, for one, is without its classes where Box2D is not installed."""
    try:
        return registration.load(entry_point)
    except AttributeError as error:
        raise ImportError(str(error)) from error


def _takes_render_mode(maker: Callable[..., Any]) -> bool:
    try:
        return "render_mode" in inspect.signature(maker).parameters
    except (TypeError, ValueError):  # it is not written in Python
        return False


def playable(settings: EnvironmentSettings, is_filmed: bool = False) -> Environment:
    """Make an environment as `make` does; return it as cartrl plays it.

    Raises:
        UsageError: as `make`.
        CartrlError: when it fails, or lacks what the API asks for.
    """
    env = make(settings, is_filmed)
    with closed_on_failure(env, settings.env_name):
        return Environment(env, settings.env_name)


def time_limit(settings: EnvironmentSettings) -> int:
    """Return the steps after which an episode is truncated: the setting, or else gym's registered limit."""
    limit = settings.max_episode_steps or registered(settings.env_name).max_episode_steps
    if limit is None:
        raise UsageError(f"{settings.env_name} has no time limit of its own; set environment.max_episode_steps")
    return int(limit)


def reward_threshold(env_name: str) -> Optional[float]:
    """Return the mean return from which gym calls the environment solved; None where gym names none, or no number."""
    threshold = registered(env_name).reward_threshold
    return float(threshold) if threshold is not None and math.isfinite(threshold) else None


def solved_from(settings: EnvironmentSettings) -> tuple[Optional[float], str]:
    """Return the mean return from which the task of ``settings`` is solved, or None and why there is none.

    gym's threshold is for gym's own time limit and constants: with fewer steps it may be out of reach or no longer a
    feat, and with other constants the task is another.
    """
    threshold = reward_threshold(settings.env_name)
    if threshold is None:
        return None, f"gym names no reward threshold for {settings.env_name}"
    steps, limit = registered(settings.env_name).max_episode_steps, time_limit(settings)
    if steps is not None and limit < steps:
        return None, f"gym's reward threshold of {threshold:g} is for episodes of {steps} steps, not of {limit}"
    usual = _usual_constants(settings.env_name) if settings.constants else {}
    changed = [f"a {name} of {value:g}" for name, value in settings.constants.items() if usual.get(name) != value]
    if changed:
        return None, f"gym's reward threshold of {threshold:g} is for gym's own constants, not for {', '.join(changed)}"
    return threshold, ""


def _usual_constants(env_name: str) -> dict[str, float]:
    """Return gym's own constants of an environment."""
    env = _make(env_name, is_filmed=False)
    try:
        return constants.of(env)
    finally:
        close(env, env_name)


def require_servable(env: Environment) -> None:
    """Refuse spaces that the policy network cannot serve: it maps a Box of floats to a Discrete or a bounded Box.

    Raises:
        UsageError: naming the space and what is allowed.
    """
    env_name, observation, action = env.name, env.observation_space, env.action_space
    if not isinstance(observation, spaces.Box) or not np.issubdtype(observation.dtype, np.floating):
        raise UsageError(f"{env_name} observes {observation}, but REINFORCE serves only a Box of floats")
    if isinstance(action, spaces.Discrete):
        return
    if not isinstance(action, spaces.Box) or not np.issubdtype(action.dtype, np.floating):
        raise UsageError(
            f"{env_name} takes actions of {action}, but REINFORCE serves only Discrete and a Box of floats"
        )
    if not action.is_bounded():
        raise UsageError(f"{env_name} takes unbounded actions, {action}; REINFORCE needs a lower and an upper bound")
    require_moderate(np.stack([action.low, action.high]), f"{env_name} has", "a bound of actions")


def require_usable(settings: EnvironmentSettings) -> None:
    """Check all that a config says of its environment, and try a step of it, before anything slow is imported.

    Raises:
        UsageError: for an environment that cannot be made, has no time limit, or cannot be served.
        CartrlError: for one that fails.
    """
    with closing(playable(settings)) as env:
        require_servable(env)
        time_limit(settings)
        try_out(env)


def try_out(env: Environment) -> None:
    """Begin an episode and take a step, twice with one seed; what differs then is a warning."""
    env.action_space.seed(0)
    action = env.action_space.sample()

    def play() -> tuple[np.ndarray, ...]:
        start = env.reset(seed=0)
        following, reward, *ended = env.checked_step(action)
        return start, following, np.array(reward), np.array(ended)

    first, again = play(), play()
    for what, values in zip(("an observation", "an observation", "a reward"), first):
        require_moderate(values, f"{env.name} has", what)
    if not all(map(np.array_equal, first, again)):
        warn_once(
            f"{env.name} is not the same again after a reset with the same seed, so no run of it can be repeated: "
            "it must draw all that is random from the seed of reset"
        )


def moves(space: spaces.Space, actions: np.ndarray) -> Sequence:
    """Turn drawn ``actions`` [N, *action] into what gym's ``step`` takes: Python ints, or arrays within the bounds.

    A policy counts the actions of a Discrete space from 0, while the space itself may start at another number.
    """
    if isinstance(space, spaces.Discrete):
        return list((actions + first_action(space)).tolist())
    return list(np.clip(actions, space.low, space.high))


def first_action(space: spaces.Space) -> int:
    """Return the least action of a Discrete space, which is 0 unless the space says otherwise; 0 for other spaces."""
    return int(getattr(space, "start", 0))


def render_fps(env: Environment) -> frames.Rate:
    """Return the environment's own frame rate, or the default with what is to be said of it."""
    return frames.rate(env.metadata)


def frame(env: Environment) -> np.ndarray:
    """Render ``env`` as it stands: uint8 [height, width, 3].

    Raises:
        CartrlError: when the environment raises, or renders nothing that can be a frame.
    """
    return frames.rgb(env.render(), env.name)
