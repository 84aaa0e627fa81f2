"""``cartrl plot``."""

from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from cartrl.analysis.curves import Axis, learning_curve
from cartrl.analysis.seeds import interquartile_mean, mean
from cartrl.errors import UsageError
from cartrl.pictures import plots
from cartrl.pictures.canvas import parse_size
from cartrl.runs.labelling import labels
from cartrl.runs.results import common_threshold, load_studies
from cartrl.sweeps.ranking import MOST_DRAWN, with_settings
from cartrl.system.console import Console, say
from cartrl.system.paths import require_writable
from cartrl.terminal import studies as display
from cartrl.terminal import tables


@dataclass(frozen=True)
class Look:
    """What the user says of a picture: the names of its curves, its title, and WIDTHxHEIGHT in pixels."""

    labels: list[str]
    title: Optional[str]
    size: Optional[str]


def run(paths: list[Path], output: Optional[Path], axis: Axis, with_mean: bool, in_terminal: bool, look: Look) -> None:
    """Draw the learning curves of runs, studies and the settings of sweeps, to ``output``, to the terminal, or both."""
    for option in (name for name, value in (("--title", look.title), ("--size", look.size)) if value is not None):
        if output is None:
            raise UsageError(f"{option} is for a picture; give its name, --output FILE")
    size = None if look.size is None else parse_size(look.size)
    if output is not None:
        require_writable(output, "picture", plots.SUFFIXES)
    chosen = with_settings(paths, MOST_DRAWN)
    studies = load_studies(chosen.directories)
    threshold = common_threshold(studies)
    statistic = mean if with_mean else interquartile_mean
    names = labels(studies, look.labels)
    curves = [learning_curve(study, name, axis, statistic) for study, name in zip(studies, names)]
    console = Console()
    for note in chosen.notes:
        say(console, note)
    for study, name in zip(studies, names):
        for note in study.notes():
            say(console, f"{name}: {note}")
    title, ylabel = studies[0].env_name, "Greedy return"
    if any(len(study.runs) > 1 for study in studies):
        ylabel = f"Greedy return, {'mean' if with_mean else 'interquartile mean'} of seeds"
        title += ", bands: 95 % intervals"
    if output is None or in_terminal:
        display.chart(console, curves, plots.AXES[axis], ylabel, threshold)
    if output is not None:
        words = (title if look.title is None else look.title, plots.AXES[axis], ylabel)
        plots.curves(curves, output, words, threshold, size)
        tables.lines(console, "picture", [str(output)])
