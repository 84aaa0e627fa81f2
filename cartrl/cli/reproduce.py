"""The options of ``cartrl reproduce``."""

from pathlib import Path
from typing import Optional

import typer

from cartrl.cli import completion
from cartrl.cli.options import MODULES_OPTION
from cartrl.cli.references import resolved
from cartrl.system.imports import import_environments


def reproduce(
    run_directory: Path = typer.Argument(
        ..., metavar="RUN", autocompletion=completion.runs, help="A run's directory, or 'latest'.", show_default=False
    ),
    run_dir: Optional[Path] = typer.Option(
        None,
        "--run-dir",
        help="Keep the new run in this directory, which must not exist. Default: it is removed.",
        show_default=False,
    ),
    modules: list[str] = MODULES_OPTION,
) -> None:
    """Train a run again from its own config, and say whether it comes out identical."""
    from cartrl.cli.commands.reproduce import run
    from cartrl.runs.directory import MANIFEST

    import_environments(modules)
    run(resolved(run_directory, MANIFEST), run_dir)
