"""Learning curves and performance profiles across the seeds of a study."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from cartrl.analysis.seeds import Statistic, interval, wilson_interval
from cartrl.runs.results import Run, Study

Axis = Literal["iterations", "steps", "seconds"]
POINTS = 60  # where no two runs were evaluated at the same place


@dataclass(frozen=True)
class Curve:
    """What a study does over ``places`` [P]: its middle, and the 95 % interval at each place (NaN for one run)."""

    label: str
    places: np.ndarray
    middle: np.ndarray
    low: np.ndarray
    high: np.ndarray


def learning_curve(study: Study, label: str, axis: Axis, statistic: Statistic) -> Curve:
    """Return the ``statistic`` of the runs' returns over ``axis``.

    Between its evaluations a run's return goes in a straight line. Runs that ended keep their last return to the end
    of the longest; others are left out, but where no run has ended all are taken as far as all have come.
    """
    runs = study.ended or study.runs
    ends = [getattr(run, axis)[-1] for run in runs]
    places = _places(runs, axis, max(ends) if study.ended else min(ends))
    returns = np.stack([np.interp(places, getattr(run, axis), run.returns) for run in runs], axis=1)  # [P, seeds]
    bands = np.array([interval(values, statistic) for values in returns])
    return Curve(label, places, statistic(returns), bands[:, 0], bands[:, 1])


def _places(runs: tuple[Run, ...], axis: Axis, end: float) -> np.ndarray:
    """Return where to draw: at the iterations that were evaluated, or evenly where each run has places of its own."""
    own = np.unique(np.concatenate([getattr(run, axis) for run in runs]))
    if axis == "iterations" or len(runs) == 1:
        return own[own <= end]
    return np.linspace(0.0, end, POINTS)


def performance_profiles(finals: Sequence[np.ndarray], labels: Sequence[str]) -> list[Curve]:
    """Return for each study, over returns, the share of its seeds with at least that final return (``finals`` [N]).

    The intervals are Wilson's, as a share is all that it is within one environment.
    """
    pooled = np.concatenate(finals)
    margin = 0.03 * (np.ptp(pooled) or 1.0)
    # A profile goes in steps: it falls between a return that was reached and the next number above it.
    places = np.unique([pooled, np.nextafter(pooled, np.inf)])
    places = np.concatenate([[pooled.min() - margin], places])
    drawn = []
    for final, label in zip(finals, labels):
        counts = (final[:, None] >= places).sum(axis=0)
        low, high = np.transpose([wilson_interval(int(count), len(final)) for count in counts])
        drawn.append(Curve(label, places, counts / len(final), low, high))
    return drawn
