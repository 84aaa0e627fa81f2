"""Decides which of two studies is better while their seeds come in, with the error level held over all looks.

    T. Mathieu et al. (2024), "AdaStop: adaptive statistical testing for sound comparisons of deep RL agents", with the
    studentized statistic of `cartrl.analysis.pairs` in the place of a difference of means.

The seeds come in batches, and after each there is a look. If both studies have one distribution, the seeds of a batch
might as well have been divided in any other way between the two, and what the statistic would then have been at every
look is known. So boundaries can be drawn that few divisions pass: by look k, at most a share of level * k / looks (a
linear spending function; K. Lan and D. DeMets (1983), "Discrete sequential boundaries for clinical trials"). A claim is
made where the division that was found passes.
"""

import functools
import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cartrl import randomness
from cartrl.analysis import pairs

MOST_LOOKS = 8
SMALLEST_BATCH = 4  # seeds of each study: with three, no division of a first batch is rare enough
TOLERANCE = 1e-9  # of a statistic, which its rounding may change


class Design(NamedTuple):
    """When to look, and how often a claim may be wrong."""

    batch: int  # seeds of each study between two looks
    looks: int  # at most
    level: float  # the probability of a wrong claim, over all looks together

    @classmethod
    def of(cls, most_seeds: int, level: float) -> "Design":
        """Return the design for at most so many seeds of each study."""
        batch = max(SMALLEST_BATCH, most_seeds // MOST_LOOKS)
        return cls(batch, most_seeds // batch, level)


class Look(NamedTuple):
    """What was found after a batch."""

    seeds: int  # of each study so far
    improvement: float  # the probability of improvement of the first study over the second
    statistic: float  # its distance from 1/2, in standard errors
    boundary: float  # of the statistic; infinite where no claim can be made yet
    is_decided: bool


def looks(
    first: NDArray[Any], second: NDArray[Any], design: Design, permutations: int = pairs.PERMUTATIONS
) -> list[Look]:
    """Look after each whole batch of ``first`` [N] and ``second`` [N], until it is decided.

    Args:
        first: a number for each seed, in the order of the seeds; of two, the higher is better.
        second: likewise, of the other study.
        design: when to look.
        permutations: how many other divisions of the seeds are drawn.
    """
    count = min(len(first) // design.batch, len(second) // design.batch, design.looks)
    if not count:
        return []
    pooled = np.hstack(
        [study[: count * design.batch].reshape(count, design.batch) for study in (first, second)]
    ).ravel()
    above = pairs.wins(pooled, pooled)
    divisions = np.hstack([_divisions(design.batch, number, permutations) for number in range(count)])
    has_passed, found = np.zeros(len(divisions), bool), []
    for number in range(1, count + 1):
        seeds = number * design.batch
        statistics = np.abs(pairs.studentized(above[: 2 * seeds, : 2 * seeds], divisions[:, : 2 * seeds]))
        may_pass = math.floor(design.level * number / design.looks * len(divisions)) - int(has_passed.sum())
        boundary = _boundary(statistics[~has_passed], may_pass)
        has_passed |= statistics > boundary
        improvement = pairs.probability_of_improvement(first[:seeds], second[:seeds])
        found.append(Look(seeds, improvement, float(statistics[0]), boundary, bool(has_passed[0])))
        if has_passed[0]:
            break
    return found


def _boundary(statistics: NDArray[Any], may_pass: int) -> float:
    """Return the least boundary that at most ``may_pass`` of ``statistics`` [D] pass."""
    if may_pass <= 0:
        return math.inf
    return float(np.partition(statistics, -may_pass - 1)[-may_pass - 1]) * (1 + TOLERANCE) + TOLERANCE


@functools.lru_cache(maxsize=MOST_LOOKS)
def _divisions(batch: int, number: int, permutations: int) -> NDArray[Any]:
    """Return ways to divide the seeds of a batch: float [1 + permutations, 2 * batch], 1 for a seed of the first study.

    The first row is the division that was found.
    """
    rng = np.random.default_rng(randomness.draw(4, 0, randomness.Stream.PERMUTATION, number))
    found = np.repeat([1.0, 0.0], batch)
    return np.vstack([found, rng.permuted(np.tile(found, (permutations, 1)), axis=1)])
