"""The progress of many runs at once, of a study or of the settings of a sweep, as displays count it."""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Optional

import numpy as np

from cartrl.runs.outcome import Outcome
from cartrl.runs.study import SeedState, StudyProgress

QUANTILES = (0.0, 0.25, 0.5, 0.75, 1.0)
SLOW = 2.0  # times as long as runs of its setting usually take
FEWEST = 3  # runs that have ended, before it is known what is usual


class Named(NamedTuple):
    """A run by the name of its setting, which that of a study on its own lacks, and by its seed."""

    setting: str
    seed: int
    state: SeedState
    num_iterations: int

    @property
    def name(self) -> str:
        """What people call it."""
        return f"{self.setting} seed {self.seed}" if self.setting else f"seed {self.seed}"

    @property
    def share(self) -> float:
        """The share of its iterations that are done."""
        return 1.0 if self.state.outcome.is_over else min(self.state.iteration / self.num_iterations, 1.0)


@dataclass
class Board:
    """The progress of everything that a command trains."""

    noun: str  # seeds or runs
    planned: int  # also runs of settings that a search has yet to suggest
    what: str  # all of that in words
    before: float = 0.0  # seconds that earlier processes took
    studies: dict[str, StudyProgress] = field(default_factory=dict)  # by setting
    began: float = field(default_factory=time.perf_counter)
    done_before: int = 0  # runs that have ended before

    def add(self, setting: str, progress: StudyProgress) -> None:
        """Take in a study, or what a study has become that is here already."""
        earlier = self.studies.get(setting)
        known = earlier.seeds if earlier is not None else {}
        self.done_before += sum(state.outcome.is_over for seed, state in progress.seeds.items() if seed not in known)
        self.studies[setting] = progress

    @property
    def runs(self) -> list[Named]:
        """All runs that are known so far."""
        return [
            Named(setting, seed, state, progress.num_iterations)
            for setting, progress in list(self.studies.items())  # another thread may add one
            for seed, state in progress.seeds.items()
        ]

    @property
    def warnings(self) -> list[str]:
        """All warnings about runs, none of which has ended its run."""
        return [text for progress in self.studies.values() for text in progress.warnings]

    @property
    def seconds(self) -> float:
        """The seconds that were spent so far, in all processes."""
        return self.before + time.perf_counter() - self.began

    def counts(self, runs: Sequence[Named]) -> dict[Outcome, int]:
        """Return how many runs are in each state."""
        found = Counter(run.state.outcome for run in runs)
        found[Outcome.WAITING] += self.planned - len(runs)
        return found

    def seconds_left(self, runs: Sequence[Named]) -> Optional[float]:
        """Return how long the rest takes at the speed so far; None where nothing has been done yet."""
        done = sum(run.share for run in runs)
        by_us = done - self.done_before
        return (self.planned - done) * (time.perf_counter() - self.began) / by_us if by_us > 0 else None


def quantiles(values: Sequence[Optional[float]]) -> list[float]:
    """Return the least, the quartiles and the greatest of the values that are known; nothing where none is."""
    known = [value for value in values if value is not None]
    return [float(value) for value in np.quantile(known, QUANTILES)] if known else []


def slow(runs: Sequence[Named], now: float) -> list[tuple[Named, float, float]]:
    """Return each run that takes far longer than others of its setting, its seconds so far, and their median."""
    usual: dict[str, list[float]] = {}
    for run in runs:
        if run.state.outcome.is_over and run.state.seconds is not None:
            usual.setdefault(run.setting, []).append(run.state.seconds)
    medians = {setting: float(np.median(values)) for setting, values in usual.items() if len(values) >= FEWEST}
    found = [
        (run, now - run.state.began, medians[run.setting])
        for run in runs
        if run.state.outcome is Outcome.RUNNING and run.state.began is not None and run.setting in medians
    ]
    late = [entry for entry in found if entry[1] > SLOW * entry[2]]
    return sorted(late, key=lambda entry: entry[1], reverse=True)
