"""Evaluations of runs, and studies of several seeds, as `compare` and `plot` use them, of cartrl or of another tool."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Optional, Protocol

import numpy as np
from numpy.typing import NDArray

from cartrl.runs.outcome import Outcome

Axis = Literal["iterations", "steps", "seconds"]


@dataclass(frozen=True)
class Run:
    """One seed's evaluations, in their order: arrays [E]. The runs of other tools count steps as iterations."""

    directory: Path
    seed: int
    outcome: Outcome
    num_iterations: int  # planned
    iterations: NDArray[Any]  # iterations before each evaluation
    steps: NDArray[Any]  # environment steps before each evaluation
    seconds: NDArray[Any]  # wall-clock seconds of training before each evaluation
    returns: NDArray[Any]  # the mean return of each evaluation
    state: str  # as `cartrl runs` has it

    @property
    def has_ended(self) -> bool:
        """Whether the last evaluation is the result of the run."""
        return self.outcome.is_result

    @property
    def final(self) -> float:
        """The last evaluation's mean return."""
        return float(self.returns[-1])

    @property
    def best(self) -> float:
        """The best evaluation's mean return."""
        return float(self.returns.max())

    @property
    def area(self) -> float:
        """The area under returns over iterations, divided by the planned iterations: the mean return on the way.

        Trapezoids. A run that ended early keeps its last return to the end, because its policy stays the same. What was
        before the first evaluation, which cartrl makes before the first iteration, does not count.
        """
        iterations, returns = self.iterations, self.returns
        if iterations[-1] < self.num_iterations:
            iterations, returns = np.append(iterations, self.num_iterations), np.append(returns, returns[-1])
        length = iterations[-1] - iterations[0]
        return float(np.trapz(returns, iterations) / length) if length else self.final

    def steps_to(self, threshold: float) -> float:
        """The environment steps before the first evaluation of at least ``threshold``; infinite if there is none."""
        reached = np.flatnonzero(self.returns >= threshold)
        return float(self.steps[reached[0]]) if len(reached) else np.inf


@dataclass(frozen=True)
class Seeds:
    """Runs that differ in their seed alone."""

    path: Path
    runs: tuple[Run, ...]  # in the order of their seeds, each with an evaluation at least

    @property
    def name(self) -> str:
        """What to call the study: its directory's name."""
        return self.path.resolve().name

    @property
    def ended(self) -> tuple[Run, ...]:
        """The runs whose last evaluation is their result."""
        return tuple(run for run in self.runs if run.has_ended)


class Evaluated(Protocol):
    """A study: runs that differ in their seed alone, with their environment, threshold and settings as far as known.

    Attributes:
        name: what to call the study.
        method: what trained the runs.
        axes: what a curve of the runs may run over; the first is the usual one.
        env_name: the environment's name in its suite; None where it is not known.
        suite: the suite of the environment; None where it is not known.
        threshold: the mean return from which the environment counts as solved, if there is one.
        is_own_task: whether there is no threshold, and the task may be another than the suite's, which may be why.
        measure: what the returns are, such as `measures.GREEDY`.
    """

    @property
    def path(self) -> Path: ...  # noqa: D102
    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def method(self) -> str: ...  # noqa: D102
    @property
    def runs(self) -> tuple[Run, ...]: ...  # noqa: D102
    @property
    def ended(self) -> tuple[Run, ...]: ...  # noqa: D102
    @property
    def axes(self) -> tuple[Axis, ...]: ...  # noqa: D102
    @property
    def env_name(self) -> Optional[str]: ...  # noqa: D102
    @property
    def suite(self) -> Optional[str]: ...  # noqa: D102
    @property
    def threshold(self) -> Optional[float]: ...  # noqa: D102
    @property
    def is_own_task(self) -> bool: ...  # noqa: D102
    @property
    def measure(self) -> str: ...  # noqa: D102

    def flat_settings(self) -> Optional[Mapping[str, Any]]:
        """Return the settings by ``section.key``, as JSON has them; None where they are not known."""

    def notes(self, tested: Optional[str] = None) -> list[str]:
        """Return sentences to print beside the study, such as which seeds are missing, or how seeds were inferred.

        ``tested`` is the number of each seed that is tested, as ``--by`` names it; None where nothing is tested.
        """
