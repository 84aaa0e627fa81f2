"""Plays in copies of any environment, N at a time."""

from cartrl import randomness
from cartrl.environments.episodes import EpisodeBatch
from cartrl.environments.vector import VectorEnvironment
from cartrl.policies.acting import BatchPolicy
from cartrl.randomness import Turn


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
        resets = randomness.draw(self._num_episodes, turn.seed, randomness.Stream.COLLECT_RESETS, turn.iteration)
        actions = randomness.ActionSeeds(turn.seed, randomness.Stream.COLLECT_ACTIONS, turn.iteration)
        episodes = self._environment.run_episodes(
            lambda observations, step: self._policy.act(observations, step, actions), resets
        )
        return EpisodeBatch.pad(episodes, self._environment.time_limit)
