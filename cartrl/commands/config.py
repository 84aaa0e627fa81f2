"""``cartrl config``."""

from pathlib import Path
from typing import Optional

import typer

from cartrl.display import settings as display
from cartrl.errors import UsageError
from cartrl.settings import load


def run(file: Optional[Path], overrides: list[str], seed: Optional[int], schema: bool) -> None:
    """Print the schema, or the resolved settings of ``file``."""
    if schema:
        typer.echo(display.schema())
        return
    if file is None:
        raise UsageError("give the config to check, such as configs/reinforce.yaml, or --schema")
    typer.echo(display.resolved_yaml(load(file, overrides, seed)), nl=False)
