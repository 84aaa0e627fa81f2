"""Plays in a compiled environment: a whole batch of episodes is one XLA program."""

from typing import Any

import tensorflow as tf

from cartrl import randomness
from cartrl.environments.episodes import EpisodeBatch
from cartrl.environments.twins import CompiledEnvironment
from cartrl.policies.acting import Act
from cartrl.programs import Program
from cartrl.randomness import Turn


class CompiledPlayer:
    """Rolls the policy out in all episodes of an iteration at once, each in an environment of its own."""

    def __init__(self, environment: CompiledEnvironment, time_limit: int, explore: Act, num_episodes: int):
        self._environment = environment
        self._time_limit = time_limit
        self._explore = explore
        self._num_episodes = num_episodes
        self._roll_out = Program(self._one_rollout)

    def prepare(self) -> None:
        """Compile the rollout."""
        self.play(Turn(seed=0, iteration=0))

    def play(self, turn: Turn) -> EpisodeBatch:
        """Return ``num_episodes`` whole episodes, padded to the time limit; a function of the turn alone."""
        resets = randomness.ActionSeeds(turn.seed, randomness.Stream.COLLECT_RESETS, turn.iteration)
        actions = randomness.ActionSeeds(turn.seed, randomness.Stream.COLLECT_ACTIONS, turn.iteration)
        tensors = self._roll_out(tf.constant([resets[0], actions[0]]))
        return EpisodeBatch(**{name: tensor.numpy() for name, tensor in tensors.items()})

    def _one_rollout(self, seeds: tf.Tensor) -> dict[str, tf.Tensor]:
        """Step until every episode has ended or the time limit is reached; what has ended stays as it is.

        Of ``seeds``, int32 [2, 2], the first is that of the start states, the second that of the first step's actions.
        """
        batch, environment = self._num_episodes, self._environment
        reset, actions = tf.unstack(seeds)

        def body(
            step: tf.Tensor, state: tf.Tensor, running: tf.Tensor, lengths: tf.Tensor, arrays: tuple[Any, ...]
        ) -> tuple[Any, ...]:
            observation = environment.observe(state)
            action = self._explore(observation, actions + tf.stack([0, step]))
            following, reward, terminated = environment.step(state, action)
            cells = (observation, action, reward)
            arrays = tuple(array.write(step, masked(cell, running)) for array, cell in zip(arrays, cells))
            state = tf.where(running[:, tf.newaxis], following, state)
            return step + 1, state, running & ~terminated, lengths + tf.cast(running, tf.int32), arrays

        state = environment.reset(batch, reset)
        observation = environment.observe(state)
        action = self._explore(observation, actions)
        arrays = tuple(
            tf.TensorArray(dtype, self._time_limit, element_shape=shape)
            for dtype, shape in (
                (observation.dtype, observation.shape), (action.dtype, action.shape), (tf.float32, (batch,))
            )
        )  # fmt: skip
        everyone = tf.ones(batch, tf.bool)
        _, state, running, lengths, arrays = tf.while_loop(
            lambda step, state, running, *_: (step < self._time_limit) & tf.reduce_any(running),
            body,
            (tf.constant(0), state, everyone, tf.zeros(batch, tf.int32), arrays),
            maximum_iterations=self._time_limit,
        )
        observations, drawn, rewards = (batch_major(array.stack()) for array in arrays)
        return {
            "observations": observations,
            "actions": drawn,
            "rewards": rewards,
            "lengths": lengths,
            "terminated": ~running,
            "final_observations": environment.observe(state),
        }


def masked(values: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
    """Return ``values`` [B, …] with zeros where ``mask`` [B] is false."""
    mask = tf.reshape(mask, mask.shape + [1] * (values.shape.rank - 1))
    return tf.where(mask, values, tf.zeros_like(values))


def batch_major(values: tf.Tensor) -> tf.Tensor:
    """Turn [T, B, …] into [B, T, …]."""
    return tf.transpose(values, [1, 0, *range(2, values.shape.rank)])
