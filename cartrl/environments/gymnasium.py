"""gymnasium's suite: its environments by name. Imports gymnasium, and nothing else that is heavy."""

import copy
from typing import Any, Callable

import gymnasium
from gymnasium.envs import registration

from cartrl.environments import arguments, box2d, failures, headless, registries
from cartrl.environments.arguments import Arguments
from cartrl.environments.environment import Environment
from cartrl.environments.suite import Description
from cartrl.errors import CartrlError
from cartrl.settings import EnvironmentSettings

USUAL = "; classic control has CartPole-v1, Acrobot-v1, Pendulum-v1 and others"

gymnasium.logger.min_level = gymnasium.logger.ERROR
headless.prepare()


class GymnasiumEnvironment(Environment):
    """An environment of gymnasium's API."""

    API = (
        "gymnasium's API: observation_space, action_space; reset(seed) → (observation, info); "
        "step(action) → (observation, reward, terminated, truncated, info)"
    )


class _Adapter:
    """What `cartrl.environments.environment.SuiteEnvironment` says, of an environment of gymnasium."""

    def __init__(self, env: Any, name: str):
        self.env = env  # where the spaces and the metadata are found
        self._name = name

    def reset(self, seed: int) -> Any:
        """Begin an episode."""
        result = self.env.reset(seed=seed)
        if not isinstance(result, tuple) or len(result) != 2:
            raise self._unexpected(f"no pair from reset, but a {type(result).__name__}")
        return result[0]

    def step(self, action: Any) -> tuple[Any, float, bool, bool]:
        """Take a step."""
        result = self.env.step(action)
        if not isinstance(result, tuple) or len(result) != 5:
            count = f"{len(result)} values" if isinstance(result, tuple) else f"a {type(result).__name__}"
            raise self._unexpected(f"{count} from step")
        observation, reward, terminated, truncated, _ = result
        return observation, reward, terminated, truncated

    def _unexpected(self, what: str) -> CartrlError:
        return CartrlError(f"{self._name} returned {what}; cartrl expects {GymnasiumEnvironment.API}")

    def render(self) -> Any:
        """Return a picture; the environment was made with the render mode rgb_array."""
        return self.env.render()

    def close(self) -> None:
        """Close the environment."""
        self.env.close()


def registered(env_name: str) -> registration.EnvSpec:
    """Return gymnasium's own entry for ``env_name``.

    Raises:
        UsageError: for an id that it does not know, or a ``module:Env-v0`` whose module nobody asked to import.
    """
    return registries.entry(env_name, gymnasium.registry, "gymnasium", USUAL)


def _maker(settings: EnvironmentSettings, is_filmed: bool) -> Callable[[], Any]:
    """Return a function that makes the environment without gymnasium's own time limit and checks."""
    spec = copy.copy(registered(settings.env_name))
    registries.require_installed(settings.env_name, spec.entry_point)
    if is_filmed and str(spec.entry_point).startswith("gymnasium.envs.mujoco"):
        headless.require(settings.env_name)
    spec.max_episode_steps, spec.order_enforce, spec.disable_env_checker = None, False, True
    options = {**settings.kwargs, **({"render_mode": "rgb_array"} if is_filmed else {})}
    return lambda: gymnasium.make(spec, **options)


def _is_gone(spec: registration.EnvSpec) -> bool:
    """Tell whether gymnasium itself has registered a function, which is how it says that an environment has moved."""
    return getattr(spec.entry_point, "__module__", "").partition(".")[0] == "gymnasium"


class GymnasiumSuite:
    """gymnasium's environments, by their ids."""

    def names(self) -> list[str]:
        """Return the ids of all environments that gymnasium can make; it also registers which have moved elsewhere."""
        return sorted(name for name, spec in gymnasium.registry.items() if not _is_gone(spec))

    def describe(self, settings: EnvironmentSettings) -> Description:
        """Return what gymnasium has registered for the environment."""
        return registries.described(registered(settings.env_name))

    def arguments(self, settings: EnvironmentSettings) -> Arguments:
        """Return the arguments of the environment's constructor, with what gymnasium has registered for them."""
        name = settings.env_name
        spec = registered(name)
        registries.require_installed(name, spec.entry_point)
        with failures.named(name, "its module", GymnasiumEnvironment.API):
            by_name = isinstance(spec.entry_point, str)
            maker = registration.load_env_creator(spec.entry_point) if by_name else spec.entry_point
        return arguments.of(maker, spec.kwargs)

    def make(self, settings: EnvironmentSettings, is_filmed: bool = False) -> GymnasiumEnvironment:
        """Make an environment without a time limit of its own.

        Raises:
            UsageError: for an environment that gymnasium does not know or cannot make.
            CartrlError: when its constructor fails, or it lacks what gymnasium's API asks for.
        """
        name = settings.env_name
        with registries.making(name, "gymnasium", gymnasium.error.Error):
            make = _maker(settings, is_filmed)
            with failures.named(name, "its constructor", GymnasiumEnvironment.API):
                env = box2d.repeatable(make)
        return GymnasiumEnvironment(_Adapter(env, name), name)


SUITE = GymnasiumSuite()
