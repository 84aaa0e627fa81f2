"""Shows frames in a terminal, as half blocks, until a key is pressed."""

import os
import select
import sys
import termios
import tty
from contextlib import suppress
from types import TracebackType
from typing import Any, Optional

from numpy.typing import NDArray

from cartrl.pictures import half_blocks

ENTER, LEAVE = "\x1b[?1049h\x1b[?25l", "\x1b[0m\x1b[?25h\x1b[?1049l"  # another screen, without a cursor; back again
CLEAR, TO_THE_END = "\x1b[2J", "\x1b[K"
QUITS = b"qQ"
NO_KEY = b"\0"
COLOURS = {"truecolor": "truecolor", "256": "256"}  # by rich's name of what the terminal has


class Screen:
    """The terminal on stdout, taken over while entered. However it is left, it is as before.

    Args:
        colours: what the terminal shows, as `cartrl.system.console.colours` has it.
    """

    def __init__(self, colours: Optional[str]):
        self._colours = COLOURS.get(colours or "")
        self._shown: list[str] = []
        self._size = os.terminal_size((0, 0))

    def __enter__(self) -> "Screen":
        self._output = os.dup(sys.stdout.fileno())
        self._keys = sys.stdin.fileno() if sys.stdin.isatty() else None
        if self._keys is not None:
            self._before = termios.tcgetattr(self._keys)
            tty.setcbreak(self._keys)
            settings = termios.tcgetattr(self._keys)
            settings[6][termios.VSUSP] = NO_KEY  # Ctrl-Z would leave the shell on the other screen
            termios.tcsetattr(self._keys, termios.TCSADRAIN, settings)
        self._write(ENTER)
        return self

    def __exit__(self, kind: Optional[type], error: Optional[BaseException], trace: Optional[TracebackType]) -> None:
        with suppress(OSError, termios.error):  # the terminal may have gone
            if self._keys is not None:
                termios.tcsetattr(self._keys, termios.TCSADRAIN, self._before)
            self._write(LEAVE)
        os.close(self._output)

    def show(self, picture: NDArray[Any], caption: str) -> bool:
        """Show a frame, uint8 [height, width, 3], above its ``caption``; only lines that have changed are written."""
        size = os.get_terminal_size(self._output)
        start = CLEAR if size != self._size else ""
        if start:
            self._size, self._shown = size, []
        pixels = half_blocks.fitted(picture, size.columns, max(size.lines - 1, 1))
        lines = [*half_blocks.lines(pixels, self._colours), caption[: size.columns]]
        before = [*self._shown, *[""] * len(lines)]
        changed = [f"\x1b[{row};1H{line}{TO_THE_END}" for row, line in enumerate(lines, 1) if line != before[row - 1]]
        self._shown = lines
        self._write(start + "".join(changed))
        return True

    def wait(self, seconds: float) -> bool:
        """Wait so long; return False where a key that ends it is pressed."""
        keys = [] if self._keys is None else [self._keys]
        ready, _, _ = select.select(keys, [], [], max(seconds, 0))
        return not ready or not set(os.read(ready[0], 64)) & set(QUITS)

    def _write(self, text: str) -> None:
        content = text.encode(errors="replace")
        while content:
            content = content[os.write(self._output, content) :]
