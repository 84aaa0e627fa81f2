"""``cartrl sweep``."""

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Optional

from cartrl.cli.commands.output import Output
from cartrl.cli.commands.study import Task, display_for
from cartrl.errors import CartrlError, UsageError
from cartrl.runs.directory import beginning, create
from cartrl.runs.json_files import read_json
from cartrl.runs.lock import RunLock
from cartrl.runs.manifest import Manifest
from cartrl.runs.outcome import Outcome
from cartrl.runs.study import parse_seeds
from cartrl.runs.sweep import Plan, Setting, SweepDirectory, named, read_plan, record_of
from cartrl.runs.thresholds import reward_threshold
from cartrl.settings import load
from cartrl.settings.writing import read_resolved, write_resolved
from cartrl.sweeps import ranking, search
from cartrl.sweeps.grid import Base, check, corners, parse_grid, parse_ranges
from cartrl.system import files
from cartrl.system.signals import StopRequest
from cartrl.terminal.sweep import print_opening, print_reached, print_summary
from cartrl.training import tasks


@dataclass(frozen=True)
class Choices:
    """The settings that the user wants trained: all of a grid, or some that a search tries; and with which seeds."""

    grid: Sequence[str]
    search: Sequence[str]
    trials: Optional[int]
    seeds: str

    def require_one(self) -> None:
        """Check that the user gave either a grid, or a search with a number of trials.

        Raises:
            UsageError: saying what to give.
        """
        if bool(self.grid) == bool(self.search):
            raise UsageError("give --grid for every combination of values, or --search for ranges to search")
        if bool(self.search) != (self.trials is not None):
            raise UsageError("give --trials with --search: how many settings it tries")


def run(base: Base, choices: Choices, sweep_dir: Optional[Path], jobs: Optional[int], output: Output) -> None:
    """Train every setting with every seed, and rank them."""
    choices.require_one()
    seeds = parse_seeds(choices.seeds)
    config = load(base.path, base.overrides)
    settings = config.settings
    facts: dict[str, Any]
    if choices.grid:
        combinations = check(base, parse_grid(choices.grid), "--grid")
        records = [record_of(setting) for setting in named(list(combinations))]
        facts = {"grid": list(choices.grid), "settings": records}
    else:
        combinations = check(base, corners(parse_ranges(choices.search)), "--search")
        sampler = {"trials": choices.trials, "sampler_seed": settings.train.seed, "optuna": search.version()}
        facts = {"search": {"ranges": list(choices.search), **sampler}, "settings": []}
    threshold = tasks.check_environment(config)
    for combination in combinations.values():
        tasks.check_environment(combination)
    sweep = SweepDirectory(create(sweep_dir, settings.environment.env_name, settings.agent.kind, "sweep"))
    with beginning(sweep.root, sweep.manifest), RunLock(sweep.lock):
        write_resolved(config, sweep.config)
        facts = {"env_name": settings.environment.env_name, "agent": settings.agent.kind, "seeds": seeds, **facts}
        manifest = Manifest.begin(sweep.manifest, kind="sweep", **facts, reward_threshold=threshold)
        _train(Sweep(sweep, read_plan(sweep), threshold, jobs, output), manifest)


def go_on(sweep: SweepDirectory, jobs: Optional[int], output: Output) -> None:
    """Train the seeds that have not ended yet; of a finished sweep only print the ranking again."""
    with RunLock(sweep.lock):
        plan = read_plan(sweep)
        config = read_resolved(sweep.config)
        if plan.outcome is Outcome.FINISHED:
            threshold = reward_threshold(read_json(sweep.manifest), config.settings.environment)
            Sweep(sweep, plan, threshold, jobs, output).report(plan.outcome)
        else:
            work = Sweep(sweep, plan, tasks.check_environment(config), jobs, output)
            _train(work, Manifest.resume(sweep.manifest))


@dataclass
class Sweep:
    """A sweep at work."""

    directory: SweepDirectory
    plan: Plan
    threshold: Optional[float]
    jobs: Optional[int]
    output: Output
    failed: dict[str, str] = field(default_factory=dict)  # error by setting and seed

    @property
    def total(self) -> int:
        """How many settings, or trials, there are to be."""
        return int(self.plan.search["trials"]) if self.plan.search else len(self.plan.records)

    def settings(self, manifest: Manifest) -> Iterable[Setting]:
        """Yield the settings in their order; a search suggests the next one after the one before has been trained."""
        if not self.plan.search:
            return self.plan.settings
        return search.suggest(
            list(parse_ranges(self.plan.search["ranges"]).values()),
            self.plan.search,
            self.plan.records,
            measure=lambda setting: ranking.value(self.directory, setting),
            note=lambda: manifest.note(settings=self.plan.records),
        )

    def train(self, manifest: Manifest, stop: StopRequest) -> None:
        """Train setting after setting, until all have ended or it should stop."""
        trained = set()
        for number, setting in enumerate(self.settings(manifest), 1):
            if setting.name not in trained:  # a search may suggest one again
                self._train_one(number, setting, stop)
                trained.add(setting.name)
            if stop():
                break

    def _train_one(self, number: int, setting: Setting, stop: StopRequest) -> None:
        study = self.directory.study(setting)
        files.make_directory(study.root, exist_ok=True)
        with RunLock(study.lock):
            is_new = not study.manifest.is_file()
            config = read_resolved(self.directory.config, setting.overrides) if is_new else read_resolved(study.config)
            left = self.plan.seeds if is_new else study.left()
            if not left:
                return
            task = Task(study, config, self.plan.seeds, left, self.threshold, self.jobs)
            display = display_for(self.output, f"{number} of {self.total}: {setting.name}")
            progress = task.train(task.begin() if is_new else task.go_on(), display, stop)
        for seed, state in progress.seeds.items():
            if state.outcome is Outcome.FAILED:
                self.failed[f"{study.root}, seed {seed}"] = state.error
        if not self.output.quiet and not stop():
            print_reached(self.output.console, ranking.entry(self.directory, setting, self.threshold))

    def report(self, outcome: Outcome) -> None:
        """Print the ranking."""
        found = {
            "sweep": str(self.directory.root),
            "outcome": outcome,
            "env_name": load(self.directory.config).settings.environment.env_name,
            "reward_threshold": self.threshold,
            "ranked_by": ranking.RANKED_BY,
            "settings": ranking.rank(self.directory, self.plan.settings, self.threshold),
            "caution": ranking.CAUTION,
        }
        if self.output.as_json:
            self.output.print_json(found)
        elif self.output.quiet:
            self.output.print(self.directory.root)
        else:
            print_summary(self.output.console, found, self.plan.seeds)


def _train(sweep: Sweep, manifest: Manifest) -> None:
    """Train what is left, and print the ranking."""
    output, plan = sweep.output, sweep.plan
    if not output.quiet:
        print_opening(output.console, str(sweep.directory.root), sweep.total, plan.seeds, bool(plan.search))
    with StopRequest() as stop, manifest:
        sweep.train(manifest, stop)
        ended = Outcome.FAILED if sweep.failed else Outcome.FINISHED
        outcome = Outcome.INTERRUPTED if stop() else ended
        manifest.reached(outcome)
    sweep.report(outcome)
    if stop():
        sys.exit(stop.exit_code)
    if sweep.failed:
        place, reason = next(iter(sweep.failed.items()))
        raise CartrlError(f"{len(sweep.failed)} of {sweep.total * len(plan.seeds)} runs failed; {place}: {reason}")
