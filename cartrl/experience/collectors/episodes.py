"""Collects whole episodes, for agents that learn from a batch of them at once."""

from typing import Protocol

from cartrl.environments.episodes import EpisodeBatch, Played
from cartrl.randomness import Turn


class Player(Protocol):
    """Plays the episodes of a turn: compiled, or in a vector of environments."""

    def prepare(self) -> None:
        """Do once what would make the first call slower than the others."""

    def play(self, turn: Turn) -> EpisodeBatch:
        """Return the episodes of ``turn``, padded to the time limit; a function of the turn and the policy alone."""


class Writable(Protocol):
    """A replay that takes whole episodes."""

    def write(self, episodes: EpisodeBatch) -> None:
        """Put a batch in."""


class EpisodeCollector:
    """Has a turn's episodes played, and hands them over to the replay in one batch."""

    def __init__(self, player: Player, replay: Writable):
        self._player = player
        self._replay = replay
        self.prepare = player.prepare

    def collect(self, turn: Turn) -> Played:
        """Play the episodes of ``turn``, and return what is counted of them."""
        episodes = self._player.play(turn)
        self._replay.write(episodes)
        return episodes.played()
