"""Pictures of runs and studies."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional

from cartrl import files, metrics
from cartrl.display.numbers import exact

if TYPE_CHECKING:  # training draws a picture too, and has no need of what the curves of studies are made with
    from cartrl.curves import Curve

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


def load() -> None:
    """Import matplotlib now, so that the first picture need not wait for it."""
    import matplotlib.backends.backend_agg
    import matplotlib.figure  # noqa: F401


def learning_curve(source: Path, target: Path, title: str, threshold: Optional[float]) -> None:
    """Draw average returns over iterations from a metrics file: greedy evaluations, and collect returns behind them."""
    rows = metrics.read(source)
    figure, axes = _figure()
    steps, means = _series(rows, "collect_return_mean")
    if steps:
        lows, highs = _series(rows, "collect_return_min")[1], _series(rows, "collect_return_max")[1]
        axes.fill_between(steps, lows, highs, color=COLLECT, alpha=0.3, linewidth=0, label="collect return, min to max")
        axes.plot(steps, means, color=COLLECT, linewidth=1.2, label="collect return, mean")
    steps, means = _series(rows, "greedy_return_mean")
    spreads = _series(rows, "greedy_return_std")[1]
    axes.errorbar(
        steps, means, yerr=spreads, color=GREEDY, marker="o", markersize=5, linewidth=2, capsize=3,
        label="greedy return, mean ± standard deviation",
    )  # fmt: skip
    _draw_threshold(axes, threshold)
    axes.set(xlabel="Iterations", ylabel="Average return", title=title)
    _save(figure, axes, target)


def curves(
    drawn: "Sequence[Curve]", target: Path, title: str, xlabel: str, ylabel: str, threshold: Optional[float]
) -> None:
    """Draw the learning curves of studies, each with the band of its 95 % intervals."""
    figure, axes = _figure()
    for index, curve in enumerate(drawn):
        _draw(axes, index, curve)
    _draw_threshold(axes, threshold)
    axes.set(xlabel=xlabel, ylabel=ylabel, title=title)
    _save(figure, axes, target)


def profiles(drawn: "Sequence[Curve]", target: Path, title: str, threshold: Optional[float]) -> None:
    """Draw performance profiles (Agarwal et al., 2021): the share of seeds whose final return is at least so high."""
    figure, axes = _figure()
    for index, curve in enumerate(drawn):
        _draw(axes, index, curve)
    if threshold is not None:
        axes.axvline(threshold, label=_threshold_label(threshold), **THRESHOLD)
    axes.set(xlabel="Final return", ylabel="Share of seeds with at least that", title=title, ylim=(-0.03, 1.03))
    _save(figure, axes, target)


def _figure() -> tuple[Any, Any]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 4.5), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.add_subplot()


def _draw(axes: Any, index: int, curve: "Curve") -> None:
    """Draw the line of the study ``index``, and its band with thin edges: in grey, bands alone run together."""
    colour, line = COLOURS[index % len(COLOURS)], LINES[index % len(LINES)]
    every = max(len(curve.places) // MARKED, 1)
    axes.fill_between(curve.places, curve.low, curve.high, color=colour, alpha=0.15, linewidth=0)
    for edge in (curve.low, curve.high):
        axes.plot(curve.places, edge, color=colour, linestyle=line, linewidth=0.6, alpha=0.7)
    axes.plot(
        curve.places, curve.middle, color=colour, linestyle=line, linewidth=2, marker=MARKERS[index % len(MARKERS)],
        markersize=6, markevery=(index * every // 3 % every, every), label=curve.label,
    )  # fmt: skip


def _draw_threshold(axes: Any, threshold: Optional[float]) -> None:
    if threshold is not None:
        axes.axhline(threshold, label=_threshold_label(threshold), **THRESHOLD)


def _threshold_label(threshold: float) -> str:
    return f"reward threshold, {exact(threshold)}"


def _save(figure: Any, axes: Any, target: Path) -> None:
    axes.margins(x=0.01)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="#e5e5e5", linewidth=0.8)
    axes.set_axisbelow(True)
    figure.legend(frameon=False, fontsize="small", loc="outside lower center", ncols=2, handlelength=4)
    with files.whole_file(target) as draft:
        if target.suffix.lower() == ".png":
            figure.canvas.print_png(draft)  # savefig would lay out and draw everything twice
        else:
            figure.savefig(draft, format=target.suffix[1:].lower())


def _series(rows: list[metrics.Row], column: str) -> tuple[list[float], list[float]]:
    """Return the steps at which ``column`` has a value, and the values."""
    pairs = [(row["step"], row[column]) for row in rows]
    known = [(step, value) for step, value in pairs if step is not None and value is not None]
    return [step for step, _ in known], [value for _, value in known]
