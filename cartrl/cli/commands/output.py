"""What a command that trains prints: for people, or for programs."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, Any, TypeVar

from rich.console import Console

from cartrl.system.console import say
from cartrl.system.lasting import LastingConsole

Display = TypeVar("Display")


@dataclass(frozen=True)
class Output:
    """What to print, and when the process began."""

    quiet: bool
    as_json: bool
    began: float
    answers: IO[str]  # stdout, for a directory or JSON alone

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
