"""Rollouts as experience: some steps of several environments, learned from at once, whose episodes then go on."""

from typing import cast

import tensorflow as tf

from cartrl.environments.vector import VectorEnvironment
from cartrl.experience.collectors.compiled_rollouts import CompiledRollouts
from cartrl.experience.collectors.vectorized_rollouts import VectorizedRollouts
from cartrl.experience.replay.handover import Handover
from cartrl.experience.replay.queue import ReplayQueue
from cartrl.experience.supply import Blueprint, Supply
from cartrl.settings.pipeline import RolloutCollectSettings

CAPACITY = 2  # rollouts that the queue can hold; there is never more than one in it


def build(blueprint: Blueprint) -> Supply:
    """Build the collector, on the engine that the settings ask for, and the replay."""
    collect = cast(RolloutCollectSettings, blueprint.settings.collect)
    batch = signature(blueprint, collect)
    blank = {name: tf.zeros(spec.shape, spec.dtype) for name, spec in batch.items()}
    twin = blueprint.twin()
    if twin is not None:
        handover = Handover()
        compiled = CompiledRollouts(twin, blueprint.time_limit, blueprint.policies.explore, collect, handover)
        return Supply(compiled, handover, blank, compiled)
    environment = VectorEnvironment(blueprint.settings.environment, collect.num_environments)
    blueprint.opened.callback(environment.close)
    queue = ReplayQueue(CAPACITY, batch)
    blueprint.opened.callback(queue.close)
    vectorized = VectorizedRollouts(environment, blueprint.policy, collect.num_steps, queue)
    return Supply(vectorized, queue, blank, vectorized)


def signature(blueprint: Blueprint, collect: RolloutCollectSettings) -> dict[str, tf.TensorSpec]:
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
