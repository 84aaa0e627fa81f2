"""The options of ``cartrl collect``, and those with which ``cartrl train`` lets such collectors in."""

from pathlib import Path
from typing import TYPE_CHECKING, Optional

import typer

from cartrl.cli.options import MODULES_OPTION, TOKEN_FILE_OPTION
from cartrl.errors import UsageError
from cartrl.system.imports import import_environments

if TYPE_CHECKING:
    from cartrl.experience.remote.address import Invitation


def collect(
    learner: str = typer.Argument(..., metavar="HOST:PORT", help="Where a run listens: cartrl train --listen."),
    jobs: int = typer.Option(1, "--jobs", "-j", min=1, max=1024, help="Processes that play.", show_default=True),
    token_file: Optional[Path] = TOKEN_FILE_OPTION,
    modules: list[str] = MODULES_OPTION,
) -> None:
    """Play for a run of another machine, until it ends or Ctrl-C; the run's numbers do not depend on who plays."""
    from cartrl.cli.commands.collect import run
    from cartrl.experience.remote.address import VARIABLE, Address, read_token

    address, token = Address.parse(learner, "collect"), read_token(token_file)
    if token is None:
        raise UsageError(f"give the token that the run has printed, as --token-file or in the variable {VARIABLE}")
    import_environments(modules)
    run(address, token, jobs)


def invited(listen: Optional[str], token_file: Optional[Path]) -> "Optional[Invitation]":
    """Return what --listen and --token-file say; None where the run is to listen nowhere.

    Raises:
        UsageError: when they cannot be used.
    """
    if listen is None:
        if token_file is not None:
            raise UsageError("--token-file is for a run that listens; give its address as --listen")
        return None
    from cartrl.experience.remote.address import Address, Invitation, read_token

    return Invitation(Address.parse(listen, "--listen"), read_token(token_file))
