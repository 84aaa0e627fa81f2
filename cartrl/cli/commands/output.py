"""What a command that trains prints: for people, or for programs."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, Any, TypeVar

from rich.console import Console

from cartrl.system import answers
from cartrl.system.console import say
from cartrl.system.lasting import LastingConsole

Display = TypeVar("Display")


@dataclass(frozen=True)
class Output:
    """Where the answer of a command goes, and where its progress is shown."""

    quiet: bool
    as_json: bool
    began: float  # when the process began, as `time.perf_counter` has it
    answers: IO[str]  # stdout, for a directory or JSON alone

    @classmethod
    def opened(cls, quiet: bool, as_json: bool, began: float) -> "Output":
        """Return the output for these options; where programs read stdout, nothing else is written there any more."""
        return cls(quiet, as_json, began, answers.stream(is_alone=quiet or as_json))

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
