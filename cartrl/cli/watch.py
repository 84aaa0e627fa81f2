"""The options of ``cartrl watch``."""

from pathlib import Path
from typing import Optional

import typer

from cartrl.cli.options import CHECKPOINT_OPTION, MODULES_OPTION, POLICY_ARGUMENT
from cartrl.cli.references import one_of
from cartrl.errors import UsageError
from cartrl.system.imports import import_environments

PAGE = Path("watch.html")


def watch(
    policy: Optional[str] = POLICY_ARGUMENT,
    checkpoint: Optional[str] = CHECKPOINT_OPTION,
    output: Optional[Path] = typer.Option(
        None,
        "--output",
        "-o",
        metavar="FILE.html",
        help=f"The page, for CartPole, Pendulum, MountainCar and Acrobot; it needs no network. Default: {PAGE}.",
        show_default=False,
    ),
    terminal: bool = typer.Option(
        False,
        "--terminal",
        help="Show the policy here, in any environment with a picture, until q or Ctrl-C.",
    ),
    window: bool = typer.Option(False, "--window", help="Likewise in a window, until it is closed."),
    modules: list[str] = MODULES_OPTION,
) -> None:
    """Watch a policy: on an HTML page, where the pole can be dragged, in the terminal, or in a window."""
    given = {"--output": output is not None, "--terminal": terminal, "--window": window}
    named = [option for option, is_given in given.items() if is_given]
    if len(named) > 1:
        raise UsageError(f"{' and '.join(named)} are different ways to watch; give one of them")
    import_environments(modules)
    reference = one_of(policy, checkpoint, "--checkpoint")
    if terminal or window:
        from cartrl.cli.commands import live

        live.run(reference, is_in_window=window)
        return
    from cartrl.cli.commands.watch import run

    run(reference, output or PAGE)
