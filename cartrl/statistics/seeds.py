"""What the seeds of a study say together, and how sure that is. What was measured of the intervals: docs/studies.md."""

import functools
import math
from typing import Callable

import numpy as np
from scipy.special import ndtr, ndtri, stdtrit

from cartrl import seeding

RESAMPLES = 10_000
QUARTER = 0.25

Interval = tuple[float, float]
Statistic = Callable[[np.ndarray], np.ndarray]


def mean(values: np.ndarray) -> np.ndarray:
    """Return the mean of ``values`` [..., N] along the last axis."""
    return np.asarray(values.mean(axis=-1))


def interquartile_mean(values: np.ndarray) -> np.ndarray:
    """Return the mean of the middle half of ``values`` [..., N] along the last axis (Agarwal et al., 2021).

    As there, a quarter of N that is no whole number is rounded down.
    """
    count = values.shape[-1]
    cut = int(QUARTER * count)
    return np.asarray(np.sort(values, axis=-1)[..., cut : count - cut].mean(axis=-1))


def resampled(values: np.ndarray, statistic: Statistic) -> np.ndarray:
    """Return ``statistic`` of `RESAMPLES` bootstrap samples of ``values`` [N], the same every time (Efron, 1979)."""
    return statistic(np.sort(values)[_draws(len(values))])


@functools.lru_cache(maxsize=8)
def _draws(count: int) -> np.ndarray:
    """Return which of ``count`` sorted seeds each bootstrap sample is of: [RESAMPLES, count], each row sorted.

    Sorted rows of sorted values are sorted already, which is most of the work of a curve's many intervals.
    """
    rng = np.random.default_rng(seeding.draw(4, 0, seeding.Stream.BOOTSTRAP))
    return np.sort(rng.integers(count, size=(RESAMPLES, count)), axis=1)


def interval(values: np.ndarray, statistic: Statistic = interquartile_mean, level: float = 0.95) -> Interval:
    """Return the bootstrap interval of ``statistic`` over the seeds ``values`` [N].

    The plain percentile interval is too short for few seeds. This one is expanded, after Hesterberg (2015, "What
    teachers should know about the bootstrap"): its tails are those at which a normal distribution has the quantiles
    of Student's t with N - 1 degrees of freedom. Hesterberg's factor for the mean, sqrt(N / (N - 1)), is left out: the
    interquartile mean covers without it. Values may be infinite. One seed has no interval: NaN.
    """
    if len(values) < 2:
        return math.nan, math.nan
    tail = float(ndtr(stdtrit(len(values) - 1, (1 - level) / 2)))
    # Without interpolation, which has no meaning between a number and infinity.
    low, high = np.quantile(resampled(values, statistic), [tail, 1 - tail], method="inverted_cdf")
    return float(low), float(high)


def wilson_interval(successes: int, count: int, level: float = 0.95) -> Interval:
    """Return the interval of a share, ``successes`` of ``count`` (Wilson, 1927)."""
    z = float(ndtri((1 + level) / 2))
    share = successes / count
    centre = (share + z**2 / (2 * count)) / (1 + z**2 / count)
    half = z / (1 + z**2 / count) * math.sqrt(share * (1 - share) / count + z**2 / (4 * count**2))
    return max(centre - half, 0.0), min(centre + half, 1.0)
