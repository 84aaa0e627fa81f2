"""What agents learn from, and which sections of a config say how that is collected."""

from collections.abc import Mapping
from dataclasses import dataclass

from cartrl.settings.pipeline import (
    CollectSettings,
    EpisodeCollectSettings,
    ReplayBufferSettings,
    RolloutCollectSettings,
    StepCollectSettings,
    StepReplayBufferSettings,
)
from cartrl.settings.section import Section


@dataclass(frozen=True)
class Experience:
    """A form of experience, in which a kind of agent has what it learns from."""

    collect: type[CollectSettings]  # the class of the section ``collect``
    builder: str  # ``package.module:function``; builds the collector and the replay
    sections: Mapping[str, type[Section]]  # sections that only some kinds of agents have
    rows: str  # likewise; builds what collectors in other processes play with


EPISODES = Experience(  # whole episodes under the current policy, each learned from once
    collect=EpisodeCollectSettings,
    builder="cartrl.experience.episodes:build",
    rows="cartrl.experience.episodes:rows",
    sections={"replay_buffer": ReplayBufferSettings},
)

ROLLOUTS = Experience(  # a number of steps of several environments under the current policy, learned from at once
    collect=RolloutCollectSettings,
    builder="cartrl.experience.rollouts:build",
    rows="cartrl.experience.rollouts:rows",
    sections={},
)

STEPS = Experience(  # the steps of several environments, which are remembered, and learned from many times
    collect=StepCollectSettings,
    builder="cartrl.experience.steps:build",
    rows="cartrl.experience.rollouts:rows",
    sections={"replay_buffer": StepReplayBufferSettings},
)
