"""The whole config: one section for each part of the pipeline."""

import functools
from collections.abc import Mapping
from typing import Any

from pydantic import Field, create_model, root_validator
from pydantic.fields import ModelField

from cartrl.settings import agents
from cartrl.settings.environment import EnvironmentSettings
from cartrl.settings.pipeline import CollectSettings, EpisodeCollectSettings, EvalSettings, TrainSettings
from cartrl.settings.section import Section

AGENT = "What learns, and how."
ORDER = ("environment", "agent", "collect", "replay_buffer", "train", "eval")  # as configs have the sections
COLLECT = "How experience is collected."
SECTIONS = {"replay_buffer": "How experience passes from collector to agent."}


class ExperimentSettings(Section):
    """An experiment. Every setting but the environment's name has a default, the tutorial's own.

    This is what the experiments of all kinds of agents share; `of_kind` has the class of those of one.
    """

    environment: EnvironmentSettings = Field(..., description="What the policy acts in.")
    agent: agents.AgentSettings = Field(default_factory=agents.ReinforceSettings, description=AGENT)
    collect: CollectSettings = Field(default_factory=EpisodeCollectSettings, description=COLLECT)
    train: TrainSettings = Field(default_factory=TrainSettings, description="The training loop.")
    eval: EvalSettings = Field(default_factory=EvalSettings, description="Evaluations during training.")

    @root_validator(skip_on_failure=True)
    def _the_sections_fit(cls, values: dict[str, Any]) -> dict[str, Any]:
        for section in values.values():
            section.require_fit(values)
        train = values["train"].in_iterations(values["collect"].steps_per_iteration)
        return {**values, "train": train}


@functools.cache
def of_kind(name: str) -> type[ExperimentSettings]:
    """Return the class of the experiments whose agent is of the kind ``name``; see `cartrl.settings.agents.names`."""
    kind = agents.kind(name)
    own = {"agent": (kind.settings, AGENT), "collect": (kind.experience.collect, COLLECT)}
    own.update({section: (settings, SECTIONS[section]) for section, settings in kind.experience.sections.items()})
    declared: dict[str, Any] = {
        section: (settings, Field(default_factory=settings, description=description))
        for section, (settings, description) in own.items()
    }
    model: type[ExperimentSettings] = create_model(
        "ExperimentSettings" if name == agents.DEFAULT else f"ExperimentSettings of {name}",
        __base__=ExperimentSettings,
        __module__=__name__,
        **declared,
    )
    model.__doc__ = ExperimentSettings.__doc__
    model.__fields__ = {section: model.__fields__[section] for section in ORDER if section in model.__fields__}
    return model


def known_keys() -> list[tuple[str, str]]:
    """Return (section, key) of every setting that an experiment with one of cartrl's own agents may have."""
    return list(dict.fromkeys(key for name in agents.OWN for key in keys_of(of_kind(name))))


@functools.cache
def mappings() -> frozenset[tuple[str, str]]:
    """Return (section, key) of every setting that is a mapping of names, of which one alone can be set."""
    return frozenset(
        (section, key)
        for section, settings in fields(ExperimentSettings)
        for key, field in settings.items()
        if field.key_field is not None
    )


def keys_of(model: type[ExperimentSettings]) -> list[tuple[str, str]]:
    """Return (section, key) of every setting of ``model``."""
    return [(section, key) for section, settings in fields(model) for key in settings]


def fields(model: type[ExperimentSettings]) -> list[tuple[str, Mapping[str, ModelField]]]:
    """Return the sections of ``model`` and the settings of each."""
    return [(name, field.type_.__fields__) for name, field in model.__fields__.items()]
