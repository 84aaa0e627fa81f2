"""gym environments by name, without gym's surprises. Imports gym, not TensorFlow."""

import copy
from collections.abc import Sequence
from typing import Optional

import gym
import numpy as np
from gym import spaces

from cartrl.errors import CartrlError, UsageError, nearest

gym.logger.set_level(gym.logger.ERROR)


def registered(env_name: str) -> "gym.envs.registration.EnvSpec":
    """Return gym's own entry for ``env_name``.

    Raises:
        UsageError: for an id that gym does not know, or one of the ``module:Env-v0`` form, which imports code.
    """
    if ":" in env_name:
        raise UsageError(
            f"{env_name!r} is of the form module:Env-v0, which imports code; give an id that gym itself registers"
        )
    known = {spec.id: spec for spec in gym.envs.registry.all()}
    if env_name not in known:
        hint = nearest(env_name, list(known)) or "; classic control has CartPole-v1, Acrobot-v1, Pendulum-v1 and others"
        raise UsageError(f"gym has no environment {env_name!r}{hint}")
    return known[env_name]


def make(env_name: str) -> gym.Env:
    """Make ``env_name`` without gym's TimeLimit wrapper: the time limit is kept by whoever steps it.

    gym's ``make`` adds a TimeLimit whose end looks like any other (``done``), and which a longer
    ``max_episode_steps`` cannot lift.
    """
    spec = copy.copy(registered(env_name))
    spec.max_episode_steps = None
    try:
        return spec.make()
    except (gym.error.Error, ImportError, AttributeError) as error:
        raise UsageError(f"gym cannot make {env_name}, is all that it needs installed? {error}") from None


def time_limit(env_name: str, max_episode_steps: Optional[int]) -> int:
    """Return the steps after which an episode is truncated: the setting, or else gym's registered limit."""
    limit = max_episode_steps or registered(env_name).max_episode_steps
    if limit is None:
        raise UsageError(f"{env_name} has no time limit of its own; set environment.max_episode_steps")
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


def require_usable(env_name: str, max_episode_steps: Optional[int]) -> None:
    """Check all that a config says of its environment, before anything slow is imported.

    Raises:
        UsageError: for an environment that cannot be made, has no time limit, or cannot be served.
    """
    env = make(env_name)
    try:
        require_servable(env, env_name)
    finally:
        env.close()
    time_limit(env_name, max_episode_steps)


def moves(space: spaces.Space, actions: np.ndarray) -> Sequence:
    """Turn drawn ``actions`` [N, *action] into what gym's ``step`` takes: Python ints, or arrays within the bounds."""
    return actions.tolist() if isinstance(space, spaces.Discrete) else np.clip(actions, space.low, space.high)


def render_fps(env: gym.Env) -> int:
    """Return the environment's own frame rate, in frames a second."""
    return int(env.metadata.get("render_fps") or env.metadata.get("video.frames_per_second") or 30)


def frame(env: gym.Env) -> np.ndarray:
    """Render ``env`` as it stands: uint8 [height, width, 3]."""
    picture = env.render(mode="rgb_array")
    if picture is None:
        raise CartrlError(f"{env} renders no picture")
    return np.asarray(picture, np.uint8)
