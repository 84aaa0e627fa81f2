"""The options of ``cartrl plot``."""

from enum import Enum
from pathlib import Path
from typing import Optional

import typer

from cartrl.cli.options import CSV_OPTION, GROUP_OPTION, MODULES_OPTION, PATHS_ARGUMENT
from cartrl.cli.references import layout_of, resolved
from cartrl.system.imports import import_environments


class XAxis(str, Enum):
    """What a learning curve runs over."""

    iterations = "iterations"
    steps = "steps"
    seconds = "seconds"


def plot(
    paths: list[Path] = PATHS_ARGUMENT,
    output: Optional[Path] = typer.Option(
        None,
        "--output",
        "-o",
        help="The picture, ending in .png, .svg or .pdf. Default: draw in the terminal.",
        show_default=False,
    ),
    axis: Optional[XAxis] = typer.Option(
        None,
        "--x",
        help="What the curves run over. Default: iterations, or steps with runs of other tools.",
        show_default=False,
    ),
    mean: bool = typer.Option(False, "--mean", help="The mean of the seeds instead of their interquartile mean."),
    terminal: bool = typer.Option(False, "--terminal", help="Draw in the terminal beside --output."),
    label: list[str] = typer.Option(
        [],
        "--label",
        metavar="TEXT",
        help="What to call a curve, one for each in their order. Default: the settings that differ, or the directory.",
        show_default=False,
    ),
    title: Optional[str] = typer.Option(
        None, "--title", metavar="TEXT", help="The picture's title. Default: the environment.", show_default=False
    ),
    size: Optional[str] = typer.Option(
        None,
        "--size",
        metavar="WIDTHxHEIGHT",
        help="The picture's size in pixels, such as 1200x675. Default: 960x540, higher with a long legend.",
        show_default=False,
    ),
    csv: Optional[str] = CSV_OPTION,
    group: Optional[str] = GROUP_OPTION,
    modules: list[str] = MODULES_OPTION,
) -> None:
    """Draw the learning curves of runs, of studies and of the settings of a sweep."""
    from cartrl.cli.commands.plot import Look, run
    from cartrl.runs.directory import MANIFEST, STUDY, SWEEP

    import_environments(modules)
    layout = layout_of(csv, group)
    found = [resolved(path, MANIFEST, STUDY, SWEEP) for path in paths]
    run(found, Look(axis.value if axis else None, mean, label, title, size), output, layout, in_terminal=terminal)
