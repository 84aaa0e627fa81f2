"""The whole config: one section for each part of the pipeline."""

from typing import Any

from pydantic import Field, root_validator

from cartrl.settings.agents import AgentSettings
from cartrl.settings.environment import EnvironmentSettings
from cartrl.settings.pipeline import CollectSettings, EvalSettings, ReplayBufferSettings, TrainSettings
from cartrl.settings.section import Section


class ExperimentSettings(Section):
    """An experiment. Every setting but the environment's name has a default, the tutorial's own."""

    environment: EnvironmentSettings = Field(..., description="What the policy acts in.")
    agent: AgentSettings = Field(default_factory=AgentSettings, description="What learns, and how.")
    collect: CollectSettings = Field(default_factory=CollectSettings, description="How episodes are collected.")
    replay_buffer: ReplayBufferSettings = Field(
        default_factory=ReplayBufferSettings, description="How episodes pass from collector to agent."
    )
    train: TrainSettings = Field(default_factory=TrainSettings, description="The training loop.")
    eval: EvalSettings = Field(default_factory=EvalSettings, description="Evaluations during training.")

    @root_validator(skip_on_failure=True)
    def _an_iteration_fits_the_replay(cls, values: dict[str, Any]) -> dict[str, Any]:
        episodes = values["collect"].collect_episodes_per_iteration
        capacity = values["replay_buffer"].replay_buffer_capacity
        if capacity < episodes:
            raise ValueError(
                f"replay_buffer.replay_buffer_capacity is {capacity}, but must be at least "
                f"collect.collect_episodes_per_iteration, which is {episodes}"
            )
        return values
