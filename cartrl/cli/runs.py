"""The options of ``cartrl runs``."""

from pathlib import Path
from typing import Optional

import typer

from cartrl.cli import completion


def runs(
    directory: Optional[Path] = typer.Argument(
        None, metavar="DIRECTORY", help="What to look in. Default: runs/.", show_default=False
    ),
    env_name: Optional[str] = typer.Option(
        None,
        "--env",
        metavar="NAME",
        autocompletion=completion.environments,
        help="Only those on this environment.",
        show_default=False,
    ),
    states: list[str] = typer.Option(
        [],
        "--state",
        metavar="STATE",
        autocompletion=completion.states,
        help="Only running, finished, stopped, failed, damaged or unknown ones. Repeatable.",
    ),
    as_json: bool = typer.Option(False, "--json", help="Print one JSON array on stdout, and nothing else there."),
) -> None:
    """List runs, studies and sweeps: how far each is, what it reached, and whether it still runs."""
    from cartrl.cli.commands.runs import run

    run(directory, env_name, states, as_json)
