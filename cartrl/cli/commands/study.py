"""``cartrl train`` of many seeds."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Optional

from cartrl.analysis.comparison import LEVEL
from cartrl.analysis.numbers import counted
from cartrl.cli.commands.output import Output
from cartrl.errors import CartrlError
from cartrl.execution.executor import Executor
from cartrl.execution.studies import Campaign, OpenStudy, StudyWork
from cartrl.runs import plans
from cartrl.runs.directory import beginning, create
from cartrl.runs.lock import RunLock
from cartrl.runs.outcome import Outcome
from cartrl.runs.study import SeedState, StudyDirectory, StudyProgress
from cartrl.settings import ResolvedConfig, load
from cartrl.settings.writing import read_resolved
from cartrl.system import files
from cartrl.system.notices import warn
from cartrl.system.signals import StopRequest
from cartrl.terminal.board import Board
from cartrl.terminal.many import LineDisplay, LiveDisplay, SilentDisplay
from cartrl.terminal.study import print_summary
from cartrl.training import tasks
from cartrl.training.resuming import require_same_experiment


def run(
    config: ResolvedConfig, seeds: Sequence[int], study_dir: Optional[Path], executor: Executor, output: Output
) -> None:
    """Train every seed from the beginning, and print what they reached."""
    settings = config.settings
    threshold = tasks.check_environment(config)
    study = StudyDirectory(create(study_dir, settings.environment.env_name, settings.agent.kind, f"{len(seeds)}-seeds"))
    with beginning(study.root, study.manifest), RunLock(study.lock):
        plan = plans.sealed(plans.of_study(settings, seeds, "final", LEVEL))
        _train(StudyWork(study, config, seeds, seeds, threshold, plan=plan), executor, output)


def resume(study: StudyDirectory, overrides: Sequence[str], executor: Executor, output: Output) -> None:
    """Train the seeds that have not ended yet; with ``overrides``, which may extend the study, all of them."""
    with RunLock(study.lock):
        files.clear_drafts(study.root)
        config = read_resolved(study.config, overrides)
        require_same_experiment(load(study.config).settings, config)
        threshold = tasks.check_environment(config)
        seeds = study.seeds()
        left = seeds if overrides else study.left()
        work = StudyWork(study, config, seeds, left, threshold)
        if left:
            _train(work, executor, output)
        else:
            output.note(f"{study.root}: finished already, {counted(len(seeds), 'seed')}")
            if output.is_alone:
                _answer(study, work.progress(), output)


def display_for(output: Output, title: str) -> SilentDisplay:
    """Return the display of many runs that suits ``output``."""
    return output.display(
        SilentDisplay, lambda console: LineDisplay(console, title), lambda console: LiveDisplay(console, title)
    )


def _train(work: StudyWork, executor: Executor, output: Output) -> None:
    """Train the seeds that are left, and print what all reached."""
    study, opened = work.study, OpenStudy(work)
    progress, display = opened.progress, display_for(output, str(work.study.root))
    with output.logged(study.root), StopRequest() as stop, display, executor, opened:
        board = Board("seeds", len(work.seeds), counted(len(work.seeds), "seed"), progress.before)
        board.add("", progress)
        display.attach(board, work.threshold)
        Campaign(executor, stop, lambda _, seed, news: display.told("", seed)).train([opened])
    for text in progress.warnings:
        warn(text)
    _answer(study, progress, output)
    if not output.is_alone:
        print_summary(
            output.console, study, progress, work.threshold, tasks.threshold_said(work.config, work.threshold)
        )
    if stop():
        sys.exit(stop.exit_code)
    failed = [
        f"seed {seed}: {state.error}" for seed, state in progress.seeds.items() if state.outcome is Outcome.FAILED
    ]
    if failed:
        raise CartrlError(f"{len(failed)} of {counted(len(work.seeds), 'seed')} failed; {failed[0]}")


def _answer(study: StudyDirectory, progress: StudyProgress, output: Output) -> None:
    """Print what programs read, if it is wanted: JSON, or the directory."""
    if output.as_json:
        outcomes = {str(seed): _facts(state) for seed, state in progress.seeds.items()}
        output.print_json({"study": str(study.root), "outcome": progress.ended, "seeds": outcomes})
    elif output.quiet:
        output.print(study.root)


def _facts(state: SeedState) -> dict[str, Any]:
    return {name: getattr(state, name) for name in ("outcome", "iteration", "greedy", "best", "error")}
