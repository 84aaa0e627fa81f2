"""Runs of another tool as cartrl compares and draws them."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Optional

import numpy as np
from numpy.typing import NDArray

from cartrl.errors import UsageError
from cartrl.runs import states
from cartrl.runs.evaluated import Axis, Run, Seeds
from cartrl.runs.outcome import Outcome

SHORT = 0.9  # a run with less than this share of the longest run's steps is named
WINDOW = 100  # episodes of training that a mean is of, as Stable-Baselines3 logs it


@dataclass(frozen=True)
class ForeignStudy(Seeds):
    """Runs of another tool, which says nothing of its settings here.

    Attributes:
        env_name: the environment's name in its suite, if a file or a directory has it.
        method: what trained the runs, as directories are named.
        measure: what the returns are.
        inferred: a sentence for each thing that was inferred.
        axes: what a curve of the runs may run over.
    """

    env_name: Optional[str]
    method: str
    measure: str
    inferred: tuple[str, ...]
    axes: tuple[Axis, ...] = ("steps",)

    suite: ClassVar[None] = None
    threshold: ClassVar[None] = None
    is_own_task: ClassVar[bool] = False

    @property
    def name(self) -> str:
        """What to call the study: its method."""
        return self.method

    def flat_settings(self) -> None:
        """Return None: the settings are not known."""

    def notes(self, tested: Optional[str] = None) -> list[str]:
        """Return what was inferred, and which runs are shorter than the longest: no file says whether a run ended."""
        longest = max(run.steps[-1] for run in self.runs)
        short = [f"{run.seed} ({run.steps[-1]:,.0f})" for run in self.runs if run.steps[-1] < SHORT * longest]
        if not short:
            return list(self.inferred)
        seeds = f"{'seed' if len(short) == 1 else 'seeds'} {', '.join(short)}"
        return [*self.inferred, f"fewer steps than the longest run's {longest:,.0f}: {seeds}; counted all the same"]


def one_environment(path: Path, names: Iterable[Optional[str]]) -> Optional[str]:
    """Return the environment of all runs in ``path``, of those that name one.

    Raises:
        UsageError: when there are several.
    """
    known = sorted({name for name in names if name is not None})
    if len(known) > 1:
        raise UsageError(f"{path}: holds runs of {' and '.join(known)}; returns compare within one environment only")
    return known[0] if known else None


def means_of_last(returns: NDArray[Any]) -> NDArray[Any]:
    """Return after each of the episodes' ``returns`` [N] the mean of the last `WINDOW`, or of all so far."""
    sums = np.cumsum(np.concatenate([[0.0], returns]))
    counts = np.minimum(np.arange(1, len(returns) + 1), WINDOW)
    means: NDArray[Any] = (sums[1:] - sums[np.arange(1, len(sums)) - counts]) / counts
    return means


def merged(steps: NDArray[Any], returns: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return ``steps`` [N] and ``returns`` [N] with the mean of neighbouring returns in place of equal steps."""
    if not len(steps):
        return steps, returns
    starts = np.flatnonzero(np.diff(steps, prepend=np.nan) != 0)
    return steps[starts], np.add.reduceat(returns, starts) / np.diff(np.append(starts, len(steps)))


def foreign_run(
    path: Path, seed: int, steps: NDArray[Any], returns: NDArray[Any], seconds: Optional[NDArray[Any]] = None
) -> Run:
    """Return the run in the file ``path``: ``returns`` [E] after so many environment ``steps`` [E] and ``seconds`` [E].

    Raises:
        UsageError: naming ``path``, when there is no return, one is not finite, or the steps do not rise.
    """
    if not len(returns):
        raise UsageError(f"{path}: there is no return in it yet")
    if not np.isfinite(returns).all():
        place = int(np.flatnonzero(~np.isfinite(returns))[0])
        raise UsageError(
            f"{path}: a return after {steps[place]} steps is {returns[place]}, but must be a finite number"
        )
    if not (np.isfinite(steps).all() and steps[0] >= 0 and (np.diff(steps) > 0).all()):
        raise UsageError(f"{path}: its steps must be finite, from 0, and rise from one return to the next")
    steps = steps.astype(float)
    return Run(
        directory=path.parent,
        seed=seed,
        outcome=Outcome.FINISHED,
        num_iterations=int(steps[-1]),
        iterations=steps,
        steps=steps,
        seconds=np.full(len(steps), np.nan) if seconds is None else seconds,
        returns=returns.astype(float),
        state=states.FINISHED,
    )
