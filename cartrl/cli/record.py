"""The options of ``cartrl record``."""

from pathlib import Path
from typing import Optional

import typer

from cartrl.cli import completion
from cartrl.cli.options import (
    CHECKPOINT_OPTION,
    EPISODES_HELP,
    MODULES_OPTION,
    MOST_EPISODES,
    POLICY_ARGUMENT,
    SEED_OPTION,
    STOCHASTIC_OPTION,
)
from cartrl.cli.references import one_of
from cartrl.system.imports import import_environments


def record(
    policy: Optional[str] = POLICY_ARGUMENT,
    checkpoint: Optional[str] = CHECKPOINT_OPTION,
    progress: Optional[str] = typer.Option(
        None,
        "--progress",
        metavar="RUN",
        autocompletion=completion.runs,
        help="Film how a run learned: its first policy, some of those on the way and its best, side by side. "
        "Its directory, or 'latest'. In place of a policy.",
        show_default=False,
    ),
    episodes: int = typer.Option(3, "--episodes", min=1, max=MOST_EPISODES, help=EPISODES_HELP),
    output: Optional[Path] = typer.Option(
        None,
        "--output",
        "-o",
        help="The film, ending in .mp4, .gif or .webm. Default: in the run's videos/.",
        show_default=False,
    ),
    fps: Optional[int] = typer.Option(
        None, "--fps", min=1, max=1000, help="Frames a second. Default: the environment's own.", show_default=False
    ),
    stochastic: bool = STOCHASTIC_OPTION,
    seed: int = SEED_OPTION,
    modules: list[str] = MODULES_OPTION,
) -> None:
    """Film a saved policy, or how a run learned."""
    from cartrl.cli.commands.record import run
    from cartrl.policies.rollouts import Rollouts

    import_environments(modules)
    rollouts = Rollouts(episodes, seed, not stochastic)
    run(one_of(policy, checkpoint, "--checkpoint"), progress, rollouts, output, fps)
