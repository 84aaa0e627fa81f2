"""Lists the runs, studies, sweeps and decisions in a directory, and how far each is. Damage is listed, not raised.

Studies of other tools, in the directory and below it, are listed too.
"""

import math
import os
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional

from cartrl.errors import UsageError
from cartrl.runs import metrics
from cartrl.runs.decision import DecisionDirectory
from cartrl.runs.directory import DECISION, MANIFESTS, STUDY, SWEEP, RunDirectory
from cartrl.runs.finding import started
from cartrl.runs.json_files import read_json
from cartrl.runs.measures import GREEDY
from cartrl.runs.states import DAMAGED, FINISHED, UNKNOWN, state_of
from cartrl.runs.study import StudyDirectory
from cartrl.runs.sweep import CONFIRMATION, SweepDirectory, read_plan
from cartrl.settings.yaml_text import parse
from cartrl.system import reading

if TYPE_CHECKING:
    from cartrl.runs.foreign import Layout
    from cartrl.runs.foreign.study import ForeignStudy

# The errors that reading a damaged file may raise.
DAMAGE = (UsageError, OSError, ValueError, KeyError, TypeError, IndexError)


@dataclass(frozen=True)
class Entry:
    """A run, a study, a sweep or a decision; an attribute that its files do not tell is None."""

    path: Path
    kind: str  # run, study, sweep or decision
    state: str
    env_name: Optional[str] = None
    agent: Optional[str] = None  # of another tool's study: its method
    seeds: tuple[int, ...] = ()
    settings: Optional[int] = None  # of a sweep: the number of its settings so far
    iterations: int = 0  # done; of many runs, their sum
    num_iterations: Optional[int] = None  # planned, likewise
    # The best evaluation's mean return; of a study, the mean of the seeds' best; of several studies, that of the best.
    best: Optional[float] = None
    measure: str = GREEDY  # what the returns are
    started: Optional[datetime] = None
    problem: Optional[str] = None  # a sentence about what is damaged


def entries(root: Path, layout: "Optional[Layout]" = None) -> tuple[list[Entry], list[Path]]:
    """Return the runs, studies, sweeps and decisions directly below ``root``, the latest first, and a second list.

    Studies of other tools, whose files have this ``layout``, come last. The second list names the directories with a
    file that is called as a manifest is, but that cartrl has not written.

    Raises:
        UsageError: when ``root`` is no directory that can be read.
    """
    try:
        children = sorted(child for child in root.iterdir() if child.is_dir())
    except OSError as error:
        raise UsageError(f"{root}: cannot be read: {error.strerror}") from None
    found, foreign, others = [], [], []
    for child in children:
        entry = _entry(child)
        if entry is not None:
            found.append(entry)
        elif any(os.path.lexists(child / name) for name in MANIFESTS):
            foreign.append(child)
        else:
            others.append(child)
    if others or not children or layout:
        found += _of_other_tools(root, others, layout)
    by_age = sorted(found, key=lambda entry: entry.started.timestamp() if entry.started else -math.inf, reverse=True)
    return by_age, foreign


def _of_other_tools(root: Path, others: list[Path], layout: "Optional[Layout]") -> list[Entry]:
    """Return the studies of other tools in ``root``; where they cannot all be read, those of each of ``others``."""
    from cartrl.runs import foreign  # imports numpy, which cartrl's own runs do without

    said = layout or foreign.UNSAID
    try:
        return list(map(_other, foreign.load_studies(root, said)))
    except UsageError as error:
        if not others or said.group:
            return [Entry(root, "study", DAMAGED, problem=str(error))]
    found: list[Entry] = []
    for path in others:
        try:
            found += map(_other, foreign.load_studies(path, said))
        except UsageError as error:
            found.append(Entry(path, "study", DAMAGED, problem=str(error)))
    return found


def _other(study: "ForeignStudy") -> Entry:
    best = [run.best for run in study.runs]
    return Entry(
        study.path,
        "study" if len(best) > 1 else "run",
        UNKNOWN,
        study.env_name,
        study.name,
        tuple(run.seed for run in study.runs),
        best=sum(best) / len(best),
        measure=study.measure,
    )


def _entry(directory: Path) -> Optional[Entry]:
    """Return the entry of a directory, None for one that is nothing of cartrl's."""
    run = RunDirectory(directory)
    try:
        read = next((read for name, read in MANY.items() if os.path.lexists(directory / name)), None)
        if read is None and not os.path.lexists(run.manifest) and not run.metrics.exists():
            return None
        entry = _run(run) if read is None else read(directory)
        is_ours = entry.state != DAMAGED or run.config.exists() or run.metrics.exists()
        return entry if is_ours else None
    except OSError as error:
        return Entry(directory, "run", DAMAGED, problem=_sentence(directory, error))


def _run(run: RunDirectory) -> Entry:
    entry = Entry(run.root, "run", DAMAGED)
    problems = []
    try:
        manifest = read_json(run.manifest)
        seed = manifest.get("seed")
        seeds = (seed,) if type(seed) is int else ()
        entry = replace(entry, seeds=seeds, started=started(manifest), state=state_of(run.root, manifest))
        if entry.state == DAMAGED or not seeds or not entry.started:
            problems.append(f"{run.manifest}: not what a run writes")
    except UsageError as error:
        problems.append(str(error))
    try:
        entry = replace(entry, **_plan(run.config))
        if run.metrics.exists() or entry.state == FINISHED:  # a run that was stopped while it started has no metrics
            iterations, best = _progress(run.metrics)
            entry = replace(entry, iterations=iterations, best=best)
    except DAMAGE as error:
        problems.append(_sentence(run.root, error))
    return replace(entry, state=DAMAGED, problem=problems[0]) if problems else entry


def _study(directory: Path) -> Entry:
    runs = [_run(RunDirectory(path)) for path in StudyDirectory(directory).runs()]
    entry = Entry(directory, "study", DAMAGED)
    try:
        content = read_json(directory / STUDY)
        seeds = tuple(seed for seed in content["seeds"] if type(seed) is int)
        entry = replace(entry, seeds=seeds, started=started(content), state=state_of(directory, content))
        plan = _plan(RunDirectory(directory).config)
    except DAMAGE as error:
        return replace(entry, state=DAMAGED, problem=_sentence(directory, error))
    if entry.state == DAMAGED or not entry.started:
        return replace(entry, state=DAMAGED, problem=f"{directory / STUDY}: not what a study writes")
    best = [run.best for run in runs if run.best is not None]
    return replace(
        entry,
        env_name=plan["env_name"],
        agent=plan["agent"],
        iterations=sum(run.iterations for run in runs),
        num_iterations=plan["num_iterations"] * len(seeds),
        best=sum(best) / len(best) if best else None,
    )


def _decision(directory: Path) -> Entry:
    decision = DecisionDirectory(directory)
    entry = Entry(directory, "decision", DAMAGED)
    try:
        content = read_json(decision.manifest)
        planned = 2 * int(content["plan"]["batch"]) * int(content["plan"]["looks"])
        entry = replace(entry, started=started(content))
        plan = _plan(decision.studies[0].config)
        state = state_of(directory, content)
    except DAMAGE as error:
        return replace(entry, problem=_sentence(directory, error))
    if state == DAMAGED or not entry.started:
        return replace(entry, problem=f"{decision.manifest}: not what a decision writes")
    studies = [_study(study.root) for study in decision.studies if study.manifest.exists()]
    return replace(
        entry,
        state=state,
        env_name=plan["env_name"],
        agent=plan["agent"],
        seeds=max((study.seeds for study in studies), key=len, default=()),
        iterations=sum(study.iterations for study in studies),
        num_iterations=plan["num_iterations"] * planned,
        best=max((study.best for study in studies if study.best is not None), default=None),
    )


def _sweep(directory: Path) -> Entry:
    sweep = SweepDirectory(directory)
    entry = Entry(sweep.root, "sweep", DAMAGED)
    try:
        content = read_json(sweep.manifest)
        plan = read_plan(sweep)
        state = state_of(sweep.root, content)
        entry = replace(entry, seeds=tuple(plan.seeds), settings=len(plan.settings), started=started(content))
        common = _plan(sweep.config)
    except DAMAGE as error:
        return replace(entry, problem=_sentence(sweep.root, error))
    if state == DAMAGED or not entry.started:
        return replace(entry, problem=f"{sweep.manifest}: not what a sweep writes")
    directories = [sweep.study(setting) for setting in plan.settings]
    studies = [_study(study.root) for study in directories if study.manifest.exists()]
    best = [study.best for study in studies if study.best is not None]
    confirmed = [_study(path.parent) for path in sweep.root.glob(f"{CONFIRMATION}/*/{STUDY}")]
    return replace(
        entry,
        state=state,
        env_name=common["env_name"],
        agent=common["agent"],
        iterations=sum(study.iterations for study in [*studies, *confirmed]),
        num_iterations=common["num_iterations"] * plan.runs,
        best=max(best) if best else None,
    )


MANY = {SWEEP: _sweep, STUDY: _study, DECISION: _decision}  # what reads a directory of many runs, by its manifest


def _sentence(directory: Path, error: Exception) -> str:
    """Return what is wrong in ``directory``, in one line."""
    if isinstance(error, UsageError):
        return str(error)
    if isinstance(error, OSError):
        return f"{error.filename or directory}: {error.strerror}"
    return f"{directory}: {type(error).__name__}: {' '.join(str(error).split())}"


def _plan(config: Path) -> dict[str, Any]:
    """Return environment, agent and iterations of a resolved config, without checking the rest of it."""
    content = parse(reading.read_text(config, reading.LARGEST_CONFIG), str(config), quick=True).values
    try:
        plan = {
            "env_name": content["environment"]["env_name"],
            "agent": content["agent"]["kind"],
            "num_iterations": content["train"]["num_iterations"],
        }
    except (KeyError, TypeError):
        plan = {}
    if [type(value) for value in plan.values()] != [str, str, int]:
        raise UsageError(f"{config}: not what a run writes: no environment.env_name, agent.kind, train.num_iterations")
    return plan


def _progress(path: Path) -> tuple[int, Optional[float]]:
    """Return the last iteration of a metrics file, and the best evaluation's mean; a line cut short is left out."""
    step, best = 0, -math.inf
    for row in metrics.cells(path):
        step = int(row["iteration"])
        if row["greedy_return_mean"]:
            best = max(best, float(row["greedy_return_mean"]))
    return step, best if math.isfinite(best) else None
