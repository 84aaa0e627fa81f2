"""The options of ``cartrl export``."""

from enum import Enum
from pathlib import Path
from typing import Optional

import typer

from cartrl.cli.options import (
    CHECKPOINT_OPTION,
    JSON_OPTION,
    MODULES_OPTION,
    MOST_EPISODES,
    POLICY_ARGUMENT,
    SEED_OPTION,
)
from cartrl.cli.references import one_of
from cartrl.errors import UsageError
from cartrl.system.imports import import_environments


class Format(str, Enum):
    """The formats of exported policies."""

    NPZ = "npz"
    ONNX = "onnx"
    TFLITE = "tflite"
    SAVED_MODEL = "saved-model"


def export(
    policy: Optional[str] = POLICY_ARGUMENT,
    checkpoint: Optional[str] = CHECKPOINT_OPTION,
    form: Format = typer.Option(
        Format.NPZ,
        "--format",
        help="npz: arrays, and a Python file that plays them with numpy; onnx: a model for onnxruntime and others; "
        "tflite: a model for TensorFlow Lite; saved-model: a program for TensorFlow alone.",
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
    hub_folder: Optional[Path] = typer.Option(
        None,
        "--hub-folder",
        metavar="DIR",
        help="Write a new folder for the Hugging Face Hub instead: a model card, the policy, its config and a film. "
        "RUN may be a study: the policy is that of its best seed, and the card has all seeds. Nothing is uploaded.",
        show_default=False,
    ),
    as_json: bool = JSON_OPTION,
    modules: list[str] = MODULES_OPTION,
) -> None:
    """Write a saved policy in a form that plays without cartrl, once it acts as the original."""
    from cartrl.policies.rollouts import Rollouts

    if output is not None and hub_folder is not None:
        raise UsageError("--output and --hub-folder both name a directory; give one of them")
    import_environments(modules)
    reference, rollouts = one_of(policy, checkpoint, "--checkpoint"), Rollouts(episodes, seed, is_greedy=True)
    if hub_folder is not None:
        from cartrl.cli.commands import hub

        hub.run(reference, form.value, hub_folder, rollouts, as_json)
        return
    from cartrl.cli.commands.export import run

    run(reference, form.value, output, rollouts, as_json)
