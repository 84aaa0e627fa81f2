"""The charts of a report: learning curves of a run and of a study, and the returns of an evaluation."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Optional

import numpy as np
from numpy.typing import NDArray

from cartrl.analysis.curves import Curve as StudyCurve
from cartrl.analysis.numbers import NOTHING, interval, plus_minus
from cartrl.report.charts import Axis, Chart, Layer, Plane, Point, Stop, axis
from cartrl.report.numbers import given, number, with_minus
from cartrl.runs.metrics import Row

STOPS = 300  # neighbouring iterations of a longer run are joined, because a screen has no more pixels
SMALL_STOPS = 80
HISTOGRAM_COLUMNS = 24
COLLECTED = ("iteration", "collect_return_mean", "collect_return_min", "collect_return_max")
EVALUATED = ("iteration", "greedy_return_mean", "greedy_return_std")


@dataclass(frozen=True)
class Curve:
    """The returns in the metrics of a run.

    Attributes:
        collected: [N, 5], for each of N stretches of iterations: the first iteration, the last, and the mean, least and
            greatest of the returns that were collected in them.
        evaluated: [M, 3], for each of M evaluations: the iteration, and mean and standard deviation of the returns.
    """

    collected: NDArray[Any]
    evaluated: NDArray[Any]

    @property
    def last_step(self) -> int:
        """Return the last iteration that is known of."""
        return int(max([0.0, *self.collected[-1:, 1], *self.evaluated[-1:, 0]]))

    @property
    def reached(self) -> list[float]:
        """Return the least and greatest collected returns and the means of the evaluations."""
        return [*self.collected[:, 3:].ravel().tolist(), *self.evaluated[:, 1].tolist()]


def curve_of(rows: Sequence[Row]) -> Curve:
    """Return the curve of the rows of a metrics file; rows without finite returns are left out."""
    steps, means, lows, highs = _table(rows, COLLECTED).T
    return Curve(np.stack([steps, steps, means, lows, highs], axis=1), _table(rows, EVALUATED))


def joined(curve: Curve, most: int) -> Curve:
    """Return ``curve`` with at most ``most`` stretches of iterations."""
    if len(curve.collected) <= most:
        return curve
    blocks = np.array_split(curve.collected, most)
    rows = [(b[0, 0], b[-1, 1], b[:, 2].mean(), b[:, 3].min(), b[:, 4].max()) for b in blocks]
    return Curve(np.array(rows), curve.evaluated)


def _table(rows: Sequence[Row], names: Sequence[str]) -> NDArray[Any]:
    """Return the columns ``names`` of the rows where all are finite numbers, float64 [N, len(names)]."""
    found = np.array([[row.get(name) for name in names] for row in rows], np.float64).reshape(-1, len(names))
    is_whole: NDArray[np.bool_] = np.isfinite(found).all(axis=1)
    return found[is_whole]


def plane_of(curves: Sequence[Curve], values: Sequence[float], threshold: Optional[float]) -> Plane:
    """Return a plane that holds the iterations of all ``curves``, the returns ``values`` and the threshold."""
    last = max([1, *(curve.last_step for curve in curves)])
    y = axis([*values, *([] if threshold is None else [threshold])])
    return Plane(axis([0, last], tight=True), y, threshold)


def run_chart(whole: Curve, threshold: Optional[float]) -> Chart:
    """Draw a run: its collected returns, and in front of them its evaluations."""
    curve = joined(whole, STOPS)
    steps, means, spreads = curve.evaluated.T
    plane = plane_of([curve], [*curve.reached, *(means - spreads).tolist(), *(means + spreads).tolist()], threshold)
    layers = [
        *_collected_layers(curve, plane, ("collected, least to greatest", "collected, mean")),
        Layer("spread", plane.bars(_points(steps, means - spreads), _points(steps, means + spreads))),
        Layer("greedy", plane.line(_points(steps, means)), "greedy policy, mean ± standard deviation"),
        Layer("dots", plane.dots(_points(steps, means))),
    ]
    stops = [_first_stop(curve, plane), *(_run_stop(curve, part, plane) for part in curve.collected)]
    return Chart("Learning curve", "iterations", plane, layers, stops)


def small_chart(whole: Curve, plane: Plane) -> Chart:
    """Draw a run small, on the plane that all runs of its study share."""
    curve = joined(whole, SMALL_STOPS)
    greedy = _points(*curve.evaluated.T[:2])
    layers = [
        *_collected_layers(curve, plane, ("", "")),
        Layer("greedy", plane.line(greedy)),
        Layer("dots", plane.dots(greedy)),
    ]
    return Chart("Learning curve", "iterations", plane, layers)


def _collected_layers(curve: Curve, plane: Plane, names: tuple[str, str]) -> list[Layer]:
    _, steps, means, lows, highs = curve.collected.T
    return [
        Layer("band", plane.band(_points(steps, lows), _points(steps, highs)), names[0]),
        Layer("collected", plane.line(_points(steps, means)), names[1]),
    ]


def _first_stop(curve: Curve, plane: Plane) -> Stop:
    greedy, marks = _greedy_at(curve, 0, plane.y)
    return Stop(plane.x.at(0), "iteration 0", [greedy, NOTHING, NOTHING], marks)


def _run_stop(curve: Curve, part: NDArray[Any], plane: Plane) -> Stop:
    first, last, mean, low, high = part.tolist()
    label = f"iteration {last:,.0f}" if first == last else f"iterations {first:,.0f} to {last:,.0f}"
    greedy, marks = _greedy_at(curve, last, plane.y)
    values = [greedy, number(mean), f"{number(low)} to {number(high)}"]
    return Stop(plane.x.at(last), label, values, [plane.y.at(mean), *marks])


def _greedy_at(curve: Curve, step: float, y: Axis) -> tuple[str, list[float]]:
    """Return the last evaluation up to ``step`` as text, and its place on y if it is at ``step`` itself."""
    past = curve.evaluated[curve.evaluated[:, 0] <= step]
    if not len(past):
        return NOTHING, []
    at, mean, std = past[-1].tolist()
    is_here = at == step
    text = with_minus(plus_minus(mean, std))
    return (text, [y.at(mean)]) if is_here else (f"{text}, at {at:,.0f}", [])


def study_chart(
    seeds: Sequence[Curve], together: StudyCurve, threshold: Optional[float], unit: str = "iteration"
) -> Chart:
    """Draw a study: each seed's evaluations, over ``unit``s, and in front of them their interquartile mean."""
    known = np.isfinite(together.low)  # a single seed has no interval
    reached = [mean for seed in seeds for mean in seed.evaluated[:, 1].tolist()]
    plane = plane_of(seeds, [*reached, *together.low[known].tolist(), *together.high[known].tolist()], threshold)
    middle, most = _points(together.places, together.middle), max(len(seed.evaluated) for seed in seeds)
    lows, highs = (_points(together.places[known], bound[known]) for bound in (together.low, together.high))
    layers = [
        Layer("seeds", "".join(plane.line(_points(*seed.evaluated.T[:2])) for seed in seeds)),
        Layer("interval", plane.band(lows, highs), "95 % interval"),
        Layer("greedy", plane.line(middle), "interquartile mean of the seeds"),
        Layer("dots", plane.dots(middle if len(middle) <= most else [])),  # none between evaluations
    ]
    bounds = zip(together.low.tolist(), together.high.tolist())
    x, y = plane.x, plane.y
    stops = [
        Stop(x.at(step), f"{unit} {step:,.0f}", [number(value, (high - low) / 2), _interval(low, high)], [y.at(value)])
        for (step, value), (low, high) in zip(middle, bounds)
    ]
    return Chart("Learning curve", f"{unit}s", plane, layers, stops)


def _interval(low: float, high: float) -> str:
    """Write an interval, or a dash for a single seed, which has none, and for equal returns, whose is not known."""
    return with_minus(interval(low, high)) if low < high else NOTHING


@dataclass(frozen=True)
class Center:
    """The centre of returns: their mean or interquartile mean, and its 95 % interval if it has one."""

    name: str
    value: float
    low: Optional[float]
    high: Optional[float]


def histogram(title: str, what: str, returns: NDArray[Any], center: Center, threshold: Optional[float]) -> Chart:
    """Draw the histogram of the ``returns`` [N] of ``what`` (episodes, seeds), and their centre."""
    ends = [] if center.low is None or center.high is None else [center.low, center.high]
    x = axis([*returns.tolist(), *ends, *([] if threshold is None else [threshold])])
    counts, edges = np.histogram(returns, HISTOGRAM_COLUMNS, (x.low, x.high))
    y = axis([0, max(int(counts.max()), 3)], count=3)
    plane = Plane(x, y)
    layers = [
        *([Layer("interval", plane.columns(ends, [y.high]), "95 % interval")] if ends else []),
        Layer("columns", plane.columns(edges.tolist(), counts.tolist()), what),
        Layer("center", plane.upright(center.value), center.name),
        *([] if threshold is None else [Layer("threshold", plane.upright(threshold), "reward threshold")]),
    ]
    constant = ([] if threshold is None else [given(threshold)]) + [
        number(center.value, (ends[1] - ends[0]) / 2 if ends else None)
    ]
    bounds = [_interval(*ends)] if ends else []
    stops = [
        Stop(
            x.at((a + b) / 2),
            f"return {number(a)} to {number(b)}",
            [*constant, f"{count} of {len(returns)}", *bounds],
            [y.at(count)],
        )
        for a, b, count in zip(edges.tolist(), edges[1:].tolist(), counts.tolist())
    ]
    return Chart(title, "return", plane, layers, stops, rest=int(counts.argmax()))


def _points(xs: NDArray[Any], ys: NDArray[Any]) -> list[Point]:
    return list(zip(xs.tolist(), ys.tolist()))
