"""How certain the mean return of episodes is, and the verdict on it. docs/studies.md tests the intervals."""

from typing import Any, Optional

import numpy as np
from numpy.typing import NDArray

from cartrl import randomness
from cartrl.analysis.seeds import RESAMPLES, Interval, expanded, mean, summary_of
from cartrl.analysis.summaries import Summary

LARGEST_BLOCK = 2_000_000  # draws that are in memory at once
FEW = 0.05  # a share of episodes: if no more may differ, equal returns lead to a verdict


def bootstrap_interval(values: NDArray[Any], level: float = 0.95) -> Interval:
    """Return the expanded bootstrap interval of the mean of ``values`` [N], with fixed draws; NaN for one value."""
    rng = np.random.default_rng(randomness.draw(4, 0, randomness.Stream.BOOTSTRAP))
    blocks = np.array_split(np.arange(RESAMPLES), 1 + RESAMPLES * len(values) // LARGEST_BLOCK)
    means = np.concatenate([rng.choice(values, (len(block), len(values))).mean(axis=1) for block in blocks])
    return expanded(values, means, mean, level)


def summary(returns: NDArray[Any]) -> Summary:
    """Return the mean of the ``returns`` [N] of episodes, and how certain it is."""
    return summary_of(returns, float(returns.mean()), bootstrap_interval)


def verdict(found: Summary, threshold: Optional[float]) -> Optional[str]:
    """Compare a mean return with the return from which the environment counts as solved.

    Returns:
        ``solved`` or ``not solved`` when the whole interval lies on one side, ``undecided`` when the threshold is
        inside it or there is no interval, None where there is no threshold.
    """
    if threshold is None:
        return None
    if found.low is None or found.high is None:
        low, high = (found.middle, found.middle) if _equal_returns_decide(found, threshold) else (-np.inf, np.inf)
    else:
        low, high = found.low, found.high
    if low >= threshold:
        return "solved"
    return "not solved" if high < threshold else "undecided"


def _equal_returns_decide(found: Summary, threshold: float) -> bool:
    """Whether equal returns lead to a verdict, although episodes that were not seen may have another return.

    They do if at most `FEW` of all episodes may differ, or if those that may differ would have to do so by more than a
    whole return to bring the mean to the other side of the threshold.
    """
    if found.differing is None:
        return False
    whole = max(abs(found.middle), abs(threshold))
    return found.differing <= FEW or found.differing * whole < abs(found.middle - threshold)
