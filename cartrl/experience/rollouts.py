"""Rollouts as experience: some steps of several environments, learned from at once, whose episodes then go on."""

from typing import Optional, Union, cast

import tensorflow as tf

from cartrl.experience.collectors.compiled_rollouts import CompiledRollouts
from cartrl.experience.collectors.rollouts import RolloutCollector
from cartrl.experience.collectors.vectorized_rollouts import VectorizedRollouts
from cartrl.experience.exploration import BatchExploration, Exploration
from cartrl.experience.remote import forms, learner
from cartrl.experience.remote.collector import TeamCollector
from cartrl.experience.replay.handover import Handover
from cartrl.experience.replay.queue import ReplayQueue
from cartrl.experience.stepping import sharing
from cartrl.experience.supply import Blueprint, Supply
from cartrl.settings.pipeline import RolloutCollectSettings, StepCollectSettings, SteppedCollectSettings

CAPACITY = 2  # rollouts that the queue can hold; there is never more than one in it

Signature = dict[str, tf.TensorSpec]  # the specs of the tensors of a rollout, by name
Collector = Union[CompiledRollouts, RolloutCollector, TeamCollector]


def build(blueprint: Blueprint) -> Supply:
    """Build the collector, on the engine that the settings ask for, and the replay."""
    collect = cast(RolloutCollectSettings, blueprint.settings.collect)
    collector, carrier, played = collecting(blueprint, collect)
    blank = {name: tf.zeros(spec.shape, spec.dtype) for name, spec in played.items()}
    return Supply(collector, carrier, blank, collector)


def collecting(
    blueprint: Blueprint, collect: SteppedCollectSettings
) -> tuple[Collector, Union[Handover, ReplayQueue], Signature]:
    """Return a collector of rollouts, what carries them from it, and their signature."""
    played = signature(blueprint, collect)
    twin = blueprint.twin()
    if twin is not None:
        handover = Handover()
        exploration = _exploration(blueprint, collect)
        return CompiledRollouts(twin, blueprint.time_limit, exploration, collect, handover), handover, played
    queue = ReplayQueue(CAPACITY, played)
    blueprint.opened.callback(queue.close)
    player = rows(blueprint)
    form = forms.of_rollouts(played, player.noise_spec)
    shared = learner.collecting(blueprint, form, player, [player], queue)
    return shared or RolloutCollector(player, queue), queue, played


def rows(blueprint: Blueprint, made: Optional[int] = None) -> VectorizedRollouts:
    """Build what plays rollouts in this process; see `VectorEnvironment` for ``made``."""
    collect = cast(SteppedCollectSettings, blueprint.settings.collect)
    environment = sharing.environments(blueprint, collect.num_environments, made)
    blueprint.opened.callback(environment.close)
    explore = BatchExploration(_exploration(blueprint, collect), blueprint.time_step_spec.observation)
    return VectorizedRollouts(environment, explore, collect)


def _exploration(blueprint: Blueprint, collect: SteppedCollectSettings) -> Exploration:
    warm_up_steps = collect.warm_up_steps if isinstance(collect, StepCollectSettings) else 0
    return Exploration(blueprint.policies, blueprint.action_spec, collect, warm_up_steps)


def signature(blueprint: Blueprint, collect: SteppedCollectSettings) -> Signature:
    """Return the specs of what is learned from of a `cartrl.environments.rollouts.Rollout`."""
    cells = (collect.num_steps, collect.num_environments)
    observation, action = blueprint.time_step_spec.observation, blueprint.action_spec
    seen, flags = tf.TensorSpec((*cells, *observation.shape), observation.dtype), tf.TensorSpec(cells, tf.bool)
    return {
        "observations": seen,
        "actions": tf.TensorSpec((*cells, *action.shape), action.dtype),
        "rewards": tf.TensorSpec(cells, tf.float32),
        "terminated": flags,
        "truncated": flags,
        "next_observations": seen,
    }
