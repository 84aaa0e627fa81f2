"""Learning algorithms: one file an agent, and what they share."""

import importlib
from typing import Any

from cartrl.agents.agent import Agent
from cartrl.settings import agents
from cartrl.settings.agents import AgentSettings

__all__ = ["Agent", "build"]


def build(settings: AgentSettings, time_step_spec: Any, action_spec: Any) -> Agent:
    """Build the agent of ``settings`` with the builder of its kind.

    Args:
        settings: the ``agent`` section of a config.
        time_step_spec: TF-Agents' spec of a time step of the environment.
        action_spec: TF-Agents' spec of its actions.
    """
    module, _, function = agents.kind(settings.kind).builder.partition(":")
    agent: Agent = getattr(importlib.import_module(module), function)(settings, time_step_spec, action_spec)
    return agent
