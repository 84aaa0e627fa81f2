"""Steps as experience: a few of several environments in each turn, which are remembered and learned from many times."""

from collections.abc import Mapping
from typing import Any, cast

import tensorflow as tf

from cartrl.experience import rollouts
from cartrl.experience.replay.frames import FrameRing
from cartrl.experience.replay.ring import Memory, Ring, RingReplay
from cartrl.experience.supply import Blueprint, Supply
from cartrl.settings.agents.off_policy import OffPolicySettings
from cartrl.settings.pipeline import StepCollectSettings, StepReplayBufferSettings

REMEMBERED = ("observations", "actions", "rewards", "terminated", "next_observations")  # the parts of a step


def build(blueprint: Blueprint) -> Supply:
    """Build the collector, on the engine that the settings ask for, and the memory."""
    collect = cast(StepCollectSettings, blueprint.settings.collect)
    agent = cast(OffPolicySettings, blueprint.settings.agent)
    buffer: StepReplayBufferSettings = cast(Any, blueprint.settings).replay_buffer  # a section of such agents only
    collector, source, played = rollouts.collecting(blueprint, collect)
    specs = {name: tf.TensorSpec(played[name].shape[2:], played[name].dtype) for name in REMEMBERED}
    memory = _memory(buffer.replay_buffer_capacity, specs, blueprint.settings.environment.stacked)
    updates = agent.updates_of(collect.steps_per_turn)
    replay = RingReplay(source, memory, updates, agent.batch_size, collect.warm_up_steps)
    blank = {name: tf.zeros((updates, agent.batch_size, *spec.shape), spec.dtype) for name, spec in specs.items()}
    return Supply(collector, replay, blank, collector, replay)


def _memory(capacity: int, specs: Mapping[str, tf.TensorSpec], stacked: int) -> Memory:
    """Return an empty memory, for observations that are stacks of so many frames, or no stacks."""
    if stacked > 1:
        return FrameRing(capacity, specs, stacked)
    return Ring(capacity, specs)
