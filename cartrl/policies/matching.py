"""Checks that a saved policy still fits its environment, which may have changed since."""

from contextlib import closing
from typing import Any

import numpy as np

from cartrl.errors import UsageError
from cartrl.policies.sidecar import SavedPolicy
from cartrl.settings import agents
from cartrl.system import quiet


def require_match(saved: SavedPolicy) -> None:
    """Check, without TensorFlow, that a saved policy's environment works and has the spaces that the policy expects.

    Raises:
        UsageError: when there is no such environment, or it observes or takes something else.
        CartrlError: for one that fails.
    """
    quiet.prepare()
    with quiet.held_back():
        from gym import spaces

        from cartrl.environments import checking, suite
        from cartrl.environments.spaces import first_action, observation_dtype, shown
    with closing(suite.playable(saved.environment)) as env:
        checking.require_servable(env, saved.agent, agents.served(saved.agent))
        space = env.action_space
        bounds = (space.low, space.high) if isinstance(space, spaces.Box) else (0, space.n - 1)
        expected: tuple[Any, ...] = (
            env.observation_space.shape,
            observation_dtype(env.observation_space),
            space.shape,
            first_action(space),
        )
        found = (saved.observation_shape, saved.observation_dtype, saved.action_shape, saved.first_action)
        if found != expected or not _equal(saved.action_bounds, bounds):
            raise UsageError(
                f"{saved.directory}: not a policy for {env.name}, which observes {shown(env.observation_space)} "
                f"and takes actions of {shown(space)}"
            )
        checking.try_out(env)


def _equal(saved: Any, bounds: Any) -> bool:
    try:
        return all(np.allclose(one, other) for one, other in zip(saved, bounds))
    except (TypeError, ValueError):  # not numbers, or not as many
        return False
