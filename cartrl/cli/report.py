"""The options of ``cartrl report``."""

from pathlib import Path
from typing import Optional

import typer


def report(
    path: Path = typer.Argument(..., metavar="PATH", help="The directory of a run or a study.", show_default=False),
    output: Optional[Path] = typer.Option(
        None, "--output", "-o", metavar="FILE.html", help="The file. Default: report.html in PATH.", show_default=False
    ),
) -> None:
    """Write one HTML file about a run or a study, with curve, evaluation and film, that can be mailed."""
    from cartrl.commands.report import run

    run(path, output)
