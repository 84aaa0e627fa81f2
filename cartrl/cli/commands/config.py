"""``cartrl config``."""

from pathlib import Path
from typing import Optional

import typer

from cartrl.errors import UsageError
from cartrl.settings import ResolvedConfig, load, shipped, writing


def run(file: Optional[Path], overrides: list[str], seed: Optional[int], schema: bool) -> None:
    """Print the schema, the shipped config that ``file`` names, or the resolved settings of ``file``."""
    if schema:
        typer.echo(writing.schema())
        return
    if file is None:
        raise UsageError("give the config to check or to copy, such as ppo/cartpole-v1, or --list, or --schema")
    if shipped.is_shipped(file) and not overrides and seed is None:
        typer.echo(shipped.copy_of(str(file)), nl=False)
    else:
        show(load(file, overrides, seed))


def show(config: ResolvedConfig) -> None:
    """Check the environment of ``config`` as a training does, and print the resolved settings."""
    from cartrl.training import tasks  # imports numpy; a bad config is answered without it

    tasks.check_environment(config)
    typer.echo(writing.resolved_yaml(config), nl=False)
