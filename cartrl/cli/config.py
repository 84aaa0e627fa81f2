"""The options of ``cartrl config``."""

from pathlib import Path
from typing import Optional

import typer

from cartrl.cli.options import MODULES_OPTION, SET_OPTION
from cartrl.system.imports import import_environments


def config(
    file: Optional[Path] = typer.Argument(
        None, metavar="FILE", help="The experiment, a YAML file.", show_default=False
    ),
    overrides: list[str] = SET_OPTION,
    seed: Optional[int] = typer.Option(None, "--seed", help="Override train.seed.", show_default=False),
    schema: bool = typer.Option(False, "--schema", help="Print the JSON Schema of a config, for editors."),
    modules: list[str] = MODULES_OPTION,
) -> None:
    """Check a config, and print every setting with where its value came from."""
    from cartrl.cli.commands.config import run

    import_environments(modules)
    run(file, overrides, seed, schema=schema)
