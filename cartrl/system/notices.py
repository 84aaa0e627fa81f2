"""What a user is told on stderr: errors and warnings, each in one line."""

import functools

from rich.text import Text

from cartrl.system.console import one_line
from cartrl.system.lasting import LastingConsole


def error(text: str) -> None:
    """Print an error."""
    _print("error:", "bold red", text)


def warn(text: str) -> None:
    """Print a warning."""
    _print("warning:", "bold yellow", text)


def note(text: str) -> None:
    """Print a note about a choice that cartrl made for the user, such as which run is the latest."""
    _print("note:", "bold", text)


@functools.cache
def warn_once(text: str) -> None:
    """Print a warning, the first time only."""
    warn(text)


def _print(kind: str, style: str, text: str) -> None:
    LastingConsole(stderr=True).print(Text.assemble((kind, style), " ", one_line(text)), soft_wrap=True)
