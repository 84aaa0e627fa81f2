"""``cartrl compare``."""

import json
import string
from pathlib import Path
from typing import Optional

import numpy as np

from cartrl.analysis import comparison
from cartrl.errors import UsageError
from cartrl.runs.foreign.csv_table import Columns
from cartrl.runs.gathering import common_threshold, load_studies
from cartrl.runs.labelling import labels
from cartrl.sweeps.ranking import with_settings
from cartrl.system import answers
from cartrl.system.console import Console, say
from cartrl.system.paths import require_writable
from cartrl.terminal import tables
from cartrl.terminal.studies import print_comparison

MOST = len(string.ascii_uppercase)


def run(paths: list[Path], picture: Optional[Path], by: str, columns: Optional[Columns], as_json: bool) -> None:
    """Print a comparison of studies, for people or as JSON, and draw performance profiles into the file ``picture``.

    Args:
        paths: directories of runs, studies and sweeps, and CSV files.
        picture: the file to draw into; None draws nothing.
        by: the number of each seed that is tested, as ``--by`` names it.
        columns: of CSV files; None reads no CSV files.
        as_json: whether to print JSON.
    """
    chosen = with_settings(paths)
    directories = chosen.directories
    if not 2 <= len(directories) <= MOST:
        raise UsageError(f"compare takes from 2 to {MOST} runs or studies, but was given {len(directories)}")
    if picture is not None:
        from cartrl.pictures import plots

        require_writable(picture, "picture", plots.SUFFIXES)
    stdout = answers.stream(is_alone=as_json)  # gym, for its thresholds, may load modules that print
    studies = load_studies(directories, columns)
    threshold = common_threshold(studies)
    labelled = labels(studies)
    report = comparison.compare(studies, labelled, threshold, by)
    report["left_out"] = [{name: entry[name] for name in ("path", "notes")} for entry in chosen.left_out]
    if picture is not None:
        from cartrl.analysis.curves import performance_profiles

        finals = [np.array([run.final for run in study.ended]) for study in studies]
        title = f"{report['env_name'] or 'Profiles'}, bands: 95 % intervals"
        plots.profiles(performance_profiles(finals, labelled), threshold, title, picture)
    if as_json:
        print(json.dumps(report, allow_nan=False), file=stdout, flush=True)
        return
    console = Console()
    for note in chosen.notes:
        say(console, note)
    print_comparison(console, report)
    if picture is not None:
        tables.lines(console, "picture", [str(picture)])
