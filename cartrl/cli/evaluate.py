"""The options of ``cartrl eval``."""

from pathlib import Path
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
from cartrl.errors import UsageError
from cartrl.system.imports import import_environments

POINTS = 7
VARY_OPTION = typer.Option(
    None,
    "--vary",
    metavar="NAME=LOW..HIGH,…",
    help="Play with several values of one or two physical constants, arguments or settings of wrappers, such as "
    "length=0.25..2,force_mag=5..20: a map of returns. cartrl env NAME lists them.",
    show_default=False,
)
NOISE_OPTION = typer.Option(
    None,
    "--noise",
    metavar="observation=LOW..HIGH",
    help="Play with Gaussian noise on every number that the policy observes, of several standard deviations in the "
    "number's own unit.",
    show_default=False,
)
POINTS_OPTION = typer.Option(
    None,
    "--points",
    min=2,
    max=33,
    help=f"With --vary and --noise: values of each. Default: {POINTS}.",
    show_default=False,
)
OUTPUT_OPTION = typer.Option(
    None,
    "--output",
    "-o",
    metavar="FILE",
    help="With --vary and --noise: also draw the map, to a .png, .svg or .pdf.",
    show_default=False,
)


def evaluate(
    policy: Optional[str] = POLICY_ARGUMENT,
    checkpoint: Optional[str] = CHECKPOINT_OPTION,
    episodes: int = typer.Option(100, "--episodes", min=1, max=MOST_EPISODES, help=EPISODES_HELP),
    stochastic: bool = STOCHASTIC_OPTION,
    seed: int = SEED_OPTION,
    vary: Optional[str] = VARY_OPTION,
    noise: Optional[str] = NOISE_OPTION,
    points: Optional[int] = POINTS_OPTION,
    output: Optional[Path] = OUTPUT_OPTION,
    as_json: bool = JSON_OPTION,
    modules: list[str] = MODULES_OPTION,
) -> None:
    """Roll a saved policy out on the real environment, and say how good it is and how sure that is."""
    from cartrl.policies.rollouts import Rollouts

    import_environments(modules)
    place, rollouts = one_of(policy, checkpoint, "--checkpoint"), Rollouts(episodes, seed, not stochastic)
    if vary is not None or noise is not None:
        from cartrl.cli.commands import robustness
        from cartrl.policies.variations import parse

        robustness.run(place, rollouts, parse(vary, noise), points or POINTS, output, as_json)
        return
    option = next((name for name, value in {"--points": points, "--output": output}.items() if value is not None), None)
    if option is not None:
        raise UsageError(f"{option} is for --vary and --noise, which play with several values")
    from cartrl.cli.commands.evaluate import run

    run(place, rollouts, as_json)
