"""``cartrl sweep``."""

import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Optional

from cartrl.cli.commands.output import Output
from cartrl.cli.commands.study import display_for
from cartrl.errors import CartrlError, UsageError
from cartrl.execution.executor import Executor, News
from cartrl.execution.studies import Campaign, OpenStudy, StudyWork
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
from cartrl.sweeps import confirming, racing, ranking, search
from cartrl.sweeps.grid import Base, check, corners, parse_grid, parse_ranges
from cartrl.system import files
from cartrl.system.notices import warn
from cartrl.system.signals import StopRequest
from cartrl.terminal.board import Board
from cartrl.terminal.many import SilentDisplay
from cartrl.terminal.sweep import planned, print_summary, reached
from cartrl.training import tasks


@dataclass(frozen=True)
class Choices:
    """The settings that the user wants trained: all of a grid, or some that a search tries; and with which seeds."""

    grid: Sequence[str]
    search: Sequence[str]
    trials: Optional[int]
    seeds: str
    race: bool
    confirm: int  # fresh seeds with which the best two are trained at the end

    def require_one(self) -> None:
        """Check that the user gave either a grid, or a search with a number of trials.

        Raises:
            UsageError: saying what to give.
        """
        if bool(self.grid) == bool(self.search):
            raise UsageError("give --grid for every combination of values, or --search for ranges to search")
        if bool(self.search) != (self.trials is not None):
            raise UsageError("give --trials with --search: how many settings it tries")


def run(base: Base, choices: Choices, sweep_dir: Optional[Path], executor: Executor, output: Output) -> None:
    """Train every setting with every seed, and rank them."""
    choices.require_one()
    seeds = parse_seeds(choices.seeds)
    if choices.race and len(seeds) < racing.LEAST:
        raise UsageError(f"--race needs at least {racing.LEAST} seeds: a race begins with some of them")
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
        facts = {"search": {"ranges": list(choices.search), **sampler, "batch": search.BATCH}, "settings": []}
    if choices.race:
        facts["race"] = True
    if choices.confirm:
        facts["confirm_seeds"] = ranking.fresh_seeds(seeds, choices.confirm)
    threshold = tasks.check_environment(config)
    for combination in combinations.values():
        tasks.check_environment(combination)
    sweep = SweepDirectory(create(sweep_dir, settings.environment.env_name, settings.agent.kind, "sweep"))
    with beginning(sweep.root, sweep.manifest), RunLock(sweep.lock):
        write_resolved(config, sweep.config)
        facts = {"env_name": settings.environment.env_name, "agent": settings.agent.kind, "seeds": seeds, **facts}
        begin = partial(Manifest.begin, sweep.manifest, kind="sweep", **facts, reward_threshold=threshold)
        _train(sweep, begin, threshold, executor, output)


def go_on(sweep: SweepDirectory, executor: Executor, output: Output) -> None:
    """Train the seeds that have not ended yet; of a finished sweep only print the ranking again."""
    with RunLock(sweep.lock):
        files.clear_drafts(sweep.root)
        plan = read_plan(sweep)
        config = read_resolved(sweep.config)
        if plan.outcome is Outcome.FINISHED:
            threshold = reward_threshold(read_json(sweep.manifest), config.settings.environment)
            Sweep(sweep, plan, threshold, executor, output).report(plan.outcome)
        else:
            threshold = tasks.check_environment(config)
            _train(sweep, partial(Manifest.resume, sweep.manifest), threshold, executor, output)


@dataclass
class Sweep:
    """A sweep at work."""

    directory: SweepDirectory
    plan: Plan
    threshold: Optional[float]
    executor: Executor
    output: Output
    failed: dict[tuple[Setting, int], str] = field(default_factory=dict)  # the error of each setting and seed

    def __post_init__(self) -> None:
        self.board = Board("runs", self.plan.runs, planned(self.plan))

    def batches(self, manifest: Manifest) -> Iterable[Sequence[Setting]]:
        """Yield the settings that are trained together; a search suggests the next after those before have ended."""
        if not self.plan.search:
            return [self.plan.settings]
        return search.suggest(
            list(parse_ranges(self.plan.search["ranges"]).values()),
            self.plan.search,
            self.plan.records,
            measure=lambda setting: ranking.value(self.directory, setting, self.plan.seeds),
            note=lambda: manifest.note(settings=self.plan.records),
        )

    def train(self, display: SilentDisplay, manifest: Manifest, stop: StopRequest) -> None:
        """Train all settings, as one flat list of tasks, until all have ended or it should stop."""

        def told(study: OpenStudy, seed: int, news: News) -> None:
            display.told(study.work.name, seed)
            if study.is_over and news.outcome is not None and not stop():
                setting = Setting(study.work.name, ())
                display.say(reached(ranking.entry(self.directory, setting, self.threshold)))

        display.attach(self.board, self.threshold)
        campaign = Campaign(self.executor, stop, told)
        for batch in self.batches(manifest):
            self._train_batch(batch, campaign, manifest, stop)
            if stop():
                break
        if self.plan.fresh and not stop():
            ranked = ranking.rank(self.directory, self.plan.settings, self.threshold)
            best = confirming.best_settings(ranked, self.plan.settings)
            self._train_rung(best, self.plan.fresh, campaign)

    def _train_batch(
        self, settings: Sequence[Setting], campaign: Campaign, manifest: Manifest, stop: StopRequest
    ) -> None:
        """Train ``settings`` with all seeds, or in a race, in which those that fall behind are dropped."""
        for seeds in racing.rungs(self.plan.seeds) if self.plan.is_race else [self.plan.seeds]:
            self._train_rung(settings, seeds, campaign)
            if stop():
                return
            if len(seeds) < len(self.plan.seeds):
                values = [ranking.value(self.directory, setting, seeds) for setting in settings]
                stay = [settings[place] for place in racing.better_half(values)]
                self._drop([setting.name for setting in settings if setting not in stay], len(seeds), manifest)
                self.board.planned -= (len(settings) - len(stay)) * (len(self.plan.seeds) - len(seeds))
                settings = stay

    def _drop(self, names: Sequence[str], seeds: int, manifest: Manifest) -> None:
        """Record in the manifest that the race dropped the settings ``names`` after so many ``seeds``."""
        for record in self.plan.records:
            if record["name"] in names:
                record["dropped_after"] = seeds
        manifest.note(settings=self.plan.records)

    def _train_rung(self, settings: Sequence[Setting], seeds: Sequence[int], campaign: Campaign) -> None:
        opened = [OpenStudy(self._work(setting, seeds)) for setting in settings]
        for study in opened:
            self.board.add(study.work.name, study.progress)
        campaign.train(opened)
        for setting, study in zip(settings, opened):
            for seed, state in study.progress.seeds.items():
                if state.outcome is Outcome.FAILED:
                    self.failed[setting, seed] = state.error

    def _work(self, setting: Setting, seeds: Sequence[int]) -> StudyWork:
        """Return the study of ``setting``, with those of ``seeds`` to train that have neither ended nor failed."""
        study = self.directory.study(setting)
        with files.new_directories(study.root.parent):
            files.make_directory(study.root, exist_ok=True)
        is_new = not study.manifest.is_file()
        config = read_resolved(self.directory.config, setting.overrides) if is_new else read_resolved(study.config)
        known = [] if is_new else study.seeds()
        tried = [seed for failed, seed in self.failed if failed == setting]
        left = [seed for seed in seeds if not study.is_over(seed) and seed not in tried]
        named = seeds if len(seeds) > len(known) else known  # a resumed race may have trained more seeds before
        return StudyWork(study, config, named, left, self.threshold, setting.name, RunLock(study.lock))

    def report(self, outcome: Outcome) -> None:
        """Print the ranking."""
        found = confirming.report(self.directory, self.plan, self.threshold, outcome)
        if self.output.as_json:
            self.output.print_json(found)
        elif self.output.quiet:
            self.output.print(self.directory.root)
        else:
            print_summary(self.output.console, found, self.plan.seeds)


def _train(
    directory: SweepDirectory,
    begin: Callable[[], Manifest],
    threshold: Optional[float],
    executor: Executor,
    output: Output,
) -> None:
    """Train what is left, and print the ranking.

    A sweep begins once its executor is there: one with a cluster that cannot be used leaves nothing behind.
    """
    display = display_for(output, str(directory.root))
    with output.logged(directory.root), StopRequest() as stop, display, executor, begin() as manifest:
        sweep = Sweep(directory, read_plan(directory), threshold, executor, output)
        sweep.train(display, manifest, stop)
        ended = Outcome.FAILED if sweep.failed else Outcome.FINISHED
        outcome = Outcome.INTERRUPTED if stop() else ended
        manifest.reached(outcome)
    for text in sweep.board.warnings:
        warn(text)
    sweep.report(outcome)
    if stop():
        sys.exit(stop.exit_code)
    if sweep.failed:
        (setting, seed), reason = next(iter(sweep.failed.items()))
        place = f"{sweep.directory.study(setting).root}, seed {seed}"
        raise CartrlError(f"{len(sweep.failed)} of {sweep.plan.runs} runs failed; {place}: {reason}")
