"""gym environments by name, without gym's surprises. Imports gym, not TensorFlow."""

import copy
from collections.abc import Sequence
from typing import Any, Optional

import gym
import numpy as np
from gym import spaces

from cartrl.environments import constants, imports
from cartrl.errors import CartrlError, UsageError, nearest
from cartrl.settings import EnvironmentSettings
from cartrl.sidecar import SavedPolicy

gym.logger.set_level(gym.logger.ERROR)


def registered(env_name: str) -> "gym.envs.registration.EnvSpec":
    """Return gym's own entry for ``env_name``.

    Raises:
        UsageError: for an id that gym does not know, or a ``module:Env-v0`` whose module nobody asked to import.
    """
    module, colon, name = env_name.rpartition(":")
    if colon and module not in imports.imported:
        raise UsageError(
            f"{env_name!r} imports code, the module {module!r}; if you trust it, say so: "
            f"cartrl --import-module {module} …"
        )
    known = {spec.id: spec for spec in gym.envs.registry.all()}
    if name not in known:
        hint = nearest(name, list(known)) or "; classic control has CartPole-v1, Acrobot-v1, Pendulum-v1 and others"
        raise UsageError(f"gym has no environment {env_name!r}{hint}")
    return known[name]


def make(settings: EnvironmentSettings) -> gym.Env:
    """Make an environment without gym's TimeLimit wrapper: the time limit is kept by whoever steps it.

    gym's ``make`` adds a TimeLimit whose end looks like any other (``done``), and which a longer
    ``max_episode_steps`` cannot lift.

    Raises:
        UsageError: for an environment that gym does not know or cannot make, or constants that it cannot have.
        CartrlError: when its constructor fails.
    """
    env = _make(settings.env_name)
    constants.give(env, settings.env_name, settings.constants)
    return env


def _make(env_name: str) -> gym.Env:
    spec = copy.copy(registered(env_name))
    spec.max_episode_steps = None
    spec.order_enforce = False  # a wrapper around each step, for callers that forget to reset
    try:
        return spec.make()
    except (gym.error.Error, ImportError, AttributeError) as error:
        raise UsageError(f"gym cannot make {env_name}, is all that it needs installed? {error}") from None
    except Exception as error:
        raise failed(env_name, "its constructor", error) from error


def failed(env_name: str, where: str, error: Exception) -> CartrlError:
    """Return the error for an exception of the environment's own code."""
    return CartrlError(f"{env_name} raised {type(error).__name__} in {where}: {error}")


@np.errstate(over="ignore")
def reset(env: gym.Env, env_name: str, seed: int) -> np.ndarray:
    """Begin an episode; return the observation, as float32.

    Raises:
        CartrlError: when the environment raises, or observes what is no number.
    """
    try:
        observation = np.asarray(env.reset(seed=seed), np.float32)
    except Exception as error:
        raise failed(env_name, "reset", error) from error
    require_finite(observation, env_name, "observation", "reset")
    return observation


@np.errstate(over="ignore")
def step(env: gym.Env, env_name: str, action: Any) -> tuple[np.ndarray, float, bool, dict]:
    """Take a step; return the observation, as float32, the reward, whether the episode is done, and the info.

    Raises:
        CartrlError: when the environment raises, or returns what is no number.
    """
    try:
        following, reward, done, info = env.step(action)
        observation, reward = np.asarray(following, np.float32), float(reward)
    except Exception as error:
        raise failed(env_name, "step", error) from error
    require_finite(observation, env_name, "observation", "step")
    require_finite(np.float32(reward), env_name, "reward", "step")
    return observation, reward, bool(done), info


def require_finite(values: Any, env_name: str, what: str, where: str) -> None:
    """Refuse NaN and infinity, from which nothing can be learned.

    Raises:
        CartrlError: naming the environment and the first such number.
    """
    finite = np.isfinite(values)
    if not finite.all():
        number = np.asarray(values)[~finite].flat[0]
        raise CartrlError(f"{env_name} returned {number} as {what} in {where}; every number must be finite")


def time_limit(settings: EnvironmentSettings) -> int:
    """Return the steps after which an episode is truncated: the setting, or else gym's registered limit."""
    limit = settings.max_episode_steps or registered(settings.env_name).max_episode_steps
    if limit is None:
        raise UsageError(f"{settings.env_name} has no time limit of its own; set environment.max_episode_steps")
    return int(limit)


def reward_threshold(env_name: str) -> Optional[float]:
    """Return the mean return from which gym calls the environment solved; None where gym names none."""
    threshold = registered(env_name).reward_threshold
    return None if threshold is None else float(threshold)


def require_servable(env: gym.Env, env_name: str) -> None:
    """Refuse spaces that the policy network cannot serve: it maps a Box of floats to a Discrete or a bounded Box.

    Raises:
        UsageError: naming the space and what is allowed.
    """
    observation, action = env.observation_space, env.action_space
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


def require_usable(settings: EnvironmentSettings) -> None:
    """Check all that a config says of its environment, and try a step of it, before anything slow is imported.

    Raises:
        UsageError: for an environment that cannot be made, has no time limit, or cannot be served.
        CartrlError: for one that fails.
    """
    env = make(settings)
    try:
        require_servable(env, settings.env_name)
        time_limit(settings)
        _try(env, settings.env_name)
    finally:
        env.close()


def require_match(saved: SavedPolicy) -> None:
    """Check that the environment of a saved policy is what the policy was saved for, and works.

    Raises:
        UsageError: when there is no such environment, or it observes or takes something else.
        CartrlError: for one that fails.
    """
    env_name = saved.environment.env_name
    env = make(saved.environment)
    try:
        require_servable(env, env_name)
        space = env.action_space
        bounds = (space.low, space.high) if isinstance(space, spaces.Box) else (0, space.n - 1)
        expected = (env.observation_space.shape, space.shape, first_action(space))
        found = (saved.observation_shape, saved.action_shape, saved.first_action)
        if found != expected or not _equal(saved.action_bounds, bounds):
            raise UsageError(
                f"{saved.directory}: not a policy for {env_name}, which observes {env.observation_space} "
                f"and takes actions of {space}"
            )
        _try(env, env_name)
    finally:
        env.close()


def _equal(saved: Any, bounds: Any) -> bool:
    try:
        return all(np.allclose(one, other) for one, other in zip(saved, bounds))
    except (TypeError, ValueError):  # not numbers, or not as many
        return False


def _try(env: gym.Env, env_name: str) -> None:
    """Begin an episode and take a step, whatever comes of it."""
    observation = reset(env, env_name, seed=0)
    if observation.shape != env.observation_space.shape:
        space = env.observation_space
        raise CartrlError(f"{env_name} returned an observation of shape {observation.shape} in reset, but says {space}")
    env.action_space.seed(0)
    step(env, env_name, env.action_space.sample())


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


def render_fps(env: gym.Env) -> int:
    """Return the environment's own frame rate, in frames a second."""
    return int(env.metadata.get("render_fps") or env.metadata.get("video.frames_per_second") or 30)


def frame(env: gym.Env, env_name: str) -> np.ndarray:
    """Render ``env`` as it stands: uint8 [height, width, 3].

    Raises:
        CartrlError: when the environment raises, or renders nothing.
    """
    try:
        picture = env.render(mode="rgb_array")
    except Exception as error:
        raise failed(env_name, "render", error) from error
    if np.ndim(picture) != 3:
        raise CartrlError(f"{env_name} renders no picture")
    return np.asarray(picture, np.uint8)
