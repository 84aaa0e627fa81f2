"""The options of ``cartrl watch``."""

from pathlib import Path
from typing import Optional

import typer

from cartrl.cli.options import CHECKPOINT_OPTION, POLICY_ARGUMENT
from cartrl.cli.references import one_of


def watch(
    policy: Optional[str] = POLICY_ARGUMENT,
    checkpoint: Optional[str] = CHECKPOINT_OPTION,
    output: Path = typer.Option(Path("watch.html"), "--output", "-o", metavar="FILE.html", help="The page."),
) -> None:
    """Write an HTML page that plays a policy in a browser, offline, where the pole can be dragged.

    For CartPole, Pendulum, MountainCar and Acrobot.
    """
    from cartrl.cli.commands.watch import run

    run(one_of(policy, checkpoint, "--checkpoint"), output)
