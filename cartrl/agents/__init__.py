"""Agents. Each learning algorithm has a module of its own; `build` calls the one that a config names."""

from typing import Any

from cartrl.agents.agent import Agent
from cartrl.settings import ExperimentSettings, agents
from cartrl.system import extensions

__all__ = ["Agent", "build"]


def build(settings: ExperimentSettings, time_step_spec: Any, action_spec: Any) -> Agent:
    """Build the agent of ``settings`` with the builder of its kind.

    Args:
        settings: the whole config.
        time_step_spec: TF-Agents' spec of a time step of the environment.
        action_spec: TF-Agents' spec of its actions.
    """
    agent: Agent = extensions.imported(agents.kind(settings.agent.kind).builder)(settings, time_step_spec, action_spec)
    return agent
