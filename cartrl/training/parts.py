"""The parts of training that have a state, which a checkpoint holds."""

from pathlib import Path
from typing import NamedTuple, Optional, Protocol

from cartrl.training.state_files import State


class Stateful(Protocol):
    """A part whose state is small enough to be saved whole."""

    def state(self) -> State:
        """Return all that is needed to continue, by name; nothing where there is no state between iterations."""

    def restore(self, state: State) -> None:
        """Continue from ``state``."""


class Stored(Protocol):
    """A part that keeps its data in files, to which each checkpoint adds what is new."""

    def save(self, directory: Path) -> None:
        """Add files to ``directory``, which holds those of the checkpoint before, and remove outdated ones.

        No file that is there may be written to: the checkpoint before holds the same file under a second name.
        """

    def restore(self, directory: Path) -> None:
        """Continue from the files in ``directory``."""


class Parts(NamedTuple):
    """The parts whose states a checkpoint holds; None for a part without a state between iterations."""

    learner: Stateful
    collector: Optional[Stateful] = None
    replay: Optional[Stored] = None
