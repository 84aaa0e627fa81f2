"""``cartrl config``."""

from pathlib import Path
from typing import Optional

import typer

from cartrl.errors import UsageError
from cartrl.settings import ResolvedConfig, load, writing


def run(file: Optional[Path], overrides: list[str], seed: Optional[int], schema: bool) -> None:
    """Print the schema, or the resolved settings of ``file``."""
    if schema:
        typer.echo(writing.schema())
        return
    if file is None:
        raise UsageError("give the config to check, such as configs/reinforce.yaml, or --schema")
    show(load(file, overrides, seed))


def show(config: ResolvedConfig) -> None:
    """Check the environment of ``config`` as a training does, and print the resolved settings."""
    from cartrl.training import tasks  # imports numpy; a bad config is answered without it

    tasks.check_environment(config)
    typer.echo(writing.resolved_yaml(config), nl=False)
