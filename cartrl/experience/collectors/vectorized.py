"""Plays in copies of any environment, N at a time."""

from collections.abc import Mapping, Sequence
from typing import Any, Callable

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from cartrl import randomness
from cartrl.environments.episodes import EpisodeBatch
from cartrl.environments.vector import VectorEnvironment
from cartrl.policies.acting import BatchPolicy
from cartrl.randomness import Turn

# (observations [N, *observation], step of the rollout, seeds) -> actions [N, *action]
Act = Callable[[NDArray[Any], int, randomness.ActionSeeds], NDArray[Any]]


class VectorizedPlayer:
    """Rolls the policy out in a vector of gym environments, drawing each action from its distribution."""

    def __init__(self, environment: VectorEnvironment, policy: BatchPolicy, num_episodes: int):
        self._environment = environment
        self._policy = policy
        self._num_episodes = num_episodes

    def prepare(self) -> None:
        """Nothing is compiled here."""

    def play(self, turn: Turn) -> EpisodeBatch:
        """Return ``num_episodes`` whole episodes, padded to the time limit; a function of the turn alone."""
        return self._play(turn, range(self._num_episodes), self._policy.act)

    @property
    def variables(self) -> list[tf.Variable]:
        """The variables that actions depend on."""
        return self._policy.explored

    def play_rows(self, turn: Turn, rows: Sequence[int], moved: Mapping[int, Any]) -> dict[str, NDArray[Any]]:
        """Play the episodes ``rows`` of ``turn`` alone, in as many environments.

        The policy is given as many observations as if all were played, because with another number of them a matrix
        product can have other last bits. No row of its result depends on another row.

        Returns:
            The arrays of an `EpisodeBatch` of these episodes by name.
        """
        environment, chosen = self._environment, list(rows)
        seen = np.zeros((self._num_episodes, *environment.observation_space.shape), environment.observation_dtype)

        def act(observations: NDArray[Any], step: int, seeds: randomness.ActionSeeds) -> NDArray[Any]:
            seen[chosen] = observations
            return self._policy.act(seen, step, seeds)[chosen]

        return self._play(turn, chosen, act).arrays()

    def _play(self, turn: Turn, rows: Sequence[int], act: Act) -> EpisodeBatch:
        resets = randomness.draw(self._num_episodes, turn.seed, randomness.Stream.COLLECT_RESETS, turn.iteration)
        seeds = randomness.ActionSeeds(turn.seed, randomness.Stream.COLLECT_ACTIONS, turn.iteration)
        episodes = self._environment.run_episodes(
            lambda observations, step: act(observations, step, seeds), resets[list(rows)]
        )
        return EpisodeBatch.pad(episodes, self._environment.time_limit)
