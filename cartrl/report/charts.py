"""Geometry of the charts: from values to SVG paths, in percent of the plot's width and height.

The template stretches each plot to the width of the page, and writes the labels beside it as HTML, so that labels keep
their size on a phone.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Optional

from cartrl.analysis.numbers import round_step
from cartrl.report.numbers import given

Point = tuple[float, float]


@dataclass(frozen=True)
class Axis:
    """A scale from ``low`` to ``high`` with its ticks."""

    low: float
    high: float
    ticks: list[float]

    def at(self, value: float) -> float:
        """Return the place of ``value``, in percent of the way from ``low`` to ``high``."""
        return round(100 * (value - self.low) / (self.high - self.low), 2)

    @property
    def marks(self) -> list[tuple[float, str]]:
        """Return (place, label) of each tick."""
        return [(self.at(tick), given(tick)) for tick in self.ticks]


@dataclass(frozen=True)
class Layer:
    """A path that the template draws in its style for ``kind``; the legend shows its ``name``, if it has one."""

    kind: str
    path: str
    name: str = ""


@dataclass(frozen=True)
class Stop:
    """A place of the chart at which pointer and arrow keys stop: a place on x, and a value for each legend entry."""

    x: float
    label: str
    values: list[str]
    marks: list[float] = field(default_factory=list)  # places on y

    @property
    def data(self) -> list[Any]:
        """Return the list that the page's script reads."""
        return [self.x, self.label, self.values, self.marks]


@dataclass(frozen=True)
class Chart:
    """A chart that the template draws."""

    title: str
    x_label: str
    x: Axis
    y: Axis
    layers: list[Layer]
    stops: list[Stop] = field(default_factory=list)
    threshold: Optional[float] = None
    rest: int = -1  # the stop whose values are shown while nobody points at one

    @property
    def legend(self) -> list[Layer]:
        """Return the layers that have a name, the foremost first."""
        return [layer for layer in reversed(self.layers) if layer.name]


def axis(values: Iterable[float], count: int = 5, tight: bool = False) -> Axis:
    """Return a scale over ``values`` with about ``count`` steps of 1, 2 or 5 times a power of ten.

    The scale begins and ends at ticks, or with ``tight`` at the least and the greatest value.
    """
    known = list(values) or [0.0]
    low, high = min(known), max(known)
    if low == high:
        margin = max(abs(low) * 0.05, 1.0)
        low, high, tight = low - margin, high + margin, False
    step = round_step(high - low, count)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    ticks = [round(index * step, 12) for index in range(first, last + 1)]
    if tight:
        return Axis(low, high, [tick for tick in ticks if low <= tick <= high])
    return Axis(ticks[0], ticks[-1], ticks)


def line(points: Sequence[Point], x: Axis, y: Axis) -> str:
    """Return the path through ``points``."""
    return "M" + "L".join(_place(point, x, y) for point in points) if points else ""


def dots(points: Sequence[Point], x: Axis, y: Axis) -> str:
    """Return a path of zero length at each point, which round caps draw as a dot; stretching does not deform it."""
    return "".join(f"M{_place(point, x, y)}h0" for point in points)


def band(lows: Sequence[Point], highs: Sequence[Point], x: Axis, y: Axis) -> str:
    """Return the area between two lines."""
    return line([*lows, *reversed(highs)], x, y) + "Z" if lows else ""


def bars(lows: Sequence[Point], highs: Sequence[Point], x: Axis, y: Axis) -> str:
    """Return a vertical stroke for each pair of points."""
    return "".join(line(pair, x, y) for pair in zip(lows, highs))


def columns(edges: Sequence[float], counts: Sequence[float], x: Axis, y: Axis) -> str:
    """Return a histogram's columns: ``counts`` [N] between ``edges`` [N + 1]."""
    corners = zip(edges, edges[1:], counts)
    return "".join(line([(a, 0), (a, count), (b, count), (b, 0)], x, y) + "Z" for a, b, count in corners if count)


def _place(point: Point, x: Axis, y: Axis) -> str:
    return f"{x.at(point[0]):g},{100 - y.at(point[1]):g}"
