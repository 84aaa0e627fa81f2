"""``cartrl train`` of many seeds."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from cartrl.cli.commands.output import Output
from cartrl.errors import CartrlError, UsageError
from cartrl.execution.processes import Workers, default_jobs
from cartrl.runs.directory import beginning, create
from cartrl.runs.lock import RunLock
from cartrl.runs.manifest import Manifest
from cartrl.runs.outcome import Outcome
from cartrl.runs.study import SeedState, StudyDirectory, StudyProgress
from cartrl.settings import ResolvedConfig, load
from cartrl.settings.writing import read_resolved, write_resolved
from cartrl.system.notices import warn
from cartrl.system.signals import StopRequest
from cartrl.terminal.study import LineDisplay, LiveDisplay, SilentDisplay, print_summary
from cartrl.training import tasks
from cartrl.training.resuming import require_same_experiment


@dataclass(frozen=True)
class Task:
    """The seeds of a study, and which of them are ``left`` to train."""

    study: StudyDirectory
    config: ResolvedConfig
    seeds: Sequence[int]
    left: Sequence[int]
    threshold: Optional[float]  # the environment's reward threshold, if it has one
    jobs: Optional[int]  # processes that train at once; None for one on each core

    def begin(self) -> Manifest:
        """Write the config and the manifest of a new study."""
        write_resolved(self.config, self.study.config)
        settings = self.config.settings
        facts = {"env_name": settings.environment.env_name, "agent": settings.agent.kind, "seeds": list(self.seeds)}
        return Manifest.begin(self.study.manifest, kind="study", **facts, reward_threshold=self.threshold)

    def go_on(self) -> Manifest:
        """Write into config and manifest that a study goes on."""
        write_resolved(self.config, self.study.config)
        return Manifest.resume(self.study.manifest, ended_seeds=len(self.seeds) - len(self.left))

    def progress(self) -> StudyProgress:
        """Return the state of all seeds before those that are left are trained."""
        states = {seed: _known(self.study, seed, seed in self.left) for seed in self.seeds}
        return StudyProgress(self.config.settings.train.num_iterations, states)

    def train(self, manifest: Manifest, display: SilentDisplay, stop: StopRequest) -> StudyProgress:
        """Train the seeds that are left, until they have ended or ``stop`` says so; return what all have reached."""
        progress = self.progress()
        progress.before = manifest.before.seconds
        with manifest, display:
            display.attach(progress, self.threshold)
            Workers(self.study, progress, display.told).train(self.left, self.jobs or default_jobs(), stop)
            manifest.reached(progress.ended)
        for text in progress.warnings:
            warn(text)
        return progress


def run(
    config: ResolvedConfig, seeds: Sequence[int], study_dir: Optional[Path], jobs: Optional[int], output: Output
) -> None:
    """Train every seed from the beginning, and print what they reached."""
    settings = config.settings
    threshold = tasks.check_environment(config)
    study = StudyDirectory(create(study_dir, settings.environment.env_name, settings.agent.kind, f"{len(seeds)}-seeds"))
    with beginning(study.root, study.manifest), RunLock(study.lock):
        task = Task(study, config, seeds, seeds, threshold, jobs)
        _train(task, task.begin(), output)


def resume(study: StudyDirectory, overrides: Sequence[str], jobs: Optional[int], output: Output) -> None:
    """Train the seeds that have not ended yet; with ``overrides``, which may extend the study, all of them."""
    with RunLock(study.lock):
        config = read_resolved(study.config, overrides)
        require_same_experiment(load(study.config).settings, config)
        threshold = tasks.check_environment(config)
        seeds = study.seeds()
        left = seeds if overrides else study.left()
        task = Task(study, config, seeds, left, threshold, jobs)
        if left:
            _train(task, task.go_on(), output)
        else:
            output.note(f"{study.root}: finished already, all {len(seeds)} seeds")
            if output.is_alone:
                _answer(study, task.progress(), output)


def display_for(output: Output, title: str) -> SilentDisplay:
    """Return the display of a study that suits ``output``."""
    return output.display(
        SilentDisplay, lambda console: LineDisplay(console, title), lambda console: LiveDisplay(console, title)
    )


def _train(task: Task, manifest: Manifest, output: Output) -> None:
    """Train the seeds that are left, and print what all reached."""
    study = task.study
    with StopRequest() as stop:
        progress = task.train(manifest, display_for(output, str(study.root)), stop)
    _answer(study, progress, output)
    if not output.is_alone:
        print_summary(
            output.console, study, progress, task.threshold, tasks.threshold_said(task.config, task.threshold)
        )
    if stop():
        sys.exit(stop.exit_code)
    failed = [
        f"seed {seed}: {state.error}" for seed, state in progress.seeds.items() if state.outcome is Outcome.FAILED
    ]
    if failed:
        raise CartrlError(f"{len(failed)} of {len(task.seeds)} seeds failed; {failed[0]}")


def _answer(study: StudyDirectory, progress: StudyProgress, output: Output) -> None:
    """Print what programs read, if it is wanted: JSON, or the directory."""
    if output.as_json:
        outcomes = {str(seed): vars(state) for seed, state in progress.seeds.items()}
        output.print_json({"study": str(study.root), "outcome": progress.ended, "seeds": outcomes})
    elif output.quiet:
        output.print(study.root)


def _known(study: StudyDirectory, seed: int, is_left: bool) -> SeedState:
    """Return what the display shows of a seed at the start: nothing if it has yet to be trained, else its results."""
    if is_left:
        return SeedState()
    try:
        reached = study.result(seed)
        best, final = reached["best_greedy_return"], reached["final_greedy_return"]
        return SeedState(study.outcome(seed) or Outcome.FINISHED, final["step"], final["mean"], best["mean"])
    except (KeyError, TypeError, ValueError):
        raise UsageError(
            f"{study.run(seed).manifest}: not what a run that has ended writes: it has no result"
        ) from None
