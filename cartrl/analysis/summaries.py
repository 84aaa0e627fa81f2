"""A mean and how certain it is: read from JSON, and written for people."""

from collections.abc import Sequence
from typing import Any, NamedTuple, Optional

from cartrl.analysis.numbers import NOTHING, number, numbers, percent


class Summary(NamedTuple):
    """The mean of several values, and how certain it is.

    Attributes:
        middle: the mean or the interquartile mean of the values.
        low, high: the 95 % interval of that mean. None for a single value, and for equal values, which do not show
            what other values are possible.
        differing: None, unless there are several values, all equal. Then it is the greatest share of different values
            with which a sample of this size shows none of them with a probability of 5 % (Clopper and Pearson, 1934).
    """

    middle: float
    low: Optional[float]
    high: Optional[float]
    differing: Optional[float]


def of_json(found: dict[str, Any], middle: str = "interquartile_mean") -> Summary:
    """Return the summary in the JSON of ``cartrl eval``, ``compare`` or ``sweep``, with ``middle`` the mean's key."""
    low, high = found["interval_95"] or (None, None)
    return Summary(found[middle], low, high, found["differing_95"])


def certain(summary: Summary) -> tuple[str, str]:
    """Return the mean, and how certain it is, as texts for two columns of a table."""
    middle, low, high, differing = summary
    if low is not None and high is not None:
        text, *ends = numbers([middle, low, high], (high - low) / 2)
        return text, " to ".join(ends)
    return number(middle), NOTHING if differing is None else f"equal; {percent(differing)} may differ"


def means_said(cells: Sequence[dict[str, Any]]) -> list[str]:
    """Write the mean of each of ``cells`` of JSON, all with the digits that the widest of their intervals justifies."""
    halves = [(cell["interval_95"][1] - cell["interval_95"][0]) / 2 for cell in cells if cell["interval_95"]]
    return numbers([cell["mean"] for cell in cells], max(halves, default=None))


def share_said(found: dict[str, Any]) -> str:
    """Return how many of the seeds count, from the ``solved`` in the JSON of ``cartrl compare`` or ``sweep``."""
    return f"{found['count']} of {found['seeds']}, {percent(found['share'])}"


def certainty(summary: Summary, count: int, what: str) -> tuple[str, str]:
    """Return the mean of ``count`` episodes or seeds (``what``), and how certain it is, in words."""
    text, ends = certain(summary)
    if summary.low is not None:
        return text, f"95 % interval {ends}"
    if summary.differing is not None:
        return text, f"in all {count:,} {what}s; up to {percent(summary.differing)} of {what}s may differ"
    return text, f"one {what} has no interval" if count == 1 else "no interval"
