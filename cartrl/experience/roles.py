"""The two who collect and hold the experience of a turn."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol

from numpy.typing import NDArray

from cartrl.environments.episodes import Played
from cartrl.randomness import Turn


class Collector(Protocol):
    """Plays with the agent's exploring policy, and hands what it played over to the replay."""

    def prepare(self) -> None:
        """Do once what would make the first call slower than the others."""

    def collect(self, turn: Turn) -> Played:
        """Play ``turn``, which is a function of the turn, the policy, and the collector's state if it has one."""


class Continuing(Protocol):
    """A collector whose episodes go on from one iteration to the next."""

    def initialise(self, seed: int) -> None:
        """Begin anew, with the first episodes of a run of ``seed``."""

    def state(self) -> dict[str, NDArray[Any]]:
        """Return all that is needed to go on, by name."""

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Go on from ``state``."""


class Remembering(Protocol):
    """A replay that holds what was played beyond its turn, and keeps it in files to which a checkpoint adds."""

    def initialise(self) -> None:
        """Forget everything."""

    def save(self, directory: Path) -> None:
        """Add files to ``directory``; see `cartrl.training.parts.Stored`."""

    def restore(self, directory: Path) -> None:
        """Hold what the files in ``directory`` hold."""


class Replay(Protocol):
    """Holds what was played until the agent has learned from it."""

    def batches(self, turn: Turn) -> Iterable[Any]:
        """Return what the agent learns from in ``turn``; nothing while there is too little."""
