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
class Plane:
    """The area in which a chart is drawn: two axes, and the reward threshold that it marks, if any.

    Its methods return SVG paths through points given by their values on both axes.
    """

    x: Axis
    y: Axis
    threshold: Optional[float] = None

    def line(self, points: Sequence[Point]) -> str:
        """Return the path through ``points``."""
        return "M" + "L".join(map(self._place, points)) if points else ""

    def dots(self, points: Sequence[Point]) -> str:
        """Return a path of zero length at each point, which round caps draw as a dot; stretching does not deform it."""
        return "".join(f"M{self._place(point)}h0" for point in points)

    def band(self, lows: Sequence[Point], highs: Sequence[Point]) -> str:
        """Return the area between two lines."""
        return self.line([*lows, *reversed(highs)]) + "Z" if lows else ""

    def bars(self, lows: Sequence[Point], highs: Sequence[Point]) -> str:
        """Return a vertical stroke for each pair of points."""
        return "".join(map(self.line, zip(lows, highs)))

    def columns(self, edges: Sequence[float], counts: Sequence[float]) -> str:
        """Return a histogram's columns: ``counts`` [N] between ``edges`` [N + 1]."""
        corners = zip(edges, edges[1:], counts)
        return "".join(self.line([(a, 0), (a, count), (b, count), (b, 0)]) + "Z" for a, b, count in corners if count)

    def upright(self, value: float) -> str:
        """Return a vertical line at ``value``, from the bottom to the top."""
        return self.line([(value, self.y.low), (value, self.y.high)])

    def _place(self, point: Point) -> str:
        return f"{self.x.at(point[0]):g},{100 - self.y.at(point[1]):g}"


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
    plane: Plane
    layers: list[Layer]
    stops: list[Stop] = field(default_factory=list)
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
