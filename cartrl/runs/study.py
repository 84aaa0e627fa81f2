"""A study: the same experiment with many seeds. Each seed gives the same numbers as in a run on its own."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Optional

from cartrl.errors import UsageError
from cartrl.runs.directory import STUDY, RunDirectory
from cartrl.runs.json_files import read_json
from cartrl.runs.modules import remember_modules
from cartrl.runs.outcome import Outcome, outcome_of

LARGEST_SEED = 2**31 - 1
MOST_SEEDS = 10_000


class StudyDirectory:
    """The paths inside a study."""

    def __init__(self, root: Path):
        self.root = root
        self.lock = root / ".lock"
        self.config = root / "config.yaml"
        self.manifest = root / STUDY

    def run(self, seed: int) -> RunDirectory:
        """Return the run of ``seed``."""
        return RunDirectory(self.root / f"seed-{seed}")

    def runs(self) -> list[Path]:
        """Return the directories of the runs that have begun."""
        return sorted(path.parent for path in self.root.glob("seed-*/manifest.json"))

    def seeds(self) -> list[int]:
        """Return the seeds that the study is of.

        Raises:
            UsageError: when its manifest is damaged.
        """
        seeds = read_json(self.manifest).get("seeds")
        if not isinstance(seeds, list) or not all(isinstance(seed, int) for seed in seeds):
            raise UsageError(f"{self.manifest}: names no seeds")
        return seeds

    def result(self, seed: int) -> dict[str, Any]:
        """Return the result of the run of ``seed``, from its manifest."""
        return dict(read_json(self.run(seed).manifest)["result"])

    def outcome(self, seed: int) -> Optional[Outcome]:
        """Return the outcome of the run of ``seed``; None where it has not begun, or its manifest names none."""
        manifest = self.run(seed).manifest
        return outcome_of(read_json(manifest)) if manifest.is_file() else None

    def is_over(self, seed: int) -> bool:
        """Whether nothing is left to train of the run of ``seed``."""
        outcome = self.outcome(seed)
        return outcome is not None and outcome.is_over

    def left(self) -> list[int]:
        """Return the seeds with something left to train."""
        return [seed for seed in self.seeds() if not self.is_over(seed)]


def find_study(reference: str) -> Optional[StudyDirectory]:
    """Return the study in the directory ``reference``; None where it holds something else."""
    study = StudyDirectory(Path(reference))
    if not study.manifest.is_file():
        return None
    remember_modules(study.root)
    return study


def parse_seeds(text: str) -> list[int]:
    """Read seeds such as ``0-31`` or ``0,3,7``.

    Raises:
        UsageError: when it is anything else.
    """
    seeds: list[int] = []
    for part in text.split(","):
        first, dash, last = part.partition("-")
        numbers = [first, last] if dash else [first]
        if not all(number.strip().isascii() and number.strip().isdigit() for number in numbers):
            raise UsageError(f"--seeds {text}: seeds are numbers and ranges, such as 0-31 or 0,3,7")
        low, high = int(numbers[0]), int(numbers[-1])
        if high > LARGEST_SEED:
            raise UsageError(f"--seeds {text}: the largest seed is {LARGEST_SEED}")
        if low > high:
            raise UsageError(f"--seeds {text}: {part} runs backwards")
        if high - low >= MOST_SEEDS or len(seeds) + high - low >= MOST_SEEDS:
            raise UsageError(f"--seeds {text}: more than {MOST_SEEDS:,} seeds")
        seeds.extend(range(low, high + 1))
    if len(set(seeds)) < len(seeds):
        raise UsageError(f"--seeds {text}: a seed is given twice")
    return seeds


def named(seeds: Sequence[int]) -> str:
    """Write seeds in the form that `parse_seeds` reads, such as ``0-31``."""
    parts: list[list[int]] = []
    for seed in sorted(seeds):
        if parts and parts[-1][-1] == seed - 1:
            parts[-1] = [parts[-1][0], seed]
        else:
            parts.append([seed])
    return ",".join("-".join(map(str, part)) for part in parts)


@dataclass
class SeedState:
    """The progress of a seed."""

    outcome: Outcome = Outcome.WAITING
    iteration: int = 0
    greedy: Optional[float] = None  # the last evaluation's mean return
    best: Optional[float] = None
    error: str = ""
    began: Optional[float] = None  # by time.perf_counter; None where this process has not trained it
    seconds: Optional[float] = None  # from its begin to its end in this process

    def turn(self, outcome: Outcome, error: str = "") -> None:
        """Note that the seed has begun or ended."""
        self.outcome, self.error = outcome, error
        if outcome is Outcome.RUNNING:
            self.began = time.perf_counter()
        elif self.began is not None:
            self.seconds = time.perf_counter() - self.began

    def note(self, iteration: int, greedy: Optional[float]) -> None:
        """Note the iteration and the evaluation of a row of the metrics."""
        self.iteration = iteration
        if greedy is not None:
            self.greedy = greedy
            self.best = greedy if self.best is None else max(self.best, greedy)


@dataclass
class StudyProgress:
    """The progress of a study, for displays."""

    num_iterations: int
    seeds: dict[int, SeedState]
    began: float = field(default_factory=time.perf_counter)
    before: float = 0.0  # seconds that earlier processes took
    warnings: list[str] = field(default_factory=list)  # about seeds, none of which has ended its seed

    def count(self, *outcomes: Outcome) -> int:
        """Return how many seeds are in one of these states."""
        return sum(state.outcome in outcomes for state in self.seeds.values())

    @property
    def seconds(self) -> float:
        """The seconds that the study has taken so far, in all its processes."""
        return self.before + time.perf_counter() - self.began

    @property
    def over(self) -> int:
        """How many seeds have nothing left to train."""
        return sum(state.outcome.is_over for state in self.seeds.values())

    @property
    def ended(self) -> Outcome:
        """The outcome of the study."""
        if self.count(Outcome.FAILED):
            return Outcome.FAILED
        return Outcome.FINISHED if self.over == len(self.seeds) else Outcome.INTERRUPTED
