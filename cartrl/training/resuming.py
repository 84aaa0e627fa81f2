"""Reads what a stopped run has left, and checks which settings differ when it goes on."""

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple, Optional

from pydantic.json import pydantic_encoder

from cartrl.errors import CartrlError, UsageError, cut
from cartrl.runs import metrics
from cartrl.runs.directory import RunDirectory
from cartrl.runs.json_files import read_json
from cartrl.runs.metrics import Row
from cartrl.runs.outcome import outcome_of
from cartrl.settings import ExperimentSettings, ResolvedConfig, agents
from cartrl.settings import load as read_settings
from cartrl.settings.writing import by_name
from cartrl.system import files
from cartrl.training.checkpoint_format import Checkpoint
from cartrl.training.checkpoints import TrainingCheckpoints

# The settings that change no number that a run draws or learns.
CHANGEABLE = (
    ("train", "num_iterations"),
    ("train", "stop_when_solved"),
    ("train", "checkpoint_interval"),
    ("train", "log_interval"),
    ("eval", "keep_policies"),
    ("collect", "workers"),
    ("collect", "processes"),
)


class Past(NamedTuple):
    """The rows and the checkpoint from which a run goes on; a new run has none."""

    rows: list[Row]
    checkpoint: Optional[Checkpoint]  # of the last row's iteration
    seconds: float = 0.0  # of training so far, also after the checkpoint, whose rows are not here


NOTHING = Past([], None)


def require_same_experiment(old: ExperimentSettings, new: ResolvedConfig) -> None:
    """Refuse overrides that would make a resumed run another experiment.

    Raises:
        UsageError: naming the setting.
    """
    changed = [key for key in new.origins if _value(old, key) != _value(new.settings, key)]
    for key in changed:
        if key not in CHANGEABLE:
            allowed = ", ".join(".".join(name) for name in CHANGEABLE)
            raise new.error(
                key, f"cannot change in a run that is resumed, it would be another experiment; what can is {allowed}"
            )


def load(run: RunDirectory, settings: ExperimentSettings, warn: Callable[[str], None]) -> Past:
    """Load what ``run`` had reached at its last checkpoint; nothing, if it was stopped before its first.

    Args:
        run: the run.
        settings: with which it is to go on.
        warn: is told of each damaged checkpoint, which is then set aside, and of a run that begins anew.

    Raises:
        CartrlError: when the checkpoints or the metrics are damaged or missing, or belong to another experiment.
    """
    files.clear_drafts(run.root)
    checkpoint = TrainingCheckpoints(run.checkpoints).newest(warn)
    seconds = _seconds(run)
    if checkpoint is None:
        _require_never_saved(run, settings)
        warn(f"{run.root}: was stopped before its first checkpoint; it begins anew")
        return NOTHING._replace(seconds=seconds)
    _require_settings(checkpoint, settings, run)
    iteration = checkpoint.iteration
    if iteration > settings.train.num_iterations:
        raise UsageError(
            f"{run.root}: has done {iteration} iterations already, more than train.num_iterations, "
            f"which is {settings.train.num_iterations}"
        )
    return Past(_rows(run, settings, iteration), checkpoint, seconds)


def _require_never_saved(run: RunDirectory, settings: ExperimentSettings) -> None:
    """Refuse a run without checkpoints that has had some: to begin anew would write over what it reached.

    Raises:
        CartrlError: when its manifest says that it ended, or its metrics go beyond where its first checkpoint was due.
    """
    planned = read_settings(run.config).settings if run.config.is_file() else settings
    outcome = outcome_of(read_json(run.manifest)) if run.manifest.is_file() else None
    has_ended = outcome is not None and outcome.is_over
    try:
        reached = len(metrics.read(run.metrics)) - 1
    except (CartrlError, OSError, ValueError):  # none yet, or rows that a power cut has torn
        reached = 0
    if has_ended or reached > planned.train.checkpoint_interval:
        raise CartrlError(
            f"{run.checkpoints}: holds no checkpoint, although the run has reached iteration {reached}; "
            "nothing is resumed"
        )


def identity(settings: ExperimentSettings) -> dict[str, dict[str, Any]]:
    """Return all settings on which the numbers of a run depend, by section, as JSON has them."""
    values: dict[str, dict[str, Any]] = json.loads(settings.json())
    for section, key in CHANGEABLE:
        del values[section][key]
    return values


def _require_settings(checkpoint: Checkpoint, settings: ExperimentSettings, run: RunDirectory) -> None:
    """Refuse a checkpoint of other settings than ``settings``.

    A setting that the checkpoint lacks has come with a later version of cartrl, and had its default before.

    Raises:
        CartrlError: naming the settings.
    """
    subject = f"{run.checkpoints}: the checkpoint of iteration {checkpoint.iteration}"
    try:
        old = by_name(checkpoint.experiment)
    except AttributeError:
        raise CartrlError(f"{subject} does not say of which experiment it is") from None
    new = by_name(identity(settings))
    unknown = [name for name in old if name not in new and tuple(name.split(".")) not in CHANGEABLE]
    if unknown:
        raise CartrlError(
            f"{subject} has settings that this version of cartrl does not know: {cut(', '.join(unknown))}"
        )
    changed = [name for name in new if old.get(name, _default(settings, name)) != new[name]]
    if changed:
        raise CartrlError(f"{subject} is of another experiment: {', '.join(changed)} had another value")


def _default(settings: ExperimentSettings, name: str) -> Any:
    """Return the default of the setting ``name``, as JSON has it."""
    section, key = name.split(".")
    default = getattr(settings, section).__fields__[key].get_default()
    return json.loads(json.dumps(default, default=pydantic_encoder))


def _rows(run: RunDirectory, settings: ExperimentSettings, iteration: int) -> list[Row]:
    """Return the metrics up to ``iteration``; what a killed process wrote after its checkpoint is left out."""
    rows = metrics.read(run.metrics, iteration + 1)
    if [row["iteration"] for row in rows] != list(range(iteration + 1)):
        raise CartrlError(f"{run.metrics}: damaged, it does not hold iterations 0 to {iteration} of the checkpoint")
    known = {column.name for column in metrics.columns(agents.kind(settings.agent.kind))}
    unknown = [name for name in rows[0] if name not in known]
    if unknown:
        raise UsageError(f"{run.metrics}: line 1 names a column that no run writes: {cut(unknown[0])!r}")
    for number, row in enumerate(rows, start=2):
        if not _is_whole(row):
            raise CartrlError(f"{run.metrics}: damaged, line {number} lacks a number that every such row has")
    return rows


def _seconds(run: RunDirectory) -> float:
    """Return the seconds of training in the last row of the metrics, whether or not a checkpoint stands for it."""
    seconds = 0.0
    with suppress(UsageError, ValueError):  # there is no row yet, or what is wrong is said where rows are needed
        for row in metrics.cells(run.metrics):
            seconds = float(row["seconds"])
    return seconds


def _is_whole(row: Row) -> bool:
    """Whether what a resumed run counts on is there: the counters, and both numbers of an evaluation."""
    counters = [row["episodes"], row["environment_steps"], row["seconds"]]
    is_evaluated = row["greedy_return_mean"] is not None
    return None not in counters and is_evaluated == (row["greedy_return_std"] is not None)


def _value(settings: ExperimentSettings, key: tuple[str, str]) -> object:
    return getattr(getattr(settings, key[0]), key[1])
