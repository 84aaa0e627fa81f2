"""``cartrl plot``."""

from pathlib import Path
from typing import Optional

from rich.console import Console

from cartrl import plots
from cartrl.curves import Axis, learning_curve
from cartrl.display import studies as display
from cartrl.display import tables
from cartrl.paths import require_writable
from cartrl.ranking import with_settings
from cartrl.results import common_threshold, labels, load_studies
from cartrl.statistics.seeds import interquartile_mean, mean

MOST = 8  # settings of a sweep that are drawn: more curves in one picture are not told apart


def run(paths: list[Path], output: Optional[Path], axis: Axis, with_mean: bool, in_terminal: bool) -> None:
    """Draw the learning curves of runs, studies and the settings of sweeps, to ``output``, to the terminal, or both."""
    if output is not None:
        require_writable(output, "picture", plots.SUFFIXES)
    directories, left_out = with_settings(paths, MOST)
    studies = load_studies(directories)
    threshold = common_threshold(studies)
    statistic = mean if with_mean else interquartile_mean
    names = labels(studies)
    curves = [learning_curve(study, name, axis, statistic) for study, name in zip(studies, names)]
    console = Console()
    for note in left_out:
        console.print(note, highlight=False, markup=False, soft_wrap=True)
    for study, name in zip(studies, names):
        for note in study.notes():
            console.print(f"{name}: {note}", highlight=False, markup=False)
    title, ylabel = studies[0].env_name, "Greedy return"
    if any(len(study.runs) > 1 for study in studies):
        ylabel = f"Greedy return, {'mean' if with_mean else 'interquartile mean'} of seeds"
        title += ", bands: 95 % intervals"
    if output is None or in_terminal:
        display.chart(console, curves, plots.AXES[axis], ylabel, threshold)
    if output is not None:
        plots.curves(curves, output, title, plots.AXES[axis], ylabel, threshold)
        tables.lines(console, "picture", [str(output)])
