"""Whole episodes as experience: played, passed through Reverb's queue in one batch, and learned from once."""

from typing import Any, Optional, cast

import tensorflow as tf

from cartrl.experience.collectors.compiled import CompiledPlayer
from cartrl.experience.collectors.episodes import EpisodeCollector, Player
from cartrl.experience.collectors.vectorized import VectorizedPlayer
from cartrl.experience.remote import forms, learner
from cartrl.experience.replay.queue import ReplayQueue, signature
from cartrl.experience.stepping import sharing
from cartrl.experience.supply import Blueprint, Supply
from cartrl.settings.pipeline import EpisodeCollectSettings, ReplayBufferSettings


def build(blueprint: Blueprint) -> Supply:
    """Build the collector, on the engine that the settings ask for, and the replay."""
    episodes = _collect(blueprint).collect_episodes_per_iteration
    buffer: ReplayBufferSettings = cast(Any, blueprint.settings).replay_buffer  # a section of such kinds of agents only
    batch = signature(episodes, blueprint.time_limit, blueprint.time_step_spec, blueprint.action_spec)
    replay = ReplayQueue(buffer.replay_buffer_capacity // episodes, batch)
    blueprint.opened.callback(replay.close)
    blank = {name: tf.zeros(spec.shape, spec.dtype) for name, spec in batch.items()}
    twin = blueprint.twin()
    if twin is not None:
        player: Player = CompiledPlayer(twin, blueprint.time_limit, blueprint.policies.explore, episodes)
        return Supply(EpisodeCollector(player, replay), replay, blank)
    player = rows(blueprint)
    shared = learner.collecting(blueprint, forms.of_episodes(batch), player, [], replay)
    return Supply(shared or EpisodeCollector(player, replay), replay, blank, shared)


def rows(blueprint: Blueprint, made: Optional[int] = None) -> VectorizedPlayer:
    """Build what plays episodes in this process; see `VectorEnvironment` for ``made``."""
    collect = _collect(blueprint)
    episodes = collect.collect_episodes_per_iteration
    count = min(collect.num_environments or episodes, episodes)
    environment = sharing.environments(blueprint, count, made)
    blueprint.opened.callback(environment.close)
    return VectorizedPlayer(environment, blueprint.policy, episodes)


def _collect(blueprint: Blueprint) -> EpisodeCollectSettings:
    return cast(EpisodeCollectSettings, blueprint.settings.collect)
