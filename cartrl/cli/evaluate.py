"""The options of ``cartrl eval``."""

from typing import Optional

import typer

from cartrl.cli.options import (
    CHECKPOINT_OPTION,
    EPISODES_HELP,
    LARGEST_SEED,
    MOST_EPISODES,
    SEED_HELP,
    STOCHASTIC_OPTION,
)


def evaluate(
    checkpoint: Optional[str] = CHECKPOINT_OPTION,
    episodes: int = typer.Option(100, "--episodes", min=1, max=MOST_EPISODES, help=EPISODES_HELP),
    stochastic: bool = STOCHASTIC_OPTION,
    seed: int = typer.Option(0, "--seed", min=0, max=LARGEST_SEED, help=SEED_HELP),
    as_json: bool = typer.Option(False, "--json", help="Print one JSON object on stdout, and nothing else there."),
) -> None:
    """Roll a saved policy out on the real environment, and say how good it is and how sure that is."""
    from cartrl.commands.evaluate import run

    run(checkpoint, episodes, is_greedy=not stochastic, seed=seed, as_json=as_json)
