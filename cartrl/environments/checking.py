"""Environments tried before anything slow is imported: whether an agent serves them, and whether they work."""

from contextlib import closing
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cartrl.environments import spaces, suite
from cartrl.environments.environment import Environment
from cartrl.environments.episodes import require_moderate
from cartrl.errors import UsageError
from cartrl.settings import EnvironmentSettings, agents
from cartrl.settings.spaces import Served, SpaceKind, listed
from cartrl.system.notices import warn_once


def require_usable(settings: EnvironmentSettings, agent: str) -> None:
    """Check all that a config says of its environment, and try a step of it.

    Args:
        settings: the environment.
        agent: the kind of agent that is to learn in it.

    Raises:
        UsageError: for an environment that cannot be made, has no time limit, or that the agent does not serve.
        CartrlError: for one that fails.
    """
    with closing(suite.playable(settings)) as env:
        require_servable(env, agent, agents.served(agent))
        suite.time_limit(settings)
        try_out(env)


def require_servable(env: Environment, agent: str, served: Served) -> None:
    """Refuse an environment whose spaces are none of those ``served`` by the kind of agent that is called ``agent``.

    Raises:
        UsageError: naming the space and what is allowed.
    """
    name = agent.upper()
    others = _others(env, agent)
    observes, takes = spaces.kind(env.observation_space), spaces.kind(env.action_space)
    if observes not in served.observations:
        allowed = listed(served.observations)
        raise UsageError(
            f"{env.name} observes {spaces.shown(env.observation_space)}, but {name} serves only {allowed}{others}"
        )
    shown = spaces.shown(env.action_space)
    if takes is SpaceKind.UNBOUNDED and takes not in served.actions and SpaceKind.BOUNDED in served.actions:
        raise UsageError(
            f"{env.name} takes unbounded actions, {shown}; {name} needs a lower and an upper bound{others}"
        )
    if takes not in served.actions:
        allowed = listed(served.actions)
        raise UsageError(f"{env.name} takes actions of {shown}, but {name} serves only {allowed}{others}")
    if takes is SpaceKind.BOUNDED:
        bounds = np.stack([env.action_space.low, env.action_space.high])
        require_moderate(bounds, f"{env.name} has", "a bound of actions")


def _others(env: Environment, agent: str) -> str:
    """Name the agents of cartrl's own that serve the environment which ``agent`` does not, for a sentence."""
    observes, takes = spaces.kind(env.observation_space), spaces.kind(env.action_space)
    able = [
        name
        for name, kind in agents.OWN.items()
        if name != agent and observes in kind.serves.observations and takes in kind.serves.actions
    ]
    return f"; agent.kind may be {', '.join(able)}" if able else ""


def try_out(env: Environment) -> None:
    """Begin an episode and take a step, twice with one seed; what differs then is a warning."""
    env.action_space.seed(0)
    action = env.action_space.sample()

    def play() -> tuple[NDArray[Any], ...]:
        start = env.reset(seed=0)
        following, reward, *ended = env.step(action)
        return start, following, np.array(reward), np.array(ended)

    first, again = play(), play()
    for what, values in zip(("an observation", "an observation", "a reward"), first):
        require_moderate(values, f"{env.name} has", what)
    if not all(map(np.array_equal, first, again)):
        warn_once(
            f"{env.name} is not the same again after a reset with the same seed, so no run of it can be repeated: "
            "it must draw all that is random from the seed of reset"
        )
