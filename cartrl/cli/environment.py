"""The options of ``cartrl env``."""

from pathlib import Path
from typing import Optional

import typer

from cartrl.cli import completion
from cartrl.cli.options import MODULES_OPTION
from cartrl.errors import UsageError
from cartrl.system.imports import import_environments


def env(
    name: Optional[str] = typer.Argument(
        None,
        metavar="NAME",
        autocompletion=completion.environments,
        help="Its name in its suite, such as gym's id CartPole-v1. Without it, the names in the suite are listed.",
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
    as_json: bool = typer.Option(False, "--json", help="Without NAME: print one JSON array, and nothing else."),
    modules: list[str] = MODULES_OPTION,
) -> None:
    """Show what an environment is like: its specs, its limits, and its first time steps."""
    from cartrl.cli.commands.environment import list_names, run

    import_environments(modules)
    if name is None:
        if picture is not None:
            raise UsageError("--picture is of an environment: give its NAME")
        list_names(suite, as_json)
        return
    if as_json:
        raise UsageError("--json is for the list, without NAME")
    run(name, suite, picture)
