"""The chart of a sweep: a learning curve for each of its best settings."""

from collections.abc import Sequence
from typing import Optional

import numpy as np

from cartrl.analysis.curves import Curve
from cartrl.analysis.numbers import NOTHING, numbers
from cartrl.report.charts import Chart, Layer, Plane, Stop, axis
from cartrl.report.figures import STOPS
from cartrl.report.numbers import with_minus


def sweep_chart(curves: Sequence[Curve], threshold: Optional[float]) -> Chart:
    """Draw the ``curves``, of which the first is the best: it is drawn in front, and stands first in the legend."""
    places = np.unique(np.concatenate([curve.places for curve in curves]))
    thresholds = [] if threshold is None else [threshold]
    x = axis([0.0, max(1.0, float(places[-1]))], tight=True)
    y = axis([*np.concatenate([curve.middle for curve in curves]).tolist(), *thresholds])
    plane = Plane(x, y, threshold)
    layers = [_layer(curve, f"c{position}", plane) for position, curve in enumerate(curves, start=1)]
    shown = places[np.unique(np.linspace(0, len(places) - 1, STOPS).round().astype(int))]
    stops = [_stop(curves, step, plane) for step in shown.tolist()]
    return Chart("Learning curves", "iterations", plane, layers[::-1], stops)


def _layer(curve: Curve, style: str, plane: Plane) -> Layer:
    points = list(zip(curve.places.tolist(), curve.middle.tolist()))
    if len(points) == 1:
        return Layer(f"points {style}", plane.dots(points), curve.label)
    return Layer(f"line {style}", plane.line(points), curve.label)


def _stop(curves: Sequence[Curve], step: float, plane: Plane) -> Stop:
    texts, marks = [], []
    for curve in curves:
        past = int(np.searchsorted(curve.places, step, side="right")) - 1
        texts.append(_value(curve, past, step) if past >= 0 else NOTHING)
        if past >= 0 and curve.places[past] == step:
            marks.append(plane.y.at(float(curve.middle[past])))
    return Stop(plane.x.at(step), f"iteration {step:,.0f}", texts, marks)


def _value(curve: Curve, index: int, step: float) -> str:
    """Write the value of ``curve`` at ``index`` with its interval, and the iteration if that is not ``step``."""
    middle, low, high = (float(values[index]) for values in (curve.middle, curve.low, curve.high))
    if low < high:  # a single seed has no interval, nor have equal returns
        text, *ends = numbers([middle, low, high], (high - low) / 2)
        text += f" ({' to '.join(ends)})"
    else:
        (text,) = numbers([middle])
    at = float(curve.places[index])
    return with_minus(text if at == step else f"{text}, at {at:,.0f}")
