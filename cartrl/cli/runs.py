"""The options of ``cartrl runs``."""

from pathlib import Path
from typing import Optional

import typer

from cartrl.cli import completion
from cartrl.cli.options import CSV_OPTION, GROUP_OPTION
from cartrl.cli.references import layout_of


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
    csv: Optional[str] = CSV_OPTION,
    group: Optional[str] = GROUP_OPTION,
    as_json: bool = typer.Option(False, "--json", help="Print one JSON array on stdout, and nothing else there."),
) -> None:
    """List runs, studies and sweeps, other tools' too: how far each is, what it reached, whether it still runs."""
    from cartrl.cli.commands.runs import run

    layout = layout_of(csv, group) if csv is not None or group is not None else None
    run(directory, env_name, states, layout, as_json)
