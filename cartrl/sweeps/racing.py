"""A race of settings: successive halving (Jamieson and Talwalkar, 2016), in which seeds are what is spent.

All settings are trained with a few seeds, the better half with twice as many, and so on; the last rung has all seeds.
"""

import math
from collections.abc import Sequence
from typing import Optional

FEWEST = 2  # seeds of the first rung: by one alone, luck would decide
LEAST = 3  # seeds with which there is a race


def rungs(seeds: Sequence[int]) -> list[list[int]]:
    """Return the seeds of each rung: each has about twice as many as the one before, and the last has all."""
    counts = [len(seeds)]
    while counts[0] > FEWEST:
        counts.insert(0, max(math.ceil(counts[0] / 2), FEWEST))
    return [list(seeds[:count]) for count in counts]


def better_half(values: Sequence[Optional[float]]) -> list[int]:
    """Return the places of the settings that stay in the race, given what each has reached; None is nothing.

    A setting that is as good as the last one that stays stays too.
    """
    known = sorted((value for value in values if value is not None), reverse=True)
    if not known:
        return []
    last = known[min(math.ceil(len(values) / 2), len(known)) - 1]
    return [place for place, value in enumerate(values) if value is not None and value >= last]
