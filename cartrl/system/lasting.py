"""A console that falls silent once its output cannot be written any more."""

from typing import IO, Any

import rich.console

from cartrl.system.console import Console
from cartrl.system.signals import silence

IN_A_FILE = 80  # columns of output that no terminal shows


def columns(console: rich.console.Console) -> int:
    """Return how many columns a line of text may have."""
    return console.width if console.is_terminal else min(console.width, IN_A_FILE)


class LastingConsole(Console):
    """Falls silent once its output cannot be written any more, so that training goes on.

    The reader may have gone, as in ``cartrl train … | head``, or the disk of a log file may be full.
    """

    @property  # type: ignore[misc]
    def file(self) -> IO[str]:
        """The stream, which raises no OSError."""
        return _LastingStream(super().file)  # type: ignore[return-value]


class _LastingStream:
    """A stream that leads nowhere once writing to it has failed."""

    def __init__(self, stream: IO[str]):
        self._stream = stream

    def write(self, text: str) -> int:
        try:
            return self._stream.write(text)
        except OSError:
            silence(self._stream.fileno())
            return len(text)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except OSError:
            silence(self._stream.fileno())

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
