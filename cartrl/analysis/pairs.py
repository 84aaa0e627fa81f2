"""Tests which of two studies is better. docs/studies.md tests the error level."""

import functools
import itertools
import math
from collections.abc import Sequence
from typing import Any, Callable, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from cartrl import randomness
from cartrl.analysis.seeds import Interval

PERMUTATIONS = 9_999
MOST_ENUMERATED = 20_000  # divisions of the seeds between two studies; if there are more, some are drawn


class Outcomes(NamedTuple):
    """The shares of all pairs of seeds, one of each study, in which the first is better, equal and worse."""

    better: float
    equal: float
    worse: float

    @property
    def improvement(self) -> float:
        """The probability that a seed of the first study is better; a tie counts half."""
        return self.better + self.equal / 2


def outcomes(first: NDArray[Any], second: NDArray[Any]) -> Outcomes:
    """Return how often a seed of ``first`` [N] is above, equal to and below one of ``second`` [M]."""
    pairs = first.size * second.size
    above = int(np.count_nonzero(first[:, None] > second))
    below = int(np.count_nonzero(first[:, None] < second))
    return Outcomes(above / pairs, (pairs - above - below) / pairs, below / pairs)


def probability_of_improvement(first: NDArray[Any], second: NDArray[Any]) -> float:
    """Return the probability that a seed of ``first`` [N] is above one of ``second`` [M]; a tie counts half.

    It is the statistic of Mann and Whitney (1947), divided by N M.
    """
    return outcomes(first, second).improvement


def wins(first: NDArray[Any], second: NDArray[Any]) -> NDArray[Any]:
    """Return [N, M]: 1 where ``first`` is above ``second``, 1/2 where they are equal, 0 where it is below."""
    above: NDArray[np.bool_] = first[:, None] > second
    equal: NDArray[np.bool_] = first[:, None] == second
    return above + 0.5 * equal


def improvement_interval(probability: float, *sizes: tuple[int, int], level: float = 0.95) -> Interval:
    """Return the interval of a probability of improvement found with two studies of these ``sizes``, in seeds.

    With several sizes, of as many environments, the probability is the mean over the environments. Their own
    probabilities are taken for equal, which makes the interval rather too long than too short.

    The interval holds all probabilities that are at most z of their standard errors away from the one found, as
    Wilson's interval does; the standard error is that of Newcombe (2006, "Confidence intervals for an effect size
    measure based on the Mann-Whitney statistic. Part 2", method 5). Unlike a bootstrap interval, this one has a width
    even where all seeds of one study are above all of the other.
    """
    z = float(ndtri((1 + level) / 2))

    def variance(truth: float, first: int, second: int) -> float:
        extra = (first + second) / 2 - 1
        return truth * (1 - truth) / (first * second) * (1 + extra * ((1 - truth) / (2 - truth) + truth / (1 + truth)))

    def is_inside(truth: float) -> bool:
        total = sum(variance(truth, first, second) for first, second in sizes)
        return (probability - truth) ** 2 <= z**2 * total / len(sizes) ** 2

    return _edge(is_inside, probability, 0.0), _edge(is_inside, probability, 1.0)


def _edge(is_inside: Callable[[float], bool], inside: float, outside: float) -> float:
    """Return by bisection where ``is_inside`` ends between ``inside`` and ``outside``."""
    if outside == inside:
        return outside
    for _ in range(50):
        middle = (inside + outside) / 2
        inside, outside = (middle, outside) if is_inside(middle) else (inside, middle)
    return inside


def difference_test(first: NDArray[Any], second: NDArray[Any]) -> float:
    """Return the two-sided p-value of "neither of ``first`` [N] and ``second`` [M] is more often above the other".

    The permutation test of Neubert and Brunner (2007) with the statistic of Brunner and Munzel (2000). Where the seeds
    of both studies have one distribution, the test is exact, with any ties. Where their distributions differ in spread
    alone, the test holds its level for many seeds, which that of Mann and Whitney does not.
    """
    divisions = _divisions(len(first), len(second), MOST_ENUMERATED)
    pooled = np.concatenate([first, second])
    found = np.abs(studentized(wins(pooled, pooled), divisions))
    as_extreme = int(np.count_nonzero(found >= found[0] * (1 - 1e-9)))
    return as_extreme / len(divisions)


@functools.lru_cache(maxsize=8)
def _divisions(first: int, second: int, most: int) -> NDArray[Any]:
    """Return ways to divide the pooled seeds: float [divisions, first + second], 1 for a seed of the first study.

    The first row is the division into the two studies. The other rows are all other divisions, or if there are more
    than ``most`` in all, `PERMUTATIONS` drawn ones.
    """
    total = first + second
    if math.comb(total, first) <= most:
        chosen = np.array(list(itertools.combinations(range(total), first)))  # in order: the first row is 0 … first - 1
    else:
        rng = np.random.default_rng(randomness.draw(4, 0, randomness.Stream.PERMUTATION))
        drawn = rng.permuted(np.tile(np.arange(total), (PERMUTATIONS, 1)), axis=1)
        chosen = np.vstack([np.arange(first), drawn[:, :first]])
    divisions = np.zeros((len(chosen), total))
    np.put_along_axis(divisions, chosen, 1.0, axis=1)
    return divisions


def studentized(above: NDArray[Any], divisions: NDArray[Any]) -> NDArray[Any]:
    """Return the studentized probability of improvement, [divisions], given the `wins` of all pooled seeds [T, T]."""
    probability, variance = moments(above, divisions)
    return np.asarray((probability - 0.5) / np.sqrt(variance))


def moments(above: NDArray[Any], divisions: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the probability of improvement and its estimated variance, each [divisions]; as `studentized`."""
    first, second = divisions, 1 - divisions
    first_count, second_count = first[0].sum(), second[0].sum()
    # A seed's placement: of the other study's seeds, the share that it is above (for the second: that are above it).
    of_first, of_second = second @ above.T / second_count, first @ above / first_count
    probability = np.einsum("ij,ij->i", first, of_first) / first_count
    variance = np.zeros(len(divisions))
    for members, placements, count in ((first, of_first, first_count), (second, of_second, second_count)):
        squares = np.einsum("ij,ij,ij->i", members, placements, placements) - count * probability**2
        variance += squares / max(count - 1, 1) / count
    # If the studies do not overlap, the variance is 0, and half a step of the probability replaces the standard error.
    smallest = 1 / (2 * first_count * second_count)
    return np.asarray(probability), np.maximum(variance, smallest**2)


def holm(p_values: Sequence[float]) -> list[float]:
    """Return ``p_values`` adjusted for their number (Holm, 1979): the error level then holds for all together."""
    order = np.argsort(p_values, kind="stable")
    scaled = np.asarray(p_values)[order] * np.arange(len(p_values), 0, -1)
    adjusted = np.empty(len(p_values))
    adjusted[order] = np.minimum(np.maximum.accumulate(scaled), 1.0)
    return [float(value) for value in adjusted]


def seeds_needed(probability: float, tied: float, level: float, power: float = 0.8, environments: int = 1) -> int:
    """Return the seeds that each of two studies needs for the difference to be found with probability ``power``.

    Noether's (1987) formula for the test of Mann and Whitney, for studies of equal size, with the correction for ties
    of Zhao, Rahardja and Qu (2008).

    Args:
        probability: the true probability of improvement.
        tied: the probability that three seeds of the pooled studies are equal.
        level: the two-sided error level of the test.
        power: the probability with which the difference is found.
        environments: in how many of them each study has the seeds.
    """
    quantiles = float(ndtri(1 - level / 2) + ndtri(power))
    return math.ceil(quantiles**2 * (1 - tied) / (6 * environments * (probability - 0.5) ** 2))
