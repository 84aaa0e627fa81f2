"""Means across the seeds of a study, and how certain they are. docs/studies.md tests the intervals."""

import functools
import math
from typing import Any, Callable, Optional

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri, stdtrit

from cartrl import randomness
from cartrl.analysis.summaries import Summary

RESAMPLES = 10_000
QUARTER = 0.25

Interval = tuple[float, float]
Statistic = Callable[[NDArray[Any]], NDArray[Any]]


def mean(values: NDArray[Any]) -> NDArray[Any]:
    """Return the mean of ``values`` [..., N] along the last axis."""
    return np.asarray(values.mean(axis=-1))


def interquartile_mean(values: NDArray[Any]) -> NDArray[Any]:
    """Return the mean of the middle half of ``values`` [..., N] along the last axis (Agarwal et al., 2021).

    As in that paper, N / 4 is rounded down.
    """
    count = values.shape[-1]
    cut = int(QUARTER * count)
    return np.asarray(np.sort(values, axis=-1)[..., cut : count - cut].mean(axis=-1))


def resampled(values: NDArray[Any], statistic: Statistic) -> NDArray[Any]:
    """Return ``statistic`` of `RESAMPLES` bootstrap samples (Efron, 1979) of ``values`` [N], with fixed draws."""
    return statistic(np.sort(values)[_draws(len(values))])


@functools.lru_cache(maxsize=8)
def _draws(count: int) -> NDArray[Any]:
    """Return the positions among ``count`` sorted values of each bootstrap sample: [RESAMPLES, count], each row sorted.

    A sorted row takes sorted values, so that no sample has to be sorted, which would take most of the time of a curve's
    many intervals.
    """
    rng = np.random.default_rng(randomness.draw(4, 0, randomness.Stream.BOOTSTRAP))
    return np.sort(rng.integers(count, size=(RESAMPLES, count)), axis=1)


def interval(values: NDArray[Any], statistic: Statistic = interquartile_mean, level: float = 0.95) -> Interval:
    """Return the expanded bootstrap interval of ``statistic`` over the seeds ``values`` [N]; NaN for one seed.

    Values may be infinite. Equal values give an interval of width 0: see `Summary`.
    """
    return expanded(values, resampled(values, statistic), statistic, level)


def expanded(values: NDArray[Any], found: NDArray[Any], statistic: Statistic, level: float) -> Interval:
    """Return the interval of ``statistic`` over ``values`` [N]; ``found`` are its values for bootstrap samples.

    The plain percentile interval is too short for few values. This one is expanded, after Hesterberg (2015, "What
    teachers should know about the bootstrap"): its tails are those at which a normal distribution has the quantiles
    of Student's t with N - 1 degrees of freedom. Hesterberg's factor sqrt(N / (N - 1)) is for the mean alone: the
    interval of an interquartile mean has its coverage without that factor. No bootstrap sample leaves the range of the
    values, and N values from a symmetric distribution all lie on one side of its middle with probability 2^(1 - N).
    Where that exceeds the error level, the interval is at least Student's.
    """
    count = len(values)
    if count < 2:
        return math.nan, math.nan
    quantile = float(stdtrit(count - 1, (1 + level) / 2))
    tail = float(ndtr(-quantile * (math.sqrt(count / (count - 1)) if statistic is mean else 1.0)))
    # Without interpolation, because there is nothing between a number and infinity.
    low, high = (float(end) for end in np.quantile(found, [tail, 1 - tail], method="inverted_cdf"))
    if 2.0 ** (1 - count) <= 1 - level:
        return low, high
    if not np.isfinite(values).all():
        return math.nan, math.nan
    half = quantile * float(values.std(ddof=1)) / math.sqrt(count)
    return min(low, float(values.mean()) - half), max(high, float(values.mean()) + half)


def prediction_interval(values: NDArray[Any], level: float) -> Optional[Interval]:
    """Return where one more seed lies beside the seeds ``values`` [N] with probability ``level``; None for one seed.

    Student's prediction interval, or the range of the values where that reaches further. Values may be infinite.
    """
    if len(values) < 2:
        return None
    low, high = float(values.min()), float(values.max())
    if not np.isfinite(values).all():
        return low, high
    half = float(stdtrit(len(values) - 1, (1 + level) / 2)) * float(values.std(ddof=1)) * math.sqrt(1 + 1 / len(values))
    return min(low, float(values.mean()) - half), max(high, float(values.mean()) + half)


def summary(values: NDArray[Any]) -> Summary:
    """Return the interquartile mean of the seeds ``values`` [N], and how certain it is."""
    return summary_of(values, float(interquartile_mean(values)), interval)


def summary_of(values: NDArray[Any], middle: float, of_middle: Callable[[NDArray[Any]], Interval]) -> Summary:
    """Return the summary of ``values`` [N] with their ``middle``; ``of_middle`` computes the interval of the middle."""
    if len(values) > 1 and bool((values == values[0]).all()):
        return Summary(middle, None, None, may_differ(len(values)) if math.isfinite(middle) else None)
    low, high = (None if math.isnan(end) else end for end in of_middle(values))
    return Summary(middle, low, high, None)


def may_differ(count: int, level: float = 0.95) -> float:
    """Return the greatest share of different values that ``count`` equal values leave possible."""
    return float(1 - (1 - level) ** (1 / count))


def wilson_interval(successes: float, count: float, level: float = 0.95) -> Interval:
    """Return the interval of a share, ``successes`` of ``count`` (Wilson, 1927)."""
    z = float(ndtri((1 + level) / 2))
    share = successes / count
    centre = (share + z**2 / (2 * count)) / (1 + z**2 / count)
    half = z / (1 + z**2 / count) * math.sqrt(share * (1 - share) / count + z**2 / (4 * count**2))
    return max(centre - half, 0.0), min(centre + half, 1.0)
