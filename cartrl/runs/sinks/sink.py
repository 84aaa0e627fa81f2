"""What a sink does: it logs one run after another to a tracker."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Optional, Protocol

from cartrl.runs.outcome import Outcome

PROJECT = "cartrl"  # what a tracker files runs under, unless its own variable says something else


@dataclass(frozen=True)
class About:
    """What is known of a run when it begins.

    Attributes:
        name: its directory's name.
        group: what it shares with the other seeds of its study; None for a run on its own.
        settings: by ``section.key``, as texts, numbers, truths and None.
        began: when it began, in seconds since 1970.
    """

    name: str
    group: Optional[str]
    settings: dict[str, Any]
    began: float


class Point(NamedTuple):
    """The numbers of an iteration, which are all finite, by their tags in TensorBoard."""

    iteration: int
    seconds: float  # since 1970
    values: dict[str, float]


class Ending(NamedTuple):
    """How a run ended, and what there is to see: pictures and films by their tags."""

    outcome: Outcome
    pictures: dict[str, Path]


class Sink(Protocol):
    """Logs one run at a time. Whatever it raises ends its use, with a warning."""

    def begin(self, about: About, known: Optional[str]) -> str:
        """Begin a run, or go on with the one that the tracker ``known`` by this name; return that name."""

    def log(self, points: list[Point]) -> None:
        """Log iterations, in their order; each is logged once, but for those before a kill."""

    def end(self, ending: Ending) -> None:
        """End the run."""
