"""What a command that trains prints: for people, or for programs."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, TypeVar

from rich.console import Console

from cartrl.runs.sinks import require_usable
from cartrl.runs.sinks.courier import Courier
from cartrl.system import answers
from cartrl.system.console import say
from cartrl.system.lasting import LastingConsole
from cartrl.system.notices import warn

Display = TypeVar("Display")


@dataclass(frozen=True)
class Output:
    """Where the answer of a command goes, and where its progress is shown."""

    quiet: bool
    as_json: bool
    began: float  # when the process began, as `time.perf_counter` has it
    answers: IO[str]  # stdout, for a directory or JSON alone
    trackers: tuple[str, ...] = ()  # to which runs are logged

    @classmethod
    def opened(cls, quiet: bool, as_json: bool, began: float, trackers: Sequence[str] = ()) -> "Output":
        """Return the output for these options; where programs read stdout, nothing else is written there any more.

        Raises:
            UsageError: when a tracker cannot be used.
        """
        return cls(quiet, as_json, began, answers.stream(is_alone=quiet or as_json), require_usable(trackers))

    def logged(self, directory: Path) -> Courier:
        """Return what logs the runs in ``directory`` to the trackers, to be entered around their training."""
        return Courier(directory, self.trackers, warn)

    def print(self, answer: Any) -> None:
        """Print what the command answers."""
        print(answer, file=self.answers, flush=True)

    def print_json(self, answer: dict[str, Any]) -> None:
        """Print what the command answers, as JSON on one line."""
        self.print(json.dumps(answer, allow_nan=False))

    def note(self, text: str) -> None:
        """Print a line for people, unless they want none."""
        if not self.quiet:
            say(self.console, text)

    @property
    def is_alone(self) -> bool:
        """Whether programs read the answer, which then stands alone on stdout."""
        return self.quiet or self.as_json

    @property
    def console(self) -> Console:
        """Where people read."""
        return LastingConsole(stderr=self.as_json)

    def display(
        self,
        silent: Callable[[], Display],
        lines: Callable[[Console], Display],
        live: Callable[[Console], Display],
    ) -> Display:
        """Make the display that suits: none, plain lines, or one that is redrawn in place.

        Only a terminal on stdout is redrawn: what is written to stderr while libraries start is held back, and a live
        display with it.
        """
        if self.quiet:
            return silent()
        console = self.console
        is_live = console.is_terminal and not console.is_dumb_terminal and not console.stderr
        return live(console) if is_live else lines(console)
