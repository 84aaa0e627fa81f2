"""Pictures of a run."""

from pathlib import Path
from typing import Optional

from cartrl import metrics

INK, GREEDY, COLLECT = "#333333", "#0b5fa5", "#8d9caa"


def learning_curve(source: Path, target: Path, title: str, threshold: Optional[float]) -> None:
    """Draw average returns over iterations from a metrics file: greedy evaluations, and collect returns behind them."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    rows = metrics.read(source)
    figure = Figure(figsize=(8, 4.5), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
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
    if threshold is not None:
        axes.axhline(threshold, color=INK, linestyle="--", linewidth=1, label=f"reward threshold, {threshold:g}")
    axes.set(xlabel="Iterations", ylabel="Average return", title=title)
    axes.margins(x=0.01)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="#e5e5e5", linewidth=0.8)
    axes.set_axisbelow(True)
    figure.legend(frameon=False, fontsize="small", loc="outside lower center", ncols=2)
    draft = target.with_name(f".{target.name}.draft")
    figure.savefig(draft, format=target.suffix[1:])
    draft.replace(target)


def _series(rows: list[metrics.Row], column: str) -> tuple[list[float], list[float]]:
    """Return the steps at which ``column`` has a value, and the values."""
    pairs = [(row["step"], row[column]) for row in rows]
    known = [(step, value) for step, value in pairs if step is not None and value is not None]
    return [step for step, _ in known], [value for _, value in known]
