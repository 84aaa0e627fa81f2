"""A console that is steered by nothing that it prints: names of directories may hold anything."""

import re
from collections.abc import Iterator
from typing import Any, Optional

import rich.console
from rich.segment import Segment

# Control characters but for the end of a line, what turns the direction of text, and halves of pairs; not those halves
# that stand for a byte of a path which is no text (PEP 383) and no control character either.
STEERING = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udc9f\udd00-\udfff]")


class Console(rich.console.Console):
    """Writes what could drive a terminal as escape sequences, wherever it stands."""

    def render(self, renderable: Any, options: Optional[rich.console.ConsoleOptions] = None) -> Iterator[Segment]:
        """Yield the parts of ``renderable``, those of text without what steers."""
        for segment in super().render(renderable, options):
            if segment.control or not STEERING.search(segment.text):
                yield segment
            else:
                yield Segment(STEERING.sub(_escaped, segment.text), segment.style)


def _escaped(found: "re.Match[str]") -> str:
    return found[0].encode("unicode_escape").decode()
