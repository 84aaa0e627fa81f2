"""``cartrl compare --until-decided``."""

import itertools
import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Optional

import numpy as np

from cartrl.analysis import comparison, sequential
from cartrl.analysis.comparison import Metric
from cartrl.analysis.conclusions import decision
from cartrl.analysis.sequential import Design, Look
from cartrl.cli.commands.output import Output
from cartrl.cli.commands.study import display_for
from cartrl.errors import CartrlError, UsageError
from cartrl.execution.executor import Executor
from cartrl.execution.studies import Campaign, OpenStudy, StudyWork
from cartrl.runs.decision import NAMES, DecisionDirectory, Plan, fingerprint, read_plan
from cartrl.runs.directory import beginning, create
from cartrl.runs.evaluated import Evaluated
from cartrl.runs.gathering import common_threshold, load_studies
from cartrl.runs.labelling import labels
from cartrl.runs.lock import RunLock
from cartrl.runs.manifest import Manifest
from cartrl.runs.outcome import Outcome
from cartrl.runs.study import StudyDirectory
from cartrl.settings import ResolvedConfig
from cartrl.settings.writing import read_resolved, write_resolved
from cartrl.system import files
from cartrl.system.calls import call
from cartrl.system.notices import warn
from cartrl.system.signals import StopRequest
from cartrl.terminal.board import Board
from cartrl.terminal.decision import looked, print_decision
from cartrl.terminal.many import SilentDisplay
from cartrl.training import tasks


def run(
    configs: Sequence[ResolvedConfig],
    by: str,
    most_seeds: int,
    directory: Optional[Path],
    executor: Executor,
    output: Output,
) -> None:
    """Write the plan, train both configs batch by batch until it is decided which is better, and say so."""
    first, second = (config.settings for config in configs)
    if (first.environment.suite, first.environment.env_name) != (second.environment.suite, second.environment.env_name):
        raise UsageError("the configs have different environments; returns compare within one environment only")
    design = Design.of(most_seeds, comparison.LEVEL)
    if not design.looks:
        raise UsageError(
            f"--max-seeds {most_seeds}: give at least {sequential.SMALLEST_BATCH}, those of the first look"
        )
    plan = Plan(tuple(map(fingerprint, (first, second))), by, design.level, design.batch, design.looks)
    thresholds = [tasks.check_environment(config) for config in configs]
    comparison.metric_named(by, None if None in thresholds else thresholds[0])
    made = DecisionDirectory(create(directory, first.environment.env_name, first.agent.kind, "decision"))
    with beginning(made.root, made.manifest), RunLock(made.lock):
        for study, config in zip(made.studies, configs):
            files.make_directory(study.root)
            write_resolved(config, study.config)
        facts = {"env_name": first.environment.env_name, **plan.facts()}
        begin = partial(Manifest.begin, made.manifest, kind="decision", **facts)
        _train(Decision(made, plan, thresholds, executor, output), begin)


def go_on(made: DecisionDirectory, executor: Executor, output: Output) -> None:
    """Go on with a decision that was stopped; of one that has ended, print the result again."""
    with RunLock(made.lock):
        files.clear_drafts(made.root)
        plan = read_plan(made)
        thresholds = [tasks.check_environment(read_resolved(study.config)) for study in made.studies]
        _train(Decision(made, plan, thresholds, executor, output), partial(Manifest.resume, made.manifest))


@dataclass
class Decision:
    """A decision at work."""

    directory: DecisionDirectory
    plan: Plan
    thresholds: Sequence[Optional[float]]
    executor: Executor
    output: Output
    failed: set[tuple[str, int]] = field(default_factory=set)  # by study and seed; they count as far as they came

    def __post_init__(self) -> None:
        most = self.plan.most_seeds
        self.board = Board("runs", 2 * most, f"2 configs, at most {most} seeds of each")

    def train(self, display: SilentDisplay, stop: StopRequest) -> list[Look]:
        """Train batch by batch until it is decided, all are trained, or it should stop; return the looks."""
        plan, found = self.plan, self.looks()
        display.attach(self.board, self.thresholds[0])
        campaign = Campaign(self.executor, stop, lambda study, seed, _: display.told(study.work.name, seed))
        while not stop() and len(found) < plan.looks and not (found and found[-1].is_decided):
            self._train_batch(plan.batch * (len(found) + 1), campaign)
            if not stop():
                found = self.looks()
                display.say(looked(found[-1]))
        return found

    def _train_batch(self, seeds: int, campaign: Campaign) -> None:
        """Train so many seeds of each study, but for those that have ended.

        Raises:
            CartrlError: when a run failed before its first evaluation, so that it has no number to compare.
        """
        works = [self._work(name, study, seeds) for name, study in zip(NAMES, self.directory.studies)]
        opened = [OpenStudy(work) for work in works]
        for study in opened:
            self.board.add(study.work.name, study.progress)
        campaign.train(opened)
        for study in opened:
            for seed, state in study.progress.seeds.items():
                if state.outcome is not Outcome.FAILED:
                    continue
                if state.greedy is None:
                    raise CartrlError(f"{study.work.study.run(seed).root} failed: {state.error}")
                self.failed.add((study.work.name, seed))

    def _work(self, name: str, study: StudyDirectory, seeds: int) -> StudyWork:
        left = [seed for seed in range(seeds) if not study.is_over(seed) and (name, seed) not in self.failed]
        threshold = self.thresholds[NAMES.index(name)]
        return StudyWork(study, read_resolved(study.config), range(seeds), left, threshold, name, RunLock(study.lock))

    def looks(self) -> list[Look]:
        """Look at the runs that have ended: after each batch of seeds that is whole, until one look decides."""
        begun = [study.outcome(seed) for study in self.directory.studies for seed in range(self.plan.batch)]
        if not all(outcome is not None and outcome.is_result for outcome in begun):
            return []
        studies, metric = self._read()
        sign = 1 if metric.is_higher_better else -1
        known = [{run.seed: sign * metric.of(run) for run in study.ended} for study in studies]
        both = itertools.takewhile(lambda seed: all(seed in own for own in known), range(self.plan.most_seeds))
        first, second = np.array([[own[seed] for own in known] for seed in both]).reshape(-1, 2).T
        return sequential.looks(first, second, Design(self.plan.batch, self.plan.looks, self.plan.level))

    def _read(self) -> tuple[list[Evaluated], Metric]:
        """Read the two studies, and return them with the number of each seed that the plan tests."""
        studies = load_studies([study.root for study in self.directory.studies])
        return studies, comparison.metric_named(self.plan.tested, common_threshold(studies))

    def report(self, found: Sequence[Look]) -> None:
        """Print the plan, the looks and which study is better, for people or as JSON."""
        studies, metric = self._read()
        report: dict[str, Any] = {
            "decision": str(self.directory.root), "env_name": studies[0].env_name,
            **self.plan.facts(), "labels": labels(studies), "looks": [_facts(look) for look in found],
        }  # fmt: skip
        tested = metric.tested(comparison.BY[self.plan.tested])
        report["better"], report["conclusion"] = decision(report["labels"], found, tested, self.plan.most_seeds)
        if self.output.as_json:
            self.output.print_json(report)
        else:
            print_decision(self.output.console, report)


def _facts(look: Look) -> dict[str, Any]:
    """Return a look for JSON, which knows no infinity."""
    return {**look._asdict(), "boundary": look.boundary if math.isfinite(look.boundary) else None}


def _train(work: Decision, begin: Callable[[], Manifest]) -> None:
    """Train the seeds that are left until a look decides, and print the result.

    A decision begins once its executor is there: one with a cluster that cannot be used leaves nothing behind.
    """
    display = display_for(work.output, str(work.directory.root))
    with StopRequest() as stop, display, work.executor, begin() as manifest:
        found = work.train(display, stop)
        manifest.reached(Outcome.INTERRUPTED if stop() else Outcome.FINISHED)
    for text in work.board.warnings:
        warn(text)
    if stop():
        work.output.note(f"stopped; to go on: {call('compare', '--resume', work.directory.root)}")
        sys.exit(stop.exit_code)
    work.report(found)
