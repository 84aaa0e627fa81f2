"""Reads runs and studies from disk as arrays of evaluations.

A study is a directory with a study.json and a run directory for each seed inside. A run on its own is read as a study
of one seed.
"""

import functools
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Optional

import numpy as np
from numpy.typing import NDArray

from cartrl.errors import UsageError
from cartrl.runs import metrics, states
from cartrl.runs.directory import DECISION, STUDY, RunDirectory
from cartrl.runs.json_files import read_json
from cartrl.runs.modules import remember_modules
from cartrl.runs.outcome import Outcome, outcome_of
from cartrl.runs.study import StudyDirectory
from cartrl.runs.thresholds import reward_threshold
from cartrl.settings import ExperimentSettings, load


@dataclass(frozen=True)
class Run:
    """One seed's evaluations of the greedy policy, in their order: arrays [E]."""

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

        Trapezoids. A run that ended early keeps its last return to the end, because its policy stays the same.
        """
        iterations, returns = self.iterations, self.returns
        if iterations[-1] < self.num_iterations:
            iterations, returns = np.append(iterations, self.num_iterations), np.append(returns, returns[-1])
        return float(np.trapz(returns, iterations) / iterations[-1])

    def steps_to(self, threshold: float) -> float:
        """The environment steps before the first evaluation of at least ``threshold``; infinite if there is none."""
        reached = np.flatnonzero(self.returns >= threshold)
        return float(self.steps[reached[0]]) if len(reached) else np.inf


@dataclass(frozen=True)
class Study:
    """Runs that differ in their seed alone."""

    path: Path
    settings: ExperimentSettings
    runs: tuple[Run, ...]  # in the order of their seeds, each with an evaluation at least
    missing: tuple[int, ...]  # seeds that the study names and that have no evaluation yet
    manifest: dict[str, Any] = field(default_factory=dict)  # of the study, or of the run on its own

    @property
    def env_name(self) -> str:
        """The environment's name in its suite."""
        return self.settings.environment.env_name

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

    @property
    def ended(self) -> tuple[Run, ...]:
        """The runs whose last evaluation is their result."""
        return tuple(run for run in self.runs if run.has_ended)

    def notes(self) -> list[str]:
        """Return a sentence for each way in which seeds are not finished, and on a missing threshold."""
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
    return Study(path, settings, tuple(runs), tuple(seed for seed in named if seed not in known), manifest)


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


def load_studies(paths: list[Path]) -> list[Study]:
    """Read studies of one environment.

    Raises:
        UsageError: as `load_study`; or when one is given twice, or their environments differ.
    """
    studies: list[Study] = []
    for path in paths:
        study = load_study(path)
        if any(study.path.resolve() == other.path.resolve() for other in studies):
            raise UsageError(f"{path}: given twice")
        if studies:
            _require_same_environment(study, studies[0])
        studies.append(study)
    return studies


def _require_same_environment(study: Study, other: Study) -> None:
    own, others = study.settings.environment, other.settings.environment
    if (own.suite, own.env_name) == (others.suite, others.env_name):
        return
    named = [env.env_name if own.suite == others.suite else f"{env.suite}'s {env.env_name}" for env in (own, others)]
    raise UsageError(
        f"{study.path}: its environment is {named[0]}, but that of {other.path} is {named[1]}; returns compare "
        "within one environment only"
    )


def common_threshold(studies: list[Study]) -> Optional[float]:
    """Return the reward threshold of the studies' environment: that of the first study that has one.

    Return None where the time limit, the constants or the arguments of a study are other than the suite's.
    """
    if any(study.is_own_task for study in studies):
        return None
    return next((study.threshold for study in studies if study.threshold is not None), None)
