"""Reads cartrl's own runs and studies from disk as arrays of evaluations.

A study is a directory with a study.json and a run directory for each seed inside. A run on its own is read as a study
of one seed.
"""

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Optional

import numpy as np
from numpy.typing import NDArray

from cartrl.errors import UsageError
from cartrl.runs import metrics, plans, states
from cartrl.runs.directory import DECISION, STUDY, RunDirectory
from cartrl.runs.evaluated import Axis, Run, Seeds
from cartrl.runs.json_files import read_json
from cartrl.runs.measures import GREEDY
from cartrl.runs.modules import remember_modules
from cartrl.runs.outcome import Outcome, outcome_of
from cartrl.runs.study import StudyDirectory
from cartrl.runs.thresholds import reward_threshold
from cartrl.settings import ExperimentSettings, load
from cartrl.settings.writing import flat_settings


@dataclass(frozen=True)
class Study(Seeds):
    """Runs of cartrl that differ in their seed alone."""

    settings: ExperimentSettings
    missing: tuple[int, ...]  # seeds that the study names and that have no evaluation yet
    manifest: dict[str, Any] = field(default_factory=dict)  # of the study, or of the run on its own

    axes: ClassVar[tuple[Axis, ...]] = ("iterations", "steps", "seconds")
    measure: ClassVar[str] = GREEDY

    @property
    def method(self) -> str:
        """The agent."""
        return self.settings.agent.kind

    @property
    def env_name(self) -> str:
        """The environment's name in its suite."""
        return self.settings.environment.env_name

    @property
    def suite(self) -> str:
        """The suite of the environment."""
        return self.settings.environment.suite

    @functools.cached_property
    def threshold(self) -> Optional[float]:
        """The mean return from which the environment counts as solved, if there is one."""
        return reward_threshold(self.manifest, self.settings.environment)

    @property
    def is_own_task(self) -> bool:
        """Whether there is no threshold, and the task may be another than the suite's, which may be why."""
        environment = self.settings.environment
        changed = environment.max_episode_steps or environment.constants or environment.kwargs or environment.wrappers
        return self.threshold is None and bool(changed)

    def flat_settings(self) -> Mapping[str, Any]:
        """Return the settings by ``section.key``, as JSON has them."""
        return flat_settings(self.settings)

    def notes(self, tested: Optional[str] = None) -> list[str]:
        """Return a sentence for each way in which seeds are not finished, on the plan, and on a missing threshold."""
        kinds = {"missing": list(self.missing)}
        for run in self.runs:
            kinds.setdefault(run.state, []).append(run.seed)
        place = "left out" if self.ended else "drawn as far as all have come"
        sentences = {
            "missing": "without an evaluation yet: left out",
            states.RUNNING: f"still running: {place}",
            states.UNKNOWN: f"still running or killed, which cannot be told here: {place}",
            states.STOPPED: f"stopped before the end: {place}",
            states.FAILED: "failed: counted with the last evaluation before",
        }
        found = [f"{_seeds(kinds[kind])} {text}" for kind, text in sentences.items() if kinds.get(kind)]
        seeds = [run.seed for run in self.runs]
        is_over = outcome_of(self.manifest) is Outcome.FINISHED
        found += plans.said(self.manifest, self.settings, seeds, is_over, tested)
        if (self.path.absolute().parent / DECISION).is_file():
            found.append("trained until it was decided: the error level holds for what that decision says alone")
        if self.is_own_task:
            suite = self.settings.environment.suite
            found.append(
                f"no reward threshold: {suite}'s, if it names one, is for its own time limit, constants and arguments, "
                "and for no wrapper that changes the task"
            )
        return found


def _seeds(seeds: list[int]) -> str:
    return f"{'seed' if len(seeds) == 1 else 'seeds'} {', '.join(map(str, sorted(seeds)))}"


def is_own(path: Path) -> bool:
    """Return whether the directory ``path`` holds a study or a run of cartrl."""
    return (path / STUDY).is_file() or RunDirectory(path).manifest.is_file()


def load_study(path: Path) -> Study:
    """Read the study, or the single run, in the directory ``path``.

    Raises:
        UsageError: when it is neither, a file of it cannot be read, or no run has an evaluation.
    """
    remember_modules(path)
    if (path / STUDY).is_file():
        manifest = read_json(path / STUDY)
        named = StudyDirectory(path).seeds() if "seeds" in manifest else []
        directories = StudyDirectory(path).runs()
    elif RunDirectory(path).manifest.is_file():
        manifest, named, directories = read_json(RunDirectory(path).manifest), [], [path]
    else:
        reason = "holds neither a study nor a run" if path.is_dir() else "no such run or study"
        raise UsageError(f"{path}: {reason}; give a directory that `cartrl train` has made")
    settings = load(RunDirectory(path).config).settings
    read = [_run(RunDirectory(directory), settings.train.num_iterations) for directory in directories]
    runs = sorted((run for run in read if len(run.returns)), key=lambda run: run.seed)
    if not runs:
        raise UsageError(f"{path}: there is no evaluation in it yet")
    known = {run.seed for run in runs}
    missing = tuple(seed for seed in named if seed not in known)
    return Study(path, tuple(runs), settings, missing, manifest)


def _run(directory: RunDirectory, num_iterations: int) -> Run:
    manifest = read_json(directory.manifest)
    seed, outcome = manifest.get("seed"), outcome_of(manifest)
    if type(seed) is not int or outcome is None:
        raise UsageError(f"{directory.manifest}: not what a run writes: it names no seed, or no outcome")
    rows = _evaluations(directory.metrics)
    column = functools.partial(_column, directory.metrics, rows)
    return Run(
        directory=directory.root,
        seed=seed,
        outcome=outcome,
        state=states.state_of(directory.root, manifest),
        num_iterations=num_iterations,
        iterations=column("iteration"),
        steps=column("environment_steps"),
        seconds=column("seconds"),
        returns=column("greedy_return_mean"),
    )


def _evaluations(path: Path) -> list[metrics.Row]:
    """Return the rows of the metrics file with an evaluation; none where there is no file yet."""
    if not path.exists():
        return []
    return [row for row in metrics.read(path) if row["greedy_return_mean"] is not None]


def _column(path: Path, rows: list[metrics.Row], name: str) -> NDArray[Any]:
    values = np.array([row[name] for row in rows], dtype=float)
    if not np.isfinite(values).all():  # an empty cell has become NaN
        place = int(np.flatnonzero(~np.isfinite(values))[0])
        raise UsageError(
            f"{path}: {name} of iteration {rows[place]['iteration']} is {rows[place][name]}, but must be a finite "
            "number, as the row holds an evaluation"
        )
    return values
