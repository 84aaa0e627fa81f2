"""The options of ``cartrl config``."""

from pathlib import Path
from typing import Optional

import typer

from cartrl.cli.options import SET_OPTION


def config(
    file: Optional[Path] = typer.Argument(
        None, metavar="FILE", help="The experiment, a YAML file.", show_default=False
    ),
    overrides: list[str] = SET_OPTION,
    seed: Optional[int] = typer.Option(None, "--seed", help="Override train.seed.", show_default=False),
    schema: bool = typer.Option(False, "--schema", help="Print the JSON Schema of a config, for editors."),
) -> None:
    """Check a config, and print every setting with where its value came from."""
    from cartrl.commands.config import run

    run(file, overrides, seed, schema=schema)
