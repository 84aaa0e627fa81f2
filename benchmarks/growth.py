"""How the cost of an iteration grows with its episodes, the time limit and the width of the network, on both engines.

The policy keeps the pole up, so every episode is as long as the time limit. Where two settings are not varied they are
16 episodes, 500 steps and 64 units.
"""

import statistics
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Optional

from benchmarks.measuring import Failed, Scale, loop, table
from tests.helpers import REPO

PICTURE = REPO / "docs" / "images" / "growth.png"
ENGINES = ("compiled", "vectorized")
STYLES = {"compiled": ("#0b3c6f", "o", "-"), "vectorized": ("#e08a1e", "s", "--")}  # apart in grey as well


class Axis(NamedTuple):
    """A setting that is varied."""

    label: str
    setting: str  # with a place for the value
    values: tuple[int, ...]


AXES = (
    Axis("episodes an iteration", "collect.collect_episodes_per_iteration={}", (1, 2, 8, 32, 128, 512, 1024, 4096)),
    Axis("time limit, steps", "environment.max_episode_steps={}", (200, 500, 1000, 2000, 5000)),
    Axis("width of the layer, units", "agent.fc_layer_params=[{}]", (32, 100, 256, 1024)),
)


class Point(NamedTuple):
    """What an engine needs at one value."""

    built: float  # seconds to build and compile
    iteration: float  # seconds, the median
    rate: float  # environment steps per second
    peak: float  # MiB


Points = dict[str, list[Optional[Point]]]  # of each engine, by value; None where it failed


def measure(scale: Scale) -> str:
    """Measure every point, draw the picture, and return it below a table for each axis."""
    axes = [axis._replace(values=scale.pick(axis.values, axis.values[:2])) for axis in AXES]
    measured = [(axis, {engine: [point(engine, axis, value, scale) for value in axis.values] for engine in ENGINES})
                for axis in axes]  # fmt: skip
    tables = [f"{axis_table(axis, points)}\n\n{verdict(axis, points)}" for axis, points in measured]
    if not scale.quick:
        draw(measured, PICTURE)
        tables.append(f"![Seconds an iteration, both engines](images/{PICTURE.name})")
    return "\n\n".join(tables)


def point(engine: str, axis: Axis, value: int, scale: Scale) -> Optional[Point]:
    """Measure one point in a process of its own; None where that does not end well, as when memory runs out."""
    overrides = (f"collect.engine={engine}", "replay_buffer.replay_buffer_capacity=8192", axis.setting.format(value))
    print(f"{engine}, {axis.label}: {value:,}", file=sys.stderr)
    try:
        run = loop(overrides, "--balancing", "--iterations", scale.pick(50, 2), "--budget", scale.pick(3, 1))
    except Failed as failure:
        print(failure, file=sys.stderr)
        return None
    report = run.report
    seconds = [collect + learn for collect, learn in zip(report["collect"], report["learn"])]
    return Point(report["built"], statistics.median(seconds), sum(report["steps"]) / sum(seconds), run.peak)


def axis_table(axis: Axis, points: Points) -> str:
    """Return the points of an axis, a line a value."""
    header = [axis.label]
    for engine in ENGINES:
        header += [f"{engine}: ms", "steps per second", "MiB"]
    rows = []
    for index, value in enumerate(axis.values):
        row = [f"{value:,}"]
        for engine in ENGINES:
            one = points[engine][index]
            row += [f"{1000 * one.iteration:,.1f}", f"{one.rate:,.0f}", f"{one.peak:,.0f}"] if one else ["–"] * 3
        rows.append([*row, pays_after(points, index)])
    return table([*header, "compiled pays after"], rows)


def pays_after(points: Points, index: int) -> str:
    """Say after how many iterations the compiled engine has made up for its compilation."""
    compiled, vectorized = (points[engine][index] for engine in ENGINES)
    if compiled is None or vectorized is None or compiled.iteration >= vectorized.iteration:
        return "–"
    return f"{max(0.0, (compiled.built - vectorized.built) / (vectorized.iteration - compiled.iteration)):,.0f}"


def verdict(axis: Axis, points: Points) -> str:
    """Say where which engine has the faster iterations."""
    pairs = [
        (value, slow.iteration / fast.iteration)
        for value, fast, slow in zip(axis.values, points["compiled"], points["vectorized"])
        if fast and slow
    ]
    slower = [f"{value:,}" for value, ratio in pairs if ratio < 1]
    low, high = min(ratio for _, ratio in pairs), max(ratio for _, ratio in pairs)
    where = f"slower at {', '.join(slower)}" if slower else "the faster one throughout"
    return (
        f"By {axis.label}: compiled is {where}; an iteration of vectorized takes {low:.1f} to {high:.1f} times as long."
    )


def draw(measured: Sequence[tuple[Axis, Points]], path: Path) -> None:
    """Draw seconds of an iteration over each axis, both engines."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.ticker import FuncFormatter

    figure = Figure(figsize=(10, 3.6), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(1, len(measured), sharey=True)
    for axes, (axis, points) in zip(panels, measured):
        for engine, (colour, marker, line) in STYLES.items():
            known = [(value, one.iteration) for value, one in zip(axis.values, points[engine]) if one]
            axes.plot(*zip(*known), color=colour, marker=marker, linestyle=line, linewidth=1.8, label=engine)
        axes.set(xscale="log", yscale="log", xlabel=axis.label, xticks=axis.values)
        axes.minorticks_off()
        for scaled in (axes.xaxis, axes.yaxis):
            scaled.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
        axes.tick_params(axis="x", labelsize="small", labelrotation=45)
        axes.grid(color="#e5e5e5", linewidth=0.8)
        axes.set_axisbelow(True)
        axes.spines[["top", "right"]].set_visible(False)
    panels[0].set_ylabel("seconds an iteration")
    figure.legend(*panels[0].get_legend_handles_labels(), frameon=False, loc="outside upper center", ncols=2)
    figure.savefig(path)
