"""A study: the same experiment with many seeds. What each seed gives is what it gives alone."""

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
        """Return what the run of ``seed`` reached, as its manifest has it."""
        return dict(read_json(self.run(seed).manifest)["result"])

    def outcome(self, seed: int) -> Optional[Outcome]:
        """Return how the run of ``seed`` ended; None where it has not begun, or its manifest does not say."""
        manifest = self.run(seed).manifest
        return outcome_of(read_json(manifest)) if manifest.is_file() else None

    def left(self) -> list[int]:
        """Return the seeds with something left to train."""
        return [seed for seed in self.seeds() if not (outcome := self.outcome(seed)) or not outcome.is_over]


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
    """Write seeds as briefly as `parse_seeds` reads them."""
    parts: list[list[int]] = []
    for seed in sorted(seeds):
        if parts and parts[-1][-1] == seed - 1:
            parts[-1] = [parts[-1][0], seed]
        else:
            parts.append([seed])
    return ",".join("-".join(map(str, part)) for part in parts)


@dataclass
class SeedState:
    """How far a seed has come."""

    outcome: Outcome = Outcome.WAITING
    iteration: int = 0
    greedy: Optional[float] = None  # the last evaluation's mean return
    best: Optional[float] = None
    error: str = ""

    def note(self, iteration: int, greedy: Optional[float]) -> None:
        """Take in a row."""
        self.iteration = iteration
        if greedy is not None:
            self.greedy = greedy
            self.best = greedy if self.best is None else max(self.best, greedy)


@dataclass
class StudyProgress:
    """The state of a study, for displays."""

    num_iterations: int
    seeds: dict[int, SeedState]
    began: float = field(default_factory=time.perf_counter)
    before: float = 0.0  # seconds that the processes before this one took
    warnings: list[str] = field(default_factory=list)  # of seeds, none of which ended one

    def count(self, *outcomes: Outcome) -> int:
        """Return how many seeds are in one of these states."""
        return sum(state.outcome in outcomes for state in self.seeds.values())

    @property
    def seconds(self) -> float:
        """How long it has taken so far, in all its processes."""
        return self.before + time.perf_counter() - self.began

    @property
    def over(self) -> int:
        """How many seeds have nothing left to train."""
        return sum(state.outcome.is_over for state in self.seeds.values())

    @property
    def ended(self) -> Outcome:
        """The outcome of the whole."""
        if self.count(Outcome.FAILED):
            return Outcome.FAILED
        return Outcome.FINISHED if self.over == len(self.seeds) else Outcome.INTERRUPTED
