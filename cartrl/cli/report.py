"""The options of ``cartrl report``."""

from pathlib import Path
from typing import Optional

import typer

from cartrl.cli import completion
from cartrl.cli.options import CSV_OPTION, GROUP_OPTION, MODULES_OPTION
from cartrl.cli.references import layout_of, resolved
from cartrl.system.imports import import_environments


def report(
    path: Path = typer.Argument(
        ...,
        metavar="PATH",
        autocompletion=completion.runs,
        help="The directory of a run, a study or a sweep, also of another tool; or 'latest'.",
        show_default=False,
    ),
    output: Optional[Path] = typer.Option(
        None, "--output", "-o", metavar="FILE.html", help="The file. Default: report.html in PATH.", show_default=False
    ),
    csv: Optional[str] = CSV_OPTION,
    group: Optional[str] = GROUP_OPTION,
    modules: list[str] = MODULES_OPTION,
) -> None:
    """Write one HTML file about a run, a study or a sweep, with all that there is to see, that can be mailed."""
    from cartrl.cli.commands.report import run
    from cartrl.runs.directory import MANIFEST, STUDY, SWEEP

    import_environments(modules)
    run(resolved(path, MANIFEST, STUDY, SWEEP), output, layout_of(csv, group))
