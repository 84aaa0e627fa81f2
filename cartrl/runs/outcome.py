"""How a run, a study or a sweep stands, by the words that its manifest and the JSON of commands have for it."""

from enum import Enum
from typing import Any, Optional


class Outcome(str, Enum):
    """The state of a run, a study or a sweep."""

    WAITING = "waiting"  # a seed of a study that has not begun; no manifest says so
    RUNNING = "running"
    FINISHED = "finished"
    SOLVED = "solved"  # finished before its last iteration, as train.stop_when_solved has it
    INTERRUPTED = "interrupted"
    FAILED = "failed"

    def __str__(self) -> str:
        return self.value

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to train."""
        return self in (Outcome.FINISHED, Outcome.SOLVED)

    @property
    def is_result(self) -> bool:
        """Whether the last evaluation is the run's result: running and interrupted runs go on from there."""
        return self.is_over or self is Outcome.FAILED


def outcome_of(manifest: dict[str, Any]) -> Optional[Outcome]:
    """Return the outcome that a manifest names; None where it names none, or one that does not exist."""
    try:
        return Outcome(manifest.get("outcome"))
    except ValueError:
        return None
