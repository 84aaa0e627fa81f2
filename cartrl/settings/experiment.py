"""The whole config: one section for each part of the pipeline."""

import functools
from collections.abc import Mapping
from typing import Any

from pydantic import Field, create_model, root_validator
from pydantic.fields import ModelField

from cartrl.settings import agents
from cartrl.settings.environment import EnvironmentSettings
from cartrl.settings.pipeline import CollectSettings, EvalSettings, ReplayBufferSettings, TrainSettings
from cartrl.settings.section import Section

AGENT = "What learns, and how."


class ExperimentSettings(Section):
    """An experiment. Every setting but the environment's name has a default, the tutorial's own.

    This is what the experiments of all kinds of agents share; `of_kind` has the class of those of one.
    """

    environment: EnvironmentSettings = Field(..., description="What the policy acts in.")
    agent: agents.AgentSettings = Field(default_factory=agents.ReinforceSettings, description=AGENT)
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


@functools.cache
def of_kind(name: str) -> type[ExperimentSettings]:
    """Return the class of the experiments whose agent is of the kind ``name``; see `cartrl.settings.agents.names`."""
    settings = agents.kind(name).settings
    model: type[ExperimentSettings] = create_model(
        "ExperimentSettings" if name == agents.DEFAULT else f"ExperimentSettings of {name}",
        __base__=ExperimentSettings,
        __module__=__name__,
        agent=(settings, Field(default_factory=settings, description=AGENT)),
    )
    model.__doc__ = ExperimentSettings.__doc__
    return model


def known_keys() -> list[tuple[str, str]]:
    """Return (section, key) of every setting that an experiment with one of cartrl's own agents may have."""
    return list(dict.fromkeys(key for name in agents.OWN for key in keys_of(of_kind(name))))


def keys_of(model: type[ExperimentSettings]) -> list[tuple[str, str]]:
    """Return (section, key) of every setting of ``model``."""
    return [(section, key) for section, settings in fields(model) for key in settings]


def fields(model: type[ExperimentSettings]) -> list[tuple[str, Mapping[str, ModelField]]]:
    """Return the sections of ``model`` and the settings of each."""
    return [(name, field.type_.__fields__) for name, field in model.__fields__.items()]
