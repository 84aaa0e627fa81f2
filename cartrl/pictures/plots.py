"""Pictures of runs and studies."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional

from cartrl.analysis.numbers import exact
from cartrl.pictures import canvas
from cartrl.pictures.legends import Entry, Words
from cartrl.runs import metrics

if TYPE_CHECKING:  # the drawer of a training needs no SciPy, which cartrl.analysis.curves imports
    from cartrl.analysis.curves import Curve

SUFFIXES = (".png", ".svg", ".pdf")
INK, GREEDY, COLLECT = "#333333", "#0b5fa5", "#8d9caa"
# Each study has a colour, a line and a marker of its own, so that it is known in grey as well. The colours are those
# of Okabe and Ito (2008, "Color universal design"), without the yellow that is lost on white.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
LINES: Sequence[Any] = ("-", "--", "-.", ":", (0, (6, 1, 1, 1, 1, 1)))
MARKERS = ("o", "s", "^", "D", "v", "X", "P", "*")
THRESHOLD: dict[str, Any] = {"color": INK, "linestyle": (0, (1, 3)), "linewidth": 1.2}
MARKED = 8  # markers on a line, about
AXES = {
    "iterations": "Iterations",
    "steps": "Environment steps",
    "seconds": "Wall time of training, in seconds",
}


def learning_curve(source: Path, target: Path, title: str, threshold: Optional[float]) -> None:
    """Draw average returns over iterations from a metrics file: greedy evaluations, and collect returns behind them.

    Raises:
        CartrlError: as each function of this module, when the picture cannot be drawn or written.
    """
    with canvas.drawing(target) as sheet:
        rows, axes = metrics.read(source), sheet.axes
        entries = []
        steps, means = _series(rows, "collect_return_mean")
        if steps:
            lows, highs = _series(rows, "collect_return_min")[1], _series(rows, "collect_return_max")[1]
            band = axes.fill_between(steps, lows, highs, color=COLLECT, alpha=0.3, linewidth=0)
            (line,) = axes.plot(steps, means, color=COLLECT, linewidth=1.2)
            entries += [Entry(band, "collect return, min to max"), Entry(line, "collect return, mean")]
        steps, means = _series(rows, "greedy_return_mean")
        spreads = _series(rows, "greedy_return_std")[1]
        bars = axes.errorbar(steps, means, yerr=spreads, color=GREEDY, marker="o", markersize=5, linewidth=2, capsize=3)
        entries += [Entry(bars, "greedy return, mean ± standard deviation"), *_threshold(axes.axhline, threshold)]
        sheet.save(Words(title, "Iterations", "Average return"), entries)


def curves(
    drawn: "Sequence[Curve]", threshold: Optional[float], words: Words, target: Path, size: Optional[canvas.Size]
) -> None:
    """Draw the learning curves of studies, each with the band of its 95 % intervals."""
    with canvas.drawing(target, size) as sheet:
        entries = [_draw(sheet.axes, index, curve) for index, curve in enumerate(drawn)]
        sheet.save(words, entries + _threshold(sheet.axes.axhline, threshold))


def profiles(drawn: "Sequence[Curve]", threshold: Optional[float], title: str, number: str, target: Path) -> None:
    """Draw performance profiles (Agarwal et al., 2021): the share of seeds whose ``number`` is at least so high."""
    with canvas.drawing(target) as sheet:
        entries = [_draw(sheet.axes, index, curve) for index, curve in enumerate(drawn)]
        sheet.axes.set(ylim=(-0.03, 1.03))
        words = Words(title, number, "Share of seeds with at least that")
        sheet.save(words, entries + _threshold(sheet.axes.axvline, threshold))


def _draw(axes: Any, index: int, curve: "Curve") -> Entry:
    """Draw the line of the study ``index``, and its band with thin edges: in grey, bands alone run together."""
    colour, line = COLOURS[index % len(COLOURS)], LINES[index % len(LINES)]
    every = max(len(curve.places) // MARKED, 1)
    axes.fill_between(curve.places, curve.low, curve.high, color=colour, alpha=0.15, linewidth=0)
    for edge in (curve.low, curve.high):
        axes.plot(curve.places, edge, color=colour, linestyle=line, linewidth=0.6, alpha=0.7)
    (middle,) = axes.plot(
        curve.places, curve.middle, color=colour, linestyle=line, linewidth=2, marker=MARKERS[index % len(MARKERS)],
        markersize=6, markevery=(index * every // 3 % every, every),
    )  # fmt: skip
    return Entry(middle, curve.label)


def _threshold(draw: Callable[..., Any], threshold: Optional[float]) -> list[Entry]:
    """Mark the environment's reward threshold, if there is one, by ``draw``."""
    if threshold is None:
        return []
    return [Entry(draw(threshold, **THRESHOLD), f"reward threshold, {exact(threshold)}")]


def _series(rows: list[metrics.Row], column: str) -> tuple[list[float], list[float]]:
    """Return the steps at which ``column`` has a value, and the values."""
    pairs = [(row["iteration"], row[column]) for row in rows]
    known = [(step, value) for step, value in pairs if step is not None and value is not None]
    return [step for step, _ in known], [value for _, value in known]
