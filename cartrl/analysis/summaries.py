"""A mean and how certain it is: as JSON has it, and as people read it."""

from typing import Any, NamedTuple, Optional

from cartrl.analysis.numbers import NOTHING, number, numbers, percent


class Summary(NamedTuple):
    """The mean of several values, and how certain it is.

    Attributes:
        middle: their mean or interquartile mean.
        low, high: its 95 % interval. None for a single value, and for equal ones, which say nothing of what other
            values there might be.
        differing: where several values are all equal, the greatest share of others that would have stayed unseen in
            so many with a probability of 5 % (Clopper and Pearson, 1934).
    """

    middle: float
    low: Optional[float]
    high: Optional[float]
    differing: Optional[float]


def of_json(found: dict[str, Any], middle: str = "interquartile_mean") -> Summary:
    """Return the summary that the JSON of ``cartrl eval``, ``compare`` or ``sweep`` holds, its mean as ``middle``."""
    low, high = found["interval_95"] or (None, None)
    return Summary(found[middle], low, high, found["differing_95"])


def certain(summary: Summary) -> tuple[str, str]:
    """Return a mean, and how certain it is, for two columns of a table."""
    middle, low, high, differing = summary
    if low is not None and high is not None:
        text, *ends = numbers([middle, low, high], (high - low) / 2)
        return text, " to ".join(ends)
    return number(middle), NOTHING if differing is None else f"equal; {percent(differing)} may differ"


def certainty(summary: Summary, count: int, what: str) -> tuple[str, str]:
    """Return a mean of ``count`` episodes or seeds (``what``), and in words how certain it is."""
    text, ends = certain(summary)
    if summary.low is not None:
        return text, f"95 % interval {ends}"
    if summary.differing is not None:
        return text, f"in all {count:,} {what}s; up to {percent(summary.differing)} of {what}s may differ"
    return text, f"one {what} has no interval" if count == 1 else "no interval"
