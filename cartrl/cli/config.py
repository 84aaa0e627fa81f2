"""The options of ``cartrl config``."""

from pathlib import Path
from typing import Optional

import typer

from cartrl.cli import completion
from cartrl.cli.options import CONFIG_HELP, MODULES_OPTION, SET_OPTION
from cartrl.errors import UsageError
from cartrl.system.imports import import_environments


def config(
    file: Optional[Path] = typer.Argument(
        None, metavar="CONFIG", autocompletion=completion.configs, help=CONFIG_HELP, show_default=False
    ),
    overrides: list[str] = SET_OPTION,
    seed: Optional[int] = typer.Option(None, "--seed", help="Override train.seed.", show_default=False),
    is_list: bool = typer.Option(False, "--list", help="List the shipped configs, and what each reaches."),
    as_json: bool = typer.Option(False, "--json", help="With --list: print one JSON array, and nothing else."),
    schema: bool = typer.Option(False, "--schema", help="Print the JSON Schema of a config, for editors."),
    modules: list[str] = MODULES_OPTION,
) -> None:
    """Check a config and print every setting with where its value came from, or print a shipped config to copy."""
    from cartrl.cli.commands import config, shipped

    if as_json and not is_list:
        raise UsageError("--json is for --list")
    if is_list:
        shipped.run(as_json)
        return
    import_environments(modules)
    config.run(file, overrides, seed, schema=schema)
