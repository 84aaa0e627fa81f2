"""``cartrl plot``."""

from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from cartrl.analysis.curves import learning_curve
from cartrl.analysis.seeds import interquartile_mean, mean
from cartrl.errors import UsageError
from cartrl.pictures import plots
from cartrl.pictures.canvas import parse_size
from cartrl.pictures.legends import Words
from cartrl.runs.evaluated import Axis
from cartrl.runs.foreign import Layout
from cartrl.runs.gathering import common_axis, common_environment, common_measure, common_threshold, load_studies
from cartrl.runs.labelling import labels
from cartrl.sweeps.ranking import MOST_DRAWN, with_settings
from cartrl.system.console import Console, say
from cartrl.system.paths import require_writable
from cartrl.terminal import tables
from cartrl.terminal.studies import print_chart

UNNAMED = "an environment without a name"


@dataclass(frozen=True)
class Look:
    """How the user wants the curves to look."""

    axis: Optional[Axis]
    with_mean: bool  # of the seeds, in place of their interquartile mean
    labels: list[str]  # one for each curve, or none
    title: Optional[str]  # of a picture
    size: Optional[str]  # of a picture: WIDTHxHEIGHT in pixels


def run(paths: list[Path], look: Look, output: Optional[Path], layout: Layout, in_terminal: bool) -> None:
    """Draw the learning curves of runs, studies and the settings of sweeps, to ``output``, to the terminal, or both.

    ``layout`` is that of the files of other tools.
    """
    for option in (name for name, value in (("--title", look.title), ("--size", look.size)) if value is not None):
        if output is None:
            raise UsageError(f"{option} is for a picture; give its name, --output FILE")
    size = None if look.size is None else parse_size(look.size)
    if output is not None:
        require_writable(output, "picture", plots.SUFFIXES)
    chosen = with_settings(paths, MOST_DRAWN)
    studies = load_studies(chosen.directories, layout)
    axis = common_axis(studies, look.axis)
    threshold = common_threshold(studies)
    statistic = mean if look.with_mean else interquartile_mean
    names = labels(studies, look.labels)
    curves = [learning_curve(study, name, axis, statistic) for study, name in zip(studies, names)]
    console = Console()
    for note in chosen.notes:
        say(console, note)
    for study, name in zip(studies, names):
        for note in study.notes():
            say(console, f"{name}: {note}")
    measure = common_measure(studies)
    title, ylabel = common_environment(studies) or UNNAMED, f"{measure[0].upper()}{measure[1:]}"
    if any(len(study.runs) > 1 for study in studies):
        ylabel += f", {'mean' if look.with_mean else 'interquartile mean'} of seeds"
        title += ", bands: 95 % intervals"
    if output is None or in_terminal:
        print_chart(console, curves, plots.AXES[axis], ylabel, threshold)
    if output is not None:
        words = Words(title if look.title is None else look.title, plots.AXES[axis], ylabel)
        plots.curves(curves, threshold, words, output, size)
        tables.lines(console, "picture", [str(output)])
