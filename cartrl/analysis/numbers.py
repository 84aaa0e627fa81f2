"""Numbers written for people: as many digits as the interval, or the spread, justifies."""

import math
from collections.abc import Sequence
from typing import Optional

NOTHING = "–"
DIGITS = 2  # significant ones of half an interval, or of a spread
WITHOUT_SPREAD = 4  # significant digits of a number that comes alone
SMALL, LARGE = 1e-4, 1e12  # where powers of ten are shorter


def number(value: Optional[float], spread: Optional[float] = None) -> str:
    """Return a number with thousands set apart, and with the digits that its ``spread`` justifies; a dash for none."""
    return numbers([value], spread)[0]


def numbers(values: Sequence[Optional[float]], spread: Optional[float] = None) -> list[str]:
    """Return numbers that belong together, with the same digits: a mean and its interval, or bounds and median.

    ``spread`` is half the interval's width, or a standard deviation, and shows two significant digits. Without one, or
    with one of 0, there are four significant digits of the largest. Whole numbers, all of them, stay whole.
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


def exact(value: float) -> str:
    """Return a number that is given, such as a threshold, with all of its digits."""
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
    """Return a share in percent; 0 % and 100 % are said of none and of all alone."""
    if 0 < share < 0.005:
        return "< 1 %"
    return "> 99 %" if 0.995 <= share < 1 else f"{100 * share:.0f} %"


def p_value(value: float) -> str:
    """Return a p-value with its relation."""
    return f"= {value:.4f}" if value >= 0.0001 else "< 0.0001"
