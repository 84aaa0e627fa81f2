"""The outcome of a run, a study or a sweep, in the words of manifests and of the commands' JSON."""

from enum import Enum
from typing import Any, Optional


class Outcome(str, Enum):
    """How far a run, a study or a sweep has come."""

    WAITING = "waiting"  # a seed of a study that has not begun; it has no manifest
    RUNNING = "running"
    FINISHED = "finished"
    SOLVED = "solved"  # ended by train.stop_when_solved before its last iteration
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
        """Whether the last evaluation is the run's result. A run that is running or interrupted may go on."""
        return self.is_over or self is Outcome.FAILED


def outcome_of(manifest: dict[str, Any]) -> Optional[Outcome]:
    """Return the outcome that a manifest names; None where it names none, or an unknown one."""
    try:
        return Outcome(manifest.get("outcome"))
    except ValueError:
        return None
