"""Collects rollouts, for agents that learn from some steps of several environments whose episodes then go on."""

from typing import Protocol

from cartrl.environments.episodes import Played
from cartrl.environments.rollouts import Rollout
from cartrl.experience.collectors.vectorized_rollouts import VectorizedRollouts
from cartrl.randomness import Turn


class Writable(Protocol):
    """A replay that takes rollouts."""

    def write(self, played: Rollout) -> None:
        """Take what a turn has played."""


class RolloutCollector:
    """Has a turn's rollout played, and hands it over to the replay."""

    def __init__(self, player: VectorizedRollouts, replay: Writable):
        self._player = player
        self._replay = replay
        self.initialise, self.state, self.restore = player.initialise, player.state, player.restore

    def prepare(self) -> None:
        """Nothing is compiled here."""

    def collect(self, turn: Turn) -> Played:
        """Play ``turn``, and return what is counted of it."""
        rollout = self._player.play(turn)
        self._replay.write(rollout)
        return rollout.played()
