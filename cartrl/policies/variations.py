"""What ``cartrl eval`` varies around a policy, and over which values: ``--vary`` and ``--noise``."""

import math
from dataclasses import dataclass
from typing import Optional

from cartrl.errors import UsageError, cut

OBSERVATION = "observation"  # what --noise is added to
NOISE = "noise"  # what people read of it
MOST_AXES = 2  # that a picture shows


@dataclass(frozen=True)
class Axis:
    """A quantity that is varied from ``low`` to ``high``."""

    name: str  # of a constant, of an argument of the environment, or of a wrapper's setting
    low: float
    high: float
    is_noise: bool = False  # whether it is the standard deviation of noise on observations


def parse(vary: Optional[str], noise: Optional[str]) -> list[Axis]:
    """Read ``length=0.25..2,force_mag=5..20`` and ``observation=0..0.3``.

    Raises:
        UsageError: when they are anything else, or more than a picture shows.
    """
    found = [_axis("--vary", part) for part in vary.split(",")] if vary is not None else []
    if noise is not None:
        one = _axis("--noise", noise)
        if one.name != OBSERVATION or one.low < 0:
            raise UsageError(f"--noise {cut(noise)}: it is written {OBSERVATION}=LOW..HIGH, from 0 on")
        found.append(Axis(one.name, one.low, one.high, is_noise=True))
    if len(found) > MOST_AXES:
        raise UsageError(f"--vary and --noise: {len(found)} are varied, and {MOST_AXES} can be shown at a time")
    if len({axis.name for axis in found}) < len(found):
        raise UsageError(f"--vary {cut(str(vary))}: {found[0].name} is given twice")
    return found


def _axis(option: str, text: str) -> Axis:
    name, _, ends = text.strip().partition("=")
    low, dots, high = ends.partition("..")
    try:
        axis = Axis(name, float(low), float(high))
    except ValueError:
        axis = Axis("", math.nan, math.nan)
    if not (name and dots and math.isfinite(axis.low) and math.isfinite(axis.high) and axis.low < axis.high):
        raise UsageError(f"{option} {cut(text)}: it is written NAME=LOW..HIGH, such as length=0.25..2")
    return axis


def said(name: str) -> str:
    """Return the name of an axis for people."""
    return NOISE if name == OBSERVATION else name
