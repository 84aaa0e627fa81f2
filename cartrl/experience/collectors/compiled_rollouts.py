"""Rolls out in a compiled environment: all steps of an iteration are one XLA program."""

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from cartrl.environments.episodes import Played
from cartrl.environments.rollouts import Rollout
from cartrl.environments.twins import CompiledEnvironment
from cartrl.experience.exploration import Exploration
from cartrl.programs import Program
from cartrl.randomness import ActionSeeds, Stream, Turn
from cartrl.settings.pipeline import SteppedCollectSettings

STANDING = ("states", "steps", "returns", "noise")  # how each environment stands: its state, and its episode so far
CELLS = ("observations", "actions", "rewards", "terminated", "truncated", "next_observations", "returns")


class Writable(Protocol):
    """A replay that takes the tensors of a rollout."""

    def write(self, played: dict[str, tf.Tensor]) -> None:
        """Take what a turn has played."""


class CompiledRollouts:
    """Steps N environments T times, and begins each anew when its episode ends; the next rollout goes on from there.

    Args:
        environment: the compiled environment.
        time_limit: of an episode, in steps.
        exploration: how actions are drawn.
        collect: says N and T.
        replay: is given what was played.
    """

    def __init__(
        self,
        environment: CompiledEnvironment,
        time_limit: int,
        exploration: Exploration,
        collect: SteppedCollectSettings,
        replay: Writable,
    ):
        self._environment = environment
        self._time_limit = time_limit
        self._exploration = exploration
        self._num_environments, self._num_steps = collect.num_environments, collect.num_steps
        self._replay = replay
        self._roll_out = Program(self._one_rollout)
        self.initialise(seed=0)

    def initialise(self, seed: int) -> None:
        """Begin an episode in each environment."""
        states = self._environment.reset(
            self._num_environments, tf.constant(ActionSeeds(seed, Stream.COLLECT_RESETS)[0])
        )
        count = self._num_environments
        noise = tf.constant(self._exploration.no_noise)
        self._standing = (states, tf.zeros(count, tf.int32), tf.zeros(count, tf.float64), noise)

    def prepare(self) -> None:
        """Compile the rollout."""
        self._roll_out(tf.zeros((2, 2), tf.int32), tf.constant(False), *self._standing)

    def collect(self, turn: Turn) -> Played:
        """Play a rollout, and return what is counted of it."""
        firsts = {Stream.COLLECT_RESETS: turn.number, Stream.COLLECT_ACTIONS: turn.number * self._num_steps}
        seeds = np.stack([ActionSeeds(turn.seed, stream, turn.iteration)[first] for stream, first in firsts.items()])
        at_random = tf.constant(self._exploration.is_at_random(turn))
        tensors, self._standing = self._roll_out(tf.constant(seeds), at_random, *self._standing)
        played = Rollout(**{name: tensor.numpy() for name, tensor in tensors.items()}).played()
        del tensors["returns"]
        self._replay.write(tensors)
        return played

    def state(self) -> dict[str, NDArray[Any]]:
        """Return how each environment stands."""
        return {name: tensor.numpy() for name, tensor in zip(STANDING, self._standing)}

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Go on from where the environments stood."""
        self._standing = tuple(tf.constant(state[name]) for name in STANDING)

    def _one_rollout(
        self, seeds: tf.Tensor, at_random: tf.Tensor, *standing: tf.Tensor
    ) -> tuple[dict[str, tf.Tensor], tuple[tf.Tensor, ...]]:
        """Return the rollout, [T, N] a tensor, and how the environments stand after it.

        Of ``seeds``, int32 [2, 2], the first is that of the start states, the second that of the first step's actions.
        The environments are as ``standing``.
        """
        environment, num_steps, num_environments = self._environment, self._num_steps, self._num_environments
        resets, actions = tf.unstack(seeds)
        # A start state for every step, drawn at once, takes less time than a draw in each step.
        fresh = environment.reset(num_steps * num_environments, resets)
        fresh = tf.reshape(fresh, [num_steps, num_environments, -1])

        def body(step: tf.Tensor, standing: tuple[tf.Tensor, ...], arrays: tuple[Any, ...]) -> tuple[Any, ...]:
            states, steps, returns, noise = standing
            observation = environment.observe(states)
            seed = actions + tf.stack([0, step])
            action, noise = self._exploration.act(observation, seed, noise, tf.equal(steps, 0), at_random)
            following, reward, terminated = environment.step(states, action)
            steps, returns = steps + 1, returns + tf.cast(reward, tf.float64)
            truncated = (steps >= self._time_limit) & ~terminated
            ended = terminated | truncated
            cells = (observation, action, reward, terminated, truncated, environment.observe(following), returns)
            arrays = tuple(array.write(step, cell) for array, cell in zip(arrays, cells))
            states = tf.where(ended[:, tf.newaxis], tf.gather(fresh, step), following)
            none = tf.zeros_like(returns)
            return step + 1, (states, tf.where(ended, 0, steps), tf.where(ended, none, returns), noise), arrays

        _, standing, arrays = tf.while_loop(
            lambda step, *_: step < num_steps,
            body,
            (tf.constant(0), standing, self._arrays(*standing)),
            maximum_iterations=num_steps,
        )
        return dict(zip(CELLS, (array.stack() for array in arrays))), standing

    def _arrays(
        self, states: tf.Tensor, steps: tf.Tensor, returns: tf.Tensor, noise: tf.Tensor
    ) -> tuple[tf.TensorArray, ...]:
        """Return the empty arrays that a rollout fills, one for each of ``CELLS``."""
        observation = self._environment.observe(states)
        seed, begins = tf.constant([0, 0]), tf.equal(steps, 0)
        action, _ = self._exploration.act(observation, seed, noise, begins, tf.constant(False))
        each = (self._num_environments,)
        observed = (observation.dtype, observation.shape)
        specs = [observed, (action.dtype, action.shape), (tf.float32, each), (tf.bool, each), (tf.bool, each), observed]
        specs.append((tf.float64, each))
        return tuple(tf.TensorArray(dtype, self._num_steps, element_shape=shape) for dtype, shape in specs)
