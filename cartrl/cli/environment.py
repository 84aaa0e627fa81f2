"""The options of ``cartrl env``."""

from pathlib import Path
from typing import Optional

import typer

from cartrl.cli import completion
from cartrl.cli.options import MODULES_OPTION
from cartrl.system.imports import import_environments


def env(
    name: str = typer.Argument(
        ...,
        metavar="NAME",
        autocompletion=completion.environments,
        help="Its name in its suite, such as gym's id CartPole-v1.",
        show_default=False,
    ),
    suite: str = typer.Option(
        "gym",
        "--suite",
        metavar="SUITE",
        autocompletion=completion.suites,
        help="The suite that has the environment.",
    ),
    picture: Optional[Path] = typer.Option(
        None, "--picture", metavar="FILE.png", help="Also render the first frame to this file.", show_default=False
    ),
    modules: list[str] = MODULES_OPTION,
) -> None:
    """Show what an environment is like: its specs, its limits, and its first time steps."""
    from cartrl.cli.commands.environment import run

    import_environments(modules)
    run(name, suite, picture)
