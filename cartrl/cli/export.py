"""The options of ``cartrl export``."""

from enum import Enum
from pathlib import Path
from typing import Optional

import typer

from cartrl.cli.options import (
    CHECKPOINT_OPTION,
    MODULES_OPTION,
    MOST_EPISODES,
    POLICY_ARGUMENT,
    SEED_OPTION,
)
from cartrl.cli.references import one_of
from cartrl.system.imports import import_environments


class Format(str, Enum):
    """The formats of exported policies."""

    NPZ = "npz"
    ONNX = "onnx"
    SAVED_MODEL = "saved-model"


def export(
    policy: Optional[str] = POLICY_ARGUMENT,
    checkpoint: Optional[str] = CHECKPOINT_OPTION,
    form: Format = typer.Option(
        Format.NPZ,
        "--format",
        help="npz: arrays, and a Python file that plays them with numpy; onnx: a model for onnxruntime and others; "
        "saved-model: a program for TensorFlow alone.",
    ),
    output: Optional[Path] = typer.Option(
        None,
        "--output",
        "-o",
        help="The directory, which must not exist. Default: in the run's exports/.",
        show_default=False,
    ),
    episodes: int = typer.Option(
        100, "--episodes", min=1, max=MOST_EPISODES, help="How many greedy episodes the card's return comes from."
    ),
    seed: int = SEED_OPTION,
    modules: list[str] = MODULES_OPTION,
) -> None:
    """Write a saved policy in a form that plays without cartrl, once it acts as the original."""
    from cartrl.cli.commands.export import run
    from cartrl.policies.rollouts import Rollouts

    import_environments(modules)
    run(one_of(policy, checkpoint, "--checkpoint"), form.value, output, Rollouts(episodes, seed, is_greedy=True))
