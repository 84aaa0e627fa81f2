"""Learning curves and performance profiles across the seeds of a study."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cartrl.analysis.seeds import Statistic, interval, wilson_interval
from cartrl.runs.evaluated import Axis, Evaluated, Run

POINTS = 60  # of a curve whose runs were evaluated at different places


@dataclass(frozen=True)
class Curve:
    """The middle of a study at ``places`` [P] of the axis, and its 95 % interval (NaN for one run)."""

    label: str
    places: NDArray[Any]
    middle: NDArray[Any]
    low: NDArray[Any]
    high: NDArray[Any]


def learning_curve(study: Evaluated, label: str, axis: Axis, statistic: Statistic) -> Curve:
    """Return the ``statistic`` of the runs' returns over ``axis``.

    Between two evaluations the return of a run is interpolated linearly. Runs that have ended keep their last return to
    the end of the longest. Other runs are left out; if no run has ended, the curve goes as far as all runs have come.
    """
    runs = study.ended or study.runs
    ends = [getattr(run, axis)[-1] for run in runs]
    places = _places(runs, axis, max(ends) if study.ended else min(ends))
    returns = np.stack([np.interp(places, getattr(run, axis), run.returns) for run in runs], axis=1)  # [P, seeds]
    bands = np.array([interval(values, statistic) for values in returns])
    return Curve(label, places, statistic(returns), bands[:, 0], bands[:, 1])


def _places(runs: tuple[Run, ...], axis: Axis, end: float) -> NDArray[Any]:
    """Return the places of a curve: the iterations with an evaluation, or evenly spaced ones over steps and seconds."""
    own: NDArray[Any] = np.unique(np.concatenate([getattr(run, axis) for run in runs]))
    if axis == "iterations" or len(runs) == 1:
        return own[own <= end]
    begin = max(getattr(run, axis)[0] for run in runs)
    places: NDArray[Any] = np.linspace(begin, end, POINTS)
    return places


def performance_profiles(finals: Sequence[NDArray[Any]], labels: Sequence[str]) -> list[Curve]:
    """Return for each study the share of its seeds (``finals`` [N]) whose final return is at least each of the places.

    The intervals are Wilson's, because within one environment a profile is a share of seeds.
    """
    pooled = np.concatenate(finals)
    margin = 0.03 * (np.ptp(pooled) or 1.0)
    # A profile is a step function: it falls between a return that a seed has reached and the next larger float.
    places = np.unique([pooled, np.nextafter(pooled, np.inf)])
    places = np.concatenate([[pooled.min() - margin], places])
    drawn = []
    for final, label in zip(finals, labels):
        counts = (final[:, None] >= places).sum(axis=0)
        low, high = np.transpose([wilson_interval(int(count), len(final)) for count in counts])
        drawn.append(Curve(label, places, counts / len(final), low, high))
    return drawn
