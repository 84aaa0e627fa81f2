"""``cartrl export --hub-folder``."""

import json
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Optional, Union

from cartrl.cli.commands import export
from cartrl.errors import CartrlError, UsageError
from cartrl.policies import sidecar
from cartrl.policies.matching import require_match
from cartrl.policies.rollouts import Rollouts
from cartrl.policies.sidecar import SavedPolicy
from cartrl.report.content import config_text
from cartrl.runs.directory import STUDY, RunDirectory, run_of
from cartrl.runs.finding import find_policy
from cartrl.runs.modules import modules_of
from cartrl.runs.results import Study, load_study
from cartrl.runs.study import named
from cartrl.system import answers, files, notices, quiet
from cartrl.system.calls import call_with, quoted
from cartrl.system.console import Console
from cartrl.terminal import tables

if TYPE_CHECKING:
    from cartrl.policies.portable.hub_card import Folder, Seeds

FILMED = Rollouts(count=1, seed=0, is_greedy=True)  # the first episode of `cartrl record`
SEEDS = 2**31  # from 0


class Subject(NamedTuple):
    """What a folder is made of."""

    saved: SavedPolicy  # the policy
    study: Optional[Study]  # that its run is, or that it is of; None for a policy outside of a run
    seeds: Optional["Seeds"]  # of a study


def run(reference: Optional[str], form: str, folder: Path, rollouts: Rollouts, as_json: bool) -> None:
    """Write a folder for the Hub about a run, a policy or a study, and print the policy's return and parity."""
    stdout = answers.stream(is_alone=as_json)
    export.require_possible(folder, form, "--hub-folder")
    is_study = reference is not None and (Path(reference) / STUDY).is_file()
    subject = _study(Path(reference or ""), rollouts) if is_study else _policy(reference)
    if is_study:  # the choice of a seed leaves its number too great, but not that of other episodes
        rollouts = Rollouts(rollouts.count, (rollouts.seed + 1) % SEEDS, rollouts.is_greedy)
    with quiet.loading(lambda: files.discard(folder)):
        found = _write(subject, form, folder, rollouts)
    if as_json:
        seeds = {} if found.seeds is None else {str(seed): it["mean"] for seed, it in found.seeds.reports.items()}
        print(json.dumps(export.facts(folder, found.exported, seeds)), file=stdout, flush=True)
        return
    console = Console()
    tables.facts(console, [*export.rows(found.exported), *_rows(found)])
    tables.lines(console, "folder", [str(folder)])
    tables.lines(console, "next", [quoted("hf", "upload", "NAME/REPOSITORY", folder)])


def _policy(reference: Optional[str]) -> Subject:
    saved = sidecar.read(find_policy(reference))
    export.require_original(saved)
    require_match(saved)
    run = run_of(saved.directory)
    return Subject(saved, None if run is None else load_study(run.root), None)


def _study(path: Path, rollouts: Rollouts) -> Subject:
    """Return the study in ``path``, with the best policy of the seed with the best evaluation."""
    from cartrl.policies.portable.hub_card import Seeds

    study, notes = load_study(path), []
    reports: dict[int, dict[str, Any]] = {}
    policies: dict[int, SavedPolicy] = {}
    for run in study.ended or study.runs:
        try:
            saved = sidecar.read(RunDirectory(run.directory).best_policy)
            if not policies:
                require_match(saved)
            with quiet.loading():
                from cartrl.policies.evaluation import evaluate_saved, facts

                reports[run.seed] = facts(saved, evaluate_saved(saved, rollouts), rollouts)
            policies[run.seed] = saved
        except CartrlError as error:
            notices.warn(f"seed {run.seed} is not evaluated: {error}")
            notes.append(f"seed {run.seed} is not evaluated")  # the error names places on somebody's machine
    if not policies:
        raise UsageError(f"{path}: no policy of it can be evaluated")
    chosen = max(reports, key=lambda seed: reports[seed]["mean"])
    return Subject(policies[chosen], study, Seeds(chosen, reports, [*study.notes(), *notes]))


def _write(subject: Subject, form: str, folder: Path, rollouts: Rollouts) -> "Folder":
    """Write all of the folder, or nothing."""
    from cartrl.policies.portable import hub_card, writing

    with files.whole_directory(folder) as draft:
        exported = writing.export(subject.saved, form, draft / hub_card.POLICY, rollouts)
        filmed = _film(subject.saved, draft / hub_card.FILM)
        train = None
        if subject.study is not None:
            (draft / hub_card.CONFIG).write_text(config_text(subject.study.settings), encoding="utf-8")
            train = _command(subject.study, hub_card.CONFIG, subject.seeds is not None)
        found = hub_card.Folder(exported, subject.seeds, filmed, train)
        (draft / hub_card.CARD).write_text(hub_card.text(found), encoding="utf-8")
    return found


def _film(saved: SavedPolicy, path: Path) -> Union[float, str]:
    """Film an episode and return its return; or where the environment renders no picture, why."""
    from cartrl.environments import suite
    from cartrl.pictures import recording

    try:
        with closing(suite.playable(saved.environment, is_filmed=True)) as env:
            env.reset(seed=0)
            env.frame()
    except CartrlError as error:
        return str(error)
    return recording.record(saved, FILMED, recording.FilmFile(path), lambda *_: None).returns[0][0]


def _command(study: Study, config: str, is_study: bool) -> str:
    """Return the command that trains the same again."""
    seeds = (*(run.seed for run in study.runs), *study.missing)
    option = ["--seeds", named(seeds)] if is_study else []
    return call_with(modules_of(study.manifest), "train", config, *option)


def _rows(found: "Folder") -> list[tuple[str, str]]:
    film = f"none: {found.filmed}" if isinstance(found.filmed, str) else f"an episode of return {found.filmed:g}"
    if found.seeds is None:
        return [("film", film)]
    middle, certain = found.seeds.certainty
    count = len(found.seeds.reports)
    return [
        ("seeds", f"{count}, the policy is that of seed {found.seeds.chosen}"),
        ("interquartile mean", f"{middle}, {certain}"),
        ("film", film),
    ]
