"""A console whose output cannot drive the terminal, whatever characters a directory's name holds."""

import re
from collections.abc import Iterator
from typing import Any, Optional

import rich.console
from rich.segment import Segment
from rich.text import Text

# Control characters other than the end of a line, marks that turn the direction of text, and surrogates. Those from
# \udca0 to \udcff pass: each stands for a byte of a path that is not UTF-8 (PEP 383), and is written as that byte.
STEERING = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udc9f\udd00-\udfff]")


class Console(rich.console.Console):
    """Writes control characters of any text as escape sequences such as ``\\x1b``."""

    def render(self, renderable: Any, options: Optional[rich.console.ConsoleOptions] = None) -> Iterator[Segment]:
        """Yield the segments of ``renderable`` with the control characters of its texts escaped."""
        for segment in super().render(renderable, options):
            if segment.control or not STEERING.search(segment.text):
                yield segment
            else:
                yield Segment(escaped(segment.text), segment.style)


def colours(console: rich.console.Console) -> Optional[str]:
    """Return what colours ``console`` shows, as its ``color_system`` names them; None for none, as with NO_COLOR."""
    return None if console.no_color else console.color_system


def say(console: rich.console.Console, text: str, style: str = "") -> None:
    """Print ``text`` as it stands: rich reads no markup or emoji in it, colours no number, and breaks no line."""
    console.print(Text(escaped(text), style=style), soft_wrap=True)


def one_line(text: str) -> str:
    """Return ``text`` with a space for each end of a line, and its control characters escaped."""
    return escaped(" ".join(text.splitlines()))


def escaped(text: str) -> str:
    """Return ``text`` with an escape sequence for each control character; rich itself would drop some unseen."""
    return STEERING.sub(_escape, text)


def _escape(found: "re.Match[str]") -> str:
    return found[0].encode("unicode_escape").decode()
