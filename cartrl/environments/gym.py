"""gym's suite: its environments by name, without gym's surprises. Imports gym, not TensorFlow."""

import copy
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Callable

import gym
from gym.envs import registration

from cartrl.environments import arguments, box2d, constants, failures, foreign, registries
from cartrl.environments.arguments import Arguments
from cartrl.environments.environment import closed_on_failure
from cartrl.environments.gym_environment import GymEnvironment
from cartrl.environments.suite import Description
from cartrl.errors import UsageError
from cartrl.settings import EnvironmentSettings

gym.logger.set_level(gym.logger.ERROR)

USUAL = "; classic control has CartPole-v1, Acrobot-v1, Pendulum-v1 and others"


def registered(env_name: str) -> registration.EnvSpec:
    """Return gym's own entry for ``env_name``.

    Raises:
        UsageError: for an id that gym does not know, or a ``module:Env-v0`` whose module nobody asked to import.
    """
    return registries.entry(env_name, {spec.id: spec for spec in gym.envs.registry.all()}, "gym", USUAL)


def _maker(spec: registration.EnvSpec, env_name: str) -> Callable[..., Any]:
    """Return the constructor of an environment, whose module is imported.

    Raises:
        UsageError: when gym only says that the environment is gone, or something that it needs is not installed.
        CartrlError: when the module fails.
    """
    if spec.entry_point is None:
        raise UsageError(f"gym no longer has {env_name}; is there a newer version of it?")
    registries.require_installed(env_name, spec.entry_point)
    with failures.named(env_name, "its module", GymEnvironment.API):
        maker: Callable[..., Any] = spec.entry_point if callable(spec.entry_point) else _load(spec.entry_point)
        return maker


def _make(settings: EnvironmentSettings, is_filmed: bool) -> Any:
    env_name = settings.env_name
    spec = registered(env_name)
    with registries.making(env_name, "gym", gym.error.Error):
        maker = _maker(spec, env_name)
        with failures.named(env_name, "its constructor", GymEnvironment.API):
            kwargs = {**spec.kwargs, **settings.kwargs}
            if is_filmed and "render_mode" in arguments.of(maker, {}, but=()).defaults:
                kwargs["render_mode"] = "rgb_array"
            return box2d.repeatable(lambda: _called(maker, kwargs, spec))


def _called(maker: Callable[..., Any], kwargs: Mapping[str, Any], spec: registration.EnvSpec) -> Any:
    env = maker(**copy.deepcopy(kwargs))
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


class GymSuite:
    """gym's environments, by their ids."""

    def names(self) -> list[str]:
        """Return the ids of all environments that gym can make; of some, gym only registers that they are gone."""
        return sorted(spec.id for spec in gym.envs.registry.all() if spec.entry_point is not None)

    def describe(self, settings: EnvironmentSettings) -> Description:
        """Return what gym has registered for the environment."""
        return registries.described(registered(settings.env_name))

    def arguments(self, settings: EnvironmentSettings) -> Arguments:
        """Return the arguments of the environment's constructor, with what gym has registered for them."""
        spec = registered(settings.env_name)
        return arguments.of(_maker(spec, settings.env_name), spec.kwargs)

    def make(self, settings: EnvironmentSettings, is_filmed: bool = False) -> GymEnvironment:
        """Make an environment without gym's TimeLimit wrapper: the time limit is kept by whoever steps it.

        gym's ``make`` adds a TimeLimit whose end looks like any other (``done``), and which a longer
        ``max_episode_steps`` cannot lift. It also asks for attributes that only a `gym.Env` has.

        Args:
            settings: gym id, constants, arguments.
            is_filmed: whether to make it with ``render_mode="rgb_array"``, if its constructor takes that.

        Raises:
            UsageError: for an environment that gym does not know or cannot make, or constants that it cannot have.
            CartrlError: when its constructor fails, or it lacks what gym's API asks for.
        """
        env = _make(settings, is_filmed)
        with closed_on_failure(env, settings.env_name):
            constants.give(env, settings.env_name, settings.constants)
            return GymEnvironment(env, settings.env_name)


SUITE = GymSuite()
