"""The words of a picture, wrapped to the room that there is: its title, the names of its axes, its legend."""

from collections.abc import Sequence
from typing import Any, Callable, NamedTuple

from cartrl.errors import UsageError

HANDLE, PADDING, GAP = 4.0, 0.8, 2.0  # widths in a legend: a line, the space after it, between columns; in font sizes
FONT_SIZES = (8.3, 7.0, 6.0, 5.0)  # of a legend, in points; smaller ones only where there is no room
FEW = 8  # entries that take two columns at most
ROOM = 60  # pixels of the legend's height that a picture of the usual size has room for
LARGEST_SHARE = 0.4  # of a picture's height that a legend may take
MARGINS = 220  # pixels to the left and right of the axes, about, twice the wider one
ABOVE_AND_BELOW = 110  # pixels of the title, the name of the x axis and its numbers, about
MOST_LINES = 4  # of a name; the rest is cut


class Words(NamedTuple):
    """The title of a picture and the names of its axes."""

    title: str
    x: str
    y: str


class Entry(NamedTuple):
    """A line of a legend."""

    handle: Any  # of matplotlib: the line or the band
    name: str


def write_words(figure: Any, axes: Any, words: Words, legend_height: float) -> None:
    """Write the title and the names of the axes, each in several lines where one is too long."""
    width, height = figure.get_size_inches() * figure.dpi
    for text, written, room in (
        (axes.title, words.title, width - MARGINS),
        (axes.xaxis.label, words.x, width - MARGINS),
        (axes.yaxis.label, words.y, height - legend_height - ABOVE_AND_BELOW),
    ):
        _write(text, "\n".join(wrapped(written, room, _measure(figure, text.get_fontproperties()))))


def add(figure: Any, entries: Sequence[Entry], may_grow: bool) -> float:
    """Add a legend below the axes, no wider than the figure; return its height in pixels.

    With ``may_grow`` the figure is made higher where the legend needs it.

    Raises:
        UsageError: where the legend needs more height, and the figure may not grow.
    """
    height = figure.get_size_inches()[1] * figure.dpi
    for font_size in FONT_SIZES[:1] if may_grow else FONT_SIZES:
        legend = _legend(figure, entries, font_size)
        needed = legend.get_window_extent(figure.canvas.get_renderer()).height
        if may_grow or needed <= LARGEST_SHARE * height:
            break
        legend.remove()
    else:
        least = int(needed / LARGEST_SHARE) + 1
        raise UsageError(f"--size: {len(entries)} names need a picture of at least {least:,} pixels in height")
    if may_grow and needed > ROOM:
        figure.set_figheight((height + needed - ROOM) / figure.dpi)
    return float(needed)


def _legend(figure: Any, entries: Sequence[Entry], font_size: float) -> Any:
    """Return a legend with as many columns as its names allow; too long for two columns, they are wrapped in one."""
    from matplotlib.font_manager import FontProperties

    font = FontProperties(size=font_size)
    measure = _measure(figure, font)
    em: float = font_size * figure.dpi / 72
    width: float = figure.get_size_inches()[0] * figure.dpi - 2 * em
    most = min(len(entries), 2 if len(entries) <= FEW else 4)

    def room(columns: int) -> float:
        return (width - (columns - 1) * GAP * em) / columns - (HANDLE + PADDING) * em

    longest = max(measure(entry.name) for entry in entries)
    columns = next((count for count in range(most, 1, -1) if longest <= room(count)), 1)
    legend = figure.legend(
        [entry.handle for entry in entries], ["name"] * len(entries), prop=font, frameon=False, ncols=columns,
        loc="outside lower center", handlelength=HANDLE, handletextpad=PADDING, columnspacing=GAP, borderpad=0.2,
    )  # fmt: skip
    for text, entry in zip(legend.get_texts(), entries):  # figure.legend would drop names that begin with _
        _write(text, "\n".join(wrapped(entry.name, room(columns), measure)))
    return legend


def _write(text: Any, words: str) -> None:
    text.set_parse_math(False)  # else matplotlib reads what stands between two $ as mathematics
    text.set_text(words)


def _measure(figure: Any, font: Any) -> Callable[[str], float]:
    """Return a function that measures the width of a line in pixels."""
    renderer = figure.canvas.get_renderer()
    return lambda line: float(renderer.get_text_width_height_descent(line, font, ismath=False)[0])


def wrapped(text: str, room: float, measure: Callable[[str], float]) -> list[str]:
    """Return ``text`` in lines that are no wider than ``room``, broken at spaces, or inside of a word that is wider."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if measure(longer) <= room:
            lines[-1] = longer
            continue
        if lines[-1]:
            lines.append("")
        for character in word:
            if lines[-1] and measure(lines[-1] + character) > room:
                if len(lines) == MOST_LINES:
                    return [*lines[:-1], f"{lines[-1][:-1]}…"]
                lines.append("")
            lines[-1] += character
    if len(lines) > MOST_LINES:
        return [*lines[: MOST_LINES - 1], f"{lines[MOST_LINES - 1]} …"]
    return lines
