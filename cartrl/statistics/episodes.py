"""How sure a mean return is, and what follows from it."""

from typing import Optional

import numpy as np

from cartrl import seeding

RESAMPLES = 10_000
LARGEST_BLOCK = 2_000_000  # draws at once, to bound memory


def bootstrap_interval(values: np.ndarray, level: float = 0.95) -> tuple[float, float]:
    """Return the percentile bootstrap interval of the mean of ``values`` [N] (Efron, 1979), the same every time."""
    rng = np.random.default_rng(seeding.draw(4, 0, seeding.Stream.BOOTSTRAP))
    blocks = np.array_split(np.arange(RESAMPLES), 1 + RESAMPLES * len(values) // LARGEST_BLOCK)
    means = np.concatenate([rng.choice(values, (len(block), len(values))).mean(axis=1) for block in blocks])
    tail = (1 - level) / 2
    low, high = np.quantile(means, [tail, 1 - tail])
    return float(low), float(high)


def verdict(interval: tuple[float, float], threshold: Optional[float]) -> Optional[str]:
    """Compare the interval of a mean return with the return from which the environment counts as solved.

    Returns:
        ``solved`` or ``not solved`` when the whole interval lies on one side, ``undecided`` when the threshold is
        inside it, None where there is no threshold.
    """
    if threshold is None:
        return None
    low, high = interval
    if low >= threshold:
        return "solved"
    return "not solved" if high < threshold else "undecided"
