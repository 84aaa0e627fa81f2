"""Steps as experience: a few of several environments in each turn, which are remembered and learned from many times."""

from typing import Any, cast

import tensorflow as tf

from cartrl.experience import rollouts
from cartrl.experience.replay.ring import Ring, RingReplay
from cartrl.experience.supply import Blueprint, Supply
from cartrl.settings.agents.off_policy import OffPolicySettings
from cartrl.settings.pipeline import StepCollectSettings, StepReplayBufferSettings

REMEMBERED = ("observations", "actions", "rewards", "terminated", "next_observations")  # the parts of a step


def build(blueprint: Blueprint) -> Supply:
    """Build the collector, on the engine that the settings ask for, and the memory."""
    collect = cast(StepCollectSettings, blueprint.settings.collect)
    agent = cast(OffPolicySettings, blueprint.settings.agent)
    buffer: StepReplayBufferSettings = cast(Any, blueprint.settings).replay_buffer  # a section of such agents only
    collector, source, played = rollouts.collecting(blueprint, collect, collect.warm_up_steps)
    specs = {name: tf.TensorSpec(played[name].shape[2:], played[name].dtype) for name in REMEMBERED}
    ring = Ring(buffer.replay_buffer_capacity, specs)
    updates = agent.updates_of(collect.steps_per_turn)
    replay = RingReplay(source, ring, updates, agent.batch_size, collect.warm_up_steps)
    blank = {name: tf.zeros((updates, agent.batch_size, *spec.shape), spec.dtype) for name, spec in specs.items()}
    return Supply(collector, replay, blank, collector, replay)
