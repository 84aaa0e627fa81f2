"""The options of ``cartrl reproduce``."""

from pathlib import Path
from typing import Optional

import typer


def reproduce(
    run_directory: Path = typer.Argument(..., metavar="RUN", help="A run's directory.", show_default=False),
    run_dir: Optional[Path] = typer.Option(
        None,
        "--run-dir",
        help="Keep the new run in this directory, which must not exist. Default: it is removed.",
        show_default=False,
    ),
) -> None:
    """Train a run again from its own config, and say whether it comes out identical."""
    from cartrl.commands.reproduce import run

    run(run_directory, run_dir)
