"""The options of ``cartrl eval``."""

from typing import Optional

import typer

from cartrl.cli.options import (
    CHECKPOINT_OPTION,
    EPISODES_HELP,
    JSON_OPTION,
    MODULES_OPTION,
    MOST_EPISODES,
    POLICY_ARGUMENT,
    SEED_OPTION,
    STOCHASTIC_OPTION,
)
from cartrl.cli.references import one_of
from cartrl.system.imports import import_environments


def evaluate(
    policy: Optional[str] = POLICY_ARGUMENT,
    checkpoint: Optional[str] = CHECKPOINT_OPTION,
    episodes: int = typer.Option(100, "--episodes", min=1, max=MOST_EPISODES, help=EPISODES_HELP),
    stochastic: bool = STOCHASTIC_OPTION,
    seed: int = SEED_OPTION,
    as_json: bool = JSON_OPTION,
    modules: list[str] = MODULES_OPTION,
) -> None:
    """Roll a saved policy out on the real environment, and say how good it is and how sure that is."""
    from cartrl.cli.commands.evaluate import run
    from cartrl.policies.rollouts import Rollouts

    import_environments(modules)
    run(one_of(policy, checkpoint, "--checkpoint"), Rollouts(episodes, seed, not stochastic), as_json)
