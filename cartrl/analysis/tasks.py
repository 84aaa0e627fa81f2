"""Statistics over several environments, in which each environment counts the same.

The numbers of a method are a list of arrays: those of its seeds [N] in each environment. All methods have the same
environments, in the same order. Where a method has equally many seeds in all of them, the numbers are those of Agarwal
et al. (2021, "Deep reinforcement learning at the edge of the statistical precipice") and of their library ``rliable``.
"""

import functools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, stdtrit

from cartrl import randomness
from cartrl.analysis import pairs
from cartrl.analysis.pairs import PERMUTATIONS, Outcomes
from cartrl.analysis.seeds import QUARTER, RESAMPLES, Interval, wilson_interval

Scores = Sequence[NDArray[Any]]


def interquartile_mean(scores: Scores) -> float:
    """Return the mean of the middle half of the seeds of all environments together."""
    return float(_middle(np.concatenate(scores), _weights(scores)))


def interval(scores: Scores, level: float = 0.95) -> Interval:
    """Return the interval of the interquartile mean by a stratified bootstrap; NaN where an environment has one seed.

    The seeds of each environment are drawn anew among themselves. The tails are those at which a normal distribution
    has the quantiles of Student's t, as `seeds.expanded` says, with as many degrees of freedom as the seeds have within
    their environments; and with Hesterberg's factor for the mean number of seeds, because the bootstrap of each
    environment is too narrow by that.
    """
    counts = [len(own) for own in scores]
    if min(counts) < 2:
        return math.nan, math.nan
    quantile = float(stdtrit(sum(counts) - len(counts), (1 + level) / 2))
    count = sum(counts) / len(counts)
    tail = float(ndtr(-quantile * math.sqrt(count / (count - 1))))
    low, high = np.quantile(resampled(scores), [tail, 1 - tail])
    return float(low), float(high)


def resampled(scores: Scores) -> NDArray[Any]:
    """Return the interquartile means of bootstrap samples, [RESAMPLES], with fixed draws."""
    drawn = [own[_draws(len(own), number)] for number, own in enumerate(scores)]
    return _middle(np.concatenate(drawn, axis=1), _weights(scores))


def shares(scores: Scores, place: float) -> tuple[float, Interval]:
    """Return the share of seeds, in the mean over the environments, with at least ``place``, and its interval.

    The interval is Wilson's (1927) for as many seeds as count in the mean. That of a share of one environment is no
    shorter, because seeds that differ between environments vary less among themselves.
    """
    share = float(np.mean([np.mean(own >= place) for own in scores]))
    count = 1 / float((_weights(scores) ** 2).sum())
    return share, wilson_interval(share * count, count)


def outcomes(first: Scores, second: Scores) -> Outcomes:
    """Return how often a seed of ``first`` is above, equal to and below one of ``second`` in the same environment."""
    found = np.mean([pairs.outcomes(a, b) for a, b in zip(first, second)], axis=0)
    return Outcomes(*map(float, found))


def difference_test(first: Scores, second: Scores) -> float:
    """Return the two-sided p-value of "neither is more often above the other, in the mean over the environments".

    The permutation test of `pairs.difference_test`, with the mean over the environments of the probabilities of
    improvement, and seeds that change places within their environment alone.
    """
    probability, variance = np.zeros(1 + PERMUTATIONS), np.zeros(1 + PERMUTATIONS)
    for number, (a, b) in enumerate(zip(first, second)):
        pooled = np.concatenate([a, b])
        found = pairs.moments(pairs.wins(pooled, pooled), _divisions(len(a), len(b), number))
        probability += found[0] / len(first)
        variance += found[1] / len(first) ** 2
    distance = np.abs(probability - 0.5) / np.sqrt(variance)
    return int(np.count_nonzero(distance >= distance[0] * (1 - 1e-9))) / len(distance)


def _weights(scores: Scores) -> NDArray[Any]:
    """Return the weight of each seed, of all environments together: they sum to 1 / E in each of E environments."""
    return np.concatenate([np.full(len(own), 1 / len(own) / len(scores)) for own in scores])


def _middle(values: NDArray[Any], weights: NDArray[Any]) -> NDArray[Any]:
    """Return the mean of the middle half of ``values`` [..., N] along the last axis, given their ``weights`` [N].

    Of equal weights, a quarter of N is rounded down, as in `seeds.interquartile_mean`.
    """
    count = len(weights)
    is_even = bool(np.allclose(weights, 1 / count, rtol=1e-9, atol=0))
    cut = int(QUARTER * count) / count if is_even else QUARTER
    order = np.argsort(values, axis=-1)
    ends = np.cumsum(weights[order], axis=-1)
    kept = np.diff(np.clip(ends, cut, 1 - cut), prepend=cut)
    return np.asarray((np.take_along_axis(values, order, axis=-1) * kept).sum(axis=-1) / (1 - 2 * cut))


@functools.lru_cache(maxsize=64)
def _draws(count: int, number: int) -> NDArray[Any]:
    """Return the positions among ``count`` seeds of each bootstrap sample in environment ``number``."""
    rng = np.random.default_rng(randomness.draw(4, 0, randomness.Stream.BOOTSTRAP, number))
    return rng.integers(count, size=(RESAMPLES, count))


@functools.lru_cache(maxsize=64)
def _divisions(first: int, second: int, number: int) -> NDArray[Any]:
    """Return ways to divide the pooled seeds of environment ``number``, as `pairs.moments` takes them; all are drawn.

    The first row is the division into the two studies.
    """
    rng = np.random.default_rng(randomness.draw(4, 0, randomness.Stream.PERMUTATION, number))
    own = np.repeat([1.0, 0.0], [first, second])
    return np.vstack([own, rng.permuted(np.tile(own, (PERMUTATIONS, 1)), axis=1)])
