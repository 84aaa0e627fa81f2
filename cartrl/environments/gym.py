"""gym's suite: its environments by name, without gym's surprises. Imports gym, not TensorFlow."""

import copy
import inspect
import math
from contextlib import suppress
from typing import Any, Callable

import gym
from gym.envs import registration

from cartrl.environments import constants, failures, foreign
from cartrl.environments.environment import closed_on_failure
from cartrl.environments.gym_environment import GymEnvironment
from cartrl.environments.suite import Description
from cartrl.errors import CartrlError, UsageError, nearest
from cartrl.settings import EnvironmentSettings
from cartrl.system import calls, imports

gym.logger.set_level(gym.logger.ERROR)


def registered(env_name: str) -> registration.EnvSpec:
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


def _make(env_name: str, is_filmed: bool) -> Any:
    spec = registered(env_name)
    if spec.entry_point is None:
        raise UsageError(f"gym no longer has {env_name}; is there a newer version of it?")
    try:
        with failures.named(env_name, "its module", GymEnvironment.API):
            maker = spec.entry_point if callable(spec.entry_point) else _load(spec.entry_point)
        with failures.named(env_name, "its constructor", GymEnvironment.API):
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
        maker: Callable[..., Any] = registration.load(entry_point)
    except AttributeError as error:
        raise ImportError(str(error)) from error
    return maker


def _takes_render_mode(maker: Callable[..., Any]) -> bool:
    try:
        return "render_mode" in inspect.signature(maker).parameters
    except (TypeError, ValueError):  # it is not written in Python
        return False


class GymSuite:
    """gym's environments, by their ids."""

    def describe(self, settings: EnvironmentSettings) -> Description:
        """Return what gym has registered for the environment."""
        spec = registered(settings.env_name)
        threshold = spec.reward_threshold
        is_named = threshold is not None and math.isfinite(threshold)
        return Description(spec.max_episode_steps, float(threshold) if is_named else None)

    def make(self, settings: EnvironmentSettings, is_filmed: bool = False) -> GymEnvironment:
        """Make an environment without gym's TimeLimit wrapper: the time limit is kept by whoever steps it.

        gym's ``make`` adds a TimeLimit whose end looks like any other (``done``), and which a longer
        ``max_episode_steps`` cannot lift. It also asks for attributes that only a `gym.Env` has.

        Args:
            settings: gym id, constants.
            is_filmed: whether to make it with ``render_mode="rgb_array"``, if its constructor takes that.

        Raises:
            UsageError: for an environment that gym does not know or cannot make, or constants that it cannot have.
            CartrlError: when its constructor fails, or it lacks what gym's API asks for.
        """
        env = _make(settings.env_name, is_filmed)
        with closed_on_failure(env, settings.env_name):
            constants.give(env, settings.env_name, settings.constants)
            return GymEnvironment(env, settings.env_name)


SUITE = GymSuite()
