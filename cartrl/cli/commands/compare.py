"""``cartrl compare``."""

import json
import string
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Callable, NamedTuple, Optional

import numpy as np
from rich.console import Console as RichConsole

from cartrl.analysis import comparison, task_comparison
from cartrl.errors import UsageError
from cartrl.runs.evaluated import Evaluated
from cartrl.runs.foreign import Layout
from cartrl.runs.gathering import common_threshold, load_all, require_one_environment
from cartrl.runs.labelling import labels
from cartrl.runs.methods import environments, methods, references
from cartrl.runs.references import OPTION, Reference
from cartrl.sweeps.ranking import with_settings
from cartrl.system import answers
from cartrl.system.console import Console, say
from cartrl.system.paths import require_writable
from cartrl.terminal import studies as of_one_environment
from cartrl.terminal import tables, tasks

MOST = len(string.ascii_uppercase)


class Asked(NamedTuple):
    """What the user asks of a comparison.

    Attributes:
        by: the number of each seed that is tested, as ``--by`` names it.
        layout: of the files of other tools.
        references: between which returns are normalised, by environment, beside those that cartrl knows.
        picture: the file into which performance profiles are drawn; None draws nothing.
        as_json: whether to print JSON.
    """

    by: str
    layout: Layout
    references: dict[str, Reference]
    picture: Optional[Path]
    as_json: bool


class Compared(NamedTuple):
    """What was found, and how it is shown."""

    report: dict[str, Any]  # as JSON
    print: Callable[[RichConsole, dict[str, Any]], None]
    draw: Callable[[Path], None]  # performance profiles


def run(paths: list[Path], asked: Asked) -> None:
    """Print a comparison of the runs, studies and sweeps in ``paths``, cartrl's and other tools'."""
    chosen = with_settings(paths)
    if asked.picture is not None:
        from cartrl.pictures import plots

        require_writable(asked.picture, "picture", plots.SUFFIXES)
    stdout = answers.stream(is_alone=asked.as_json)  # gym, for its thresholds, may load modules that print
    studies = load_all(chosen.directories, asked.layout)
    compare = _over_environments if len(environments(studies)) > 1 else _in_one_environment
    found = compare(studies, asked)
    found.report["left_out"] = [{name: entry[name] for name in ("path", "notes")} for entry in chosen.left_out]
    if asked.picture is not None:
        found.draw(asked.picture)
    if asked.as_json:
        print(json.dumps(found.report, allow_nan=False), file=stdout, flush=True)
        return
    console = Console()
    for note in chosen.notes:
        say(console, note)
    found.print(console, found.report)
    if asked.picture is not None:
        tables.lines(console, "picture", [str(asked.picture)])


def _require_several(count: int, what: str) -> None:
    if not 2 <= count <= MOST:
        raise UsageError(f"compare takes from 2 to {MOST} {what}, but was given {count}")


def _in_one_environment(studies: Sequence[Evaluated], asked: Asked) -> Compared:
    _require_several(len(studies), "runs or studies")
    require_one_environment(studies)
    if asked.references:
        raise UsageError(f"{OPTION} is for studies of several environments; within one, returns are not normalised")
    threshold, labelled = common_threshold(studies), labels(studies)
    report = comparison.compare(studies, labelled, threshold, asked.by)

    def draw(picture: Path) -> None:
        from cartrl.analysis.curves import performance_profiles
        from cartrl.pictures import plots

        finals = [np.array([run.final for run in study.ended]) for study in studies]
        title = f"{report['env_name'] or 'Profiles'}, bands: 95 % intervals"
        plots.profiles(performance_profiles(finals, labelled), threshold, title, "Final return", picture)

    return Compared(report, of_one_environment.print_comparison, draw)


def _over_environments(studies: Sequence[Evaluated], asked: Asked) -> Compared:
    found = methods(studies, asked.layout.group)
    _require_several(len(found.methods), "methods")
    report = task_comparison.compare(found, references(found, asked.references), asked.by)

    def draw(picture: Path) -> None:
        from cartrl.pictures import plots

        title = f"{len(found.env_names)} environments, bands: 95 % intervals"
        words = f"Normalised {comparison.metrics(None)[report['tested']].title}"
        plots.profiles(task_comparison.profiles(report), None, title, words, picture)

    return Compared(report, tasks.print_comparison, draw)
