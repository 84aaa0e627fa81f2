"""``cartrl reproduce`` of a claim."""

import math
import random
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple, Optional

import numpy as np

from cartrl.analysis import claims, comparison
from cartrl.analysis.numbers import counted
from cartrl.cli.commands.output import Output
from cartrl.cli.commands.study import display_for
from cartrl.errors import CartrlError, UsageError, cut
from cartrl.execution.executor import Executor
from cartrl.execution.studies import Campaign, OpenStudy, StudyWork
from cartrl.policies import variables
from cartrl.runs import claim as claimed
from cartrl.runs import reproduction
from cartrl.runs.claim import LETTERS, ClaimDirectory
from cartrl.runs.directory import RunDirectory, require_new
from cartrl.runs.evaluated import Run
from cartrl.runs.gathering import require_one_environment
from cartrl.runs.json_files import read_json
from cartrl.runs.results import Study, load_study
from cartrl.runs.study import StudyDirectory
from cartrl.settings.writing import read_resolved
from cartrl.system import zip_files
from cartrl.system.notices import warn
from cartrl.system.signals import StopRequest
from cartrl.terminal.board import Board
from cartrl.terminal.claim import print_verdict
from cartrl.training import tasks


class Name(NamedTuple):
    """A run of a claim: the letter of its study, and its seed."""

    letter: str
    seed: int

    def __str__(self) -> str:
        return f"{self.letter}/seed-{self.seed}"


@dataclass(frozen=True)
class Again:
    """A run that was trained again, by the names of the JSON."""

    run: str
    verdict: str  # one of `claims.VERDICTS`
    said: str  # how much is the same, or what differs first
    claimed: Optional[float]  # the number that the claim rests on; None where it is not finite
    now: Optional[float]  # likewise, or None where there is no evaluation
    interval: Optional[list[Optional[float]]]  # in which it has to be where versions or processor have changed
    changes: list[str]  # of versions and processor


@dataclass(frozen=True)
class Opened:
    """A claim whose files are whole, and whose numbers and sentence follow from them."""

    path: Path
    studies: list[Study]
    facts: dict[str, Any]  # as they are claimed
    numbers: dict[str, Any]  # as they follow from the metrics

    @property
    def names(self) -> list[Name]:
        """All runs."""
        return [Name(letter, run.seed) for letter, study in zip(LETTERS, self.studies) for run in study.runs]

    def drawn(self, sample: Optional[int]) -> list[Name]:
        """Return ``sample`` runs, all for None; whoever made the claim cannot have known which.

        Raises:
            UsageError: when there are not so many.
        """
        if sample is None:
            return self.names
        if sample > len(self.names):
            raise UsageError(f"--sample {sample}: the claim has {counted(len(self.names), 'run')}")
        return sorted(random.SystemRandom().sample(self.names, sample))

    def run(self, name: Name) -> Run:
        """Return a run as it is claimed."""
        return next(run for run in self.study(name).runs if run.seed == name.seed)

    def study(self, name: Name) -> Study:
        """Return the study of a run."""
        return self.studies[LETTERS.index(name.letter)]


def run(path: Path, sample: Optional[int], run_dir: Optional[Path], executor: Executor, output: Output) -> None:
    """Check the claim in the zip file ``path``, and train its runs again, or ``sample`` of them drawn at random.

    Exit with 1 where one of them is neither identical nor, on another machine, within the interval.

    Args:
        path: the zip file.
        sample: how many runs; None for all.
        run_dir: a new directory that keeps the new runs; None keeps none.
        executor: trains them.
        output: where the answer goes.
    """
    if run_dir is not None:
        require_new(run_dir)
    with tempfile.TemporaryDirectory(prefix="cartrl-") as scratch:
        opened = _opened(path, Path(scratch, "claim", path.name))
        chosen = opened.drawn(sample)
        kept = run_dir or Path(scratch, "again")
        errors = _train(opened, chosen, kept, executor, output)
        found = [_compared(opened, name, kept, errors[name], len(chosen)) for name in chosen]
        again = None if sample else _sentence(opened, kept)
    report = {
        "claim": str(path),
        **{name: opened.facts[name] for name in ("kind", "sentence", "names", "sha256")},
        "notes": claims.notes(opened.numbers),
        "tested": opened.numbers["tested"],
        "of_runs": len(opened.names),
        "runs": [asdict(one) for one in found],
        "sentence_again": again,
        "verdict": max((one.verdict for one in found), key=claims.VERDICTS.index),
    }
    if output.as_json:
        output.print_json(report)
    else:
        print_verdict(output.console, report, run_dir)
    sys.exit(1 if report["verdict"] == claims.DIFFERENT else 0)


def _opened(path: Path, directory: Path) -> Opened:
    """Unpack the claim at ``path`` into ``directory``, and check all that can be checked without training.

    Raises:
        UsageError: when it is no claim, or cannot be trained again here.
        CartrlError: naming what was changed since, or does not follow from the metrics.
    """
    zip_files.unpack(path, directory, claimed.FILES, claimed.MOST_FILES)
    claim = ClaimDirectory(directory)
    facts = claimed.read(claim, path)
    if facts["by"] not in comparison.BY:
        raise UsageError(f"{path}: not a claim: by {cut(facts['by'])!r} nothing can be compared")
    places = claim.studies(len(facts["names"]))
    studies = [load_study(place.root) for place in places]
    for study in studies:
        claimed.require_ended(study, path)
    require_one_environment(studies)
    numbers, sentence = claims.shown(studies, facts["names"], facts["by"])
    wrong = claims.difference(facts["numbers"], numbers) or claims.difference(facts["sentence"], sentence, "sentence")
    if wrong is not None:
        raise CartrlError(f"{path}: its metrics do not bear it out: {wrong}")
    claimed.require_sealed(facts, path)
    for place, study in zip(places, studies):
        threshold = tasks.check_environment(read_resolved(place.config))
        if threshold != study.threshold:
            raise CartrlError(f"{path}: has a reward threshold of {study.threshold}, where {threshold} is that here")
    return Opened(path, studies, facts, numbers)


def _train(opened: Opened, chosen: Sequence[Name], kept: Path, executor: Executor, output: Output) -> dict[Name, str]:
    """Train the runs again, in studies below ``kept``; return why each failed, nothing where it did not."""
    works = []
    for letter in sorted({name.letter for name in chosen}):
        seeds = [name.seed for name in chosen if name.letter == letter]
        study = opened.study(Name(letter, 0))
        config = read_resolved(RunDirectory(study.path).config)
        works.append(StudyWork(StudyDirectory(kept / letter), config, seeds, seeds, study.threshold, letter))
    board = Board("runs", len(chosen), f"{counted(len(chosen), 'run')} again")
    at_work = [OpenStudy(work) for work in works]
    display = display_for(output, str(opened.path))
    with StopRequest() as stop, display, executor:
        display.attach(board, works[0].threshold)
        for one in at_work:
            board.add(one.work.name, one.progress)
        Campaign(executor, stop, lambda study, seed, _: display.told(study.work.name, seed)).train(at_work)
    if stop():
        sys.exit(stop.exit_code)
    for text in board.warnings:
        warn(text)
    ended = [(one.work.name, seed, state) for one in at_work for seed, state in one.progress.seeds.items()]
    return {Name(letter, seed): state.error for letter, seed, state in ended}


def _sentence(opened: Opened, kept: Path) -> Optional[str]:
    """Return the sentence that all runs bear which were trained again; None where too many of them failed."""
    try:
        studies = [load_study(kept / letter) for letter, _ in zip(LETTERS, opened.studies)]
        return claims.shown(studies, opened.facts["names"], opened.facts["by"])[1]
    except UsageError:
        return None


def _compared(opened: Opened, name: Name, kept: Path, error: str, count: int) -> Again:
    """Return the verdict on a run that was trained again below ``kept``, as one of ``count``.

    Where versions or processor are other than they were, it need not be identical: then its number has to be where one
    more seed of its study would be, at a level that holds for all runs that were trained again together.
    """
    before, now = RunDirectory(opened.run(name).directory), StudyDirectory(kept / name.letter).run(name.seed)
    is_same, said = _same(before, now, opened.facts["policies"].get(str(name), {}), error)
    metric = comparison.metric_named(opened.facts["by"], opened.numbers["reward_threshold"])
    values = np.array([metric.of(run) for run in opened.study(name).runs])
    reached = _reached(kept / name.letter, name.seed, metric)
    changes = reproduction.since(read_json(before.manifest))
    interval = claims.interval(values, count) if changes else None
    verdict = claims.verdict(is_same, reached, interval)
    ends = None if interval is None else [_finite(end) for end in interval]
    return Again(str(name), verdict, said, _finite(metric.of(opened.run(name))), _finite(reached), ends, changes)


def _same(before: RunDirectory, now: RunDirectory, policies: dict[str, str], error: str) -> tuple[bool, str]:
    """Return whether two runs are identical, and how much is the same or what differs first."""
    if not now.metrics.is_file():
        return False, f"it failed: {error}"
    rows, again = reproduction.read_cells(before.metrics), reproduction.read_cells(now.metrics)
    difference = reproduction.first_difference(rows, again, is_whole=True)
    if difference is not None:
        return False, difference.said
    found = variables.digests(now)
    other = next((policy for policy, digest in policies.items() if found.get(policy) != digest), None)
    if other is not None:
        return False, f"the {other} policy has other variables, though the metrics are the same"
    beside = f" and the variables of {' and '.join(policies)} policy" if policies else ""
    return True, f"{reproduction.extent(rows, again)}{beside} are the same to the last bit"


def _reached(study: Path, seed: int, metric: comparison.Metric) -> Optional[float]:
    """Return the number of a run; None where it has no evaluation."""
    try:
        runs = load_study(study).runs
    except UsageError:  # none of the study has
        return None
    return next((metric.of(run) for run in runs if run.seed == seed), None)


def _finite(value: Optional[float]) -> Optional[float]:
    return value if value is not None and math.isfinite(value) else None
