"""The options of ``cartrl compare``."""

from enum import Enum
from pathlib import Path
from typing import Optional

import typer

from cartrl.cli.options import JSON_OPTION, MODULES_OPTION, PATHS_ARGUMENT
from cartrl.cli.references import resolved
from cartrl.system.imports import import_environments


class By(str, Enum):
    """The number that a comparison tests."""

    final = "final"
    best = "best"
    area = "area"
    steps = "steps"


def compare(
    paths: list[Path] = PATHS_ARGUMENT,
    picture: Optional[Path] = typer.Option(
        None,
        "--plot",
        metavar="FILE",
        help="Also draw the performance profiles, to a .png, .svg or .pdf.",
        show_default=False,
    ),
    by: By = typer.Option(
        By.final, "--by", help="The number that is tested; the others describe. Choose before you look."
    ),
    as_json: bool = JSON_OPTION,
    modules: list[str] = MODULES_OPTION,
) -> None:
    """Compare studies, or the settings of a sweep, across their seeds: which one is better, and how sure that is."""
    from cartrl.cli.commands.compare import run
    from cartrl.runs.directory import MANIFEST, STUDY, SWEEP

    import_environments(modules)
    run(
        [resolved(path, MANIFEST, STUDY, SWEEP, is_said=not as_json) for path in paths],
        picture,
        by.value,
        as_json=as_json,
    )
