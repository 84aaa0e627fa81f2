"""Writes numbers for people: with as many digits as their interval or spread justifies."""

import math
from collections.abc import Sequence
from typing import Optional

NOTHING = "–"
DIGITS = 2  # significant digits of half an interval, or of a spread
WITHOUT_SPREAD = 4  # significant digits of a number without interval and spread
SMALL, LARGE = 1e-4, 1e12  # numbers outside of these are written with a power of ten


def number(value: Optional[float], spread: Optional[float] = None) -> str:
    """Return a number with commas between thousands, and the digits that its ``spread`` justifies; a dash for None."""
    return numbers([value], spread)[0]


def numbers(values: Sequence[Optional[float]], spread: Optional[float] = None) -> list[str]:
    """Return numbers that belong together, with the same digits: a mean and its interval, or bounds and median.

    ``spread`` is half the interval's width, or a standard deviation; the digits are such that it would show two
    significant ones. Without a spread, or with one of 0, the largest number shows four significant digits. If all are
    whole numbers, they are written without a point.
    """
    known = [value for value in values if value is not None and math.isfinite(value)]
    largest = max(map(abs, known), default=0.0)
    places = _places(spread, DIGITS) if spread and math.isfinite(spread) else _places(largest, WITHOUT_SPREAD)
    is_whole = largest < LARGE and all(float(value).is_integer() for value in known)
    if largest and not SMALL <= largest < LARGE:
        significant = max(places + math.floor(math.log10(largest)), 1)
        return [_written(value, f".{significant}e") for value in values]
    texts = [_written(value, f",.{0 if is_whole else max(places, 0)}f") for value in values]
    return texts if spread else [_without_zeros(text) for text in texts]


def _places(size: float, significant: int) -> int:
    """Return the places after the point at which a number of this ``size`` shows so many ``significant`` digits."""
    return significant - 1 - math.floor(math.log10(size)) if size else 0


def _written(value: Optional[float], form: str) -> str:
    if value is None or math.isnan(value):
        return NOTHING
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    if not value:
        return "0" if "e" in form else format(0.0, form)
    text = format(value, form)
    return text.lstrip("-") if not text.strip("-0.,") else text


def _without_zeros(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text and "e" not in text else text


def counted(count: int, what: str) -> str:
    """Return ``count`` and the noun ``what``, which has a plural s unless the count is 1: ``1 seed``, ``2 seeds``."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def exact(value: float) -> str:
    """Return a number that was not measured, such as a threshold, with all of its digits."""
    return f"{value:,.10g}" if not value or SMALL <= abs(value) < LARGE else f"{value:.10g}"


def plus_minus(mean: float, std: float) -> str:
    """Return a mean and its standard deviation."""
    return " ± ".join(numbers([mean, std], std))


def interval(low: float, high: float) -> str:
    """Return both ends of an interval."""
    return " to ".join(numbers([low, high], (high - low) / 2))


def round_step(span: float, count: int = 5) -> float:
    """Return the step of an axis: 1, 2 or 5 times a power of ten, of which about ``count`` make up ``span``."""
    rough = span / count
    power = 10.0 ** math.floor(math.log10(rough))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * 0.999)


def percent(share: float) -> str:
    """Return a share in percent; only none is written as 0 %, and only all as 100 %."""
    if 0 < share < 0.005:
        return "< 1 %"
    return "> 99 %" if 0.995 <= share < 1 else f"{100 * share:.0f} %"


def p_value(value: float) -> str:
    """Return a p-value after = or <."""
    return f"= {value:.4f}" if value >= 0.0001 else "< 0.0001"


def clock(seconds: float) -> str:
    """Write a time: ``12 s``, ``2:05 min`` or ``1:30 h``."""
    if not math.isfinite(seconds):
        return NOTHING
    if seconds < 99.5:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d} min" if minutes < 100 else f"{minutes // 60}:{minutes % 60:02d} h"
