"""Experiment trackers that runs are logged to, if the user asks for that: docs/decisions/sinks.md."""

from collections.abc import Sequence
from typing import NamedTuple

from cartrl.errors import UsageError, nearest
from cartrl.system import extras

OPTION = "--log-to"


class Tracker(NamedTuple):
    """A tracker's title, its sink as ``module:class``, and the package that it needs, from the extra of its name."""

    title: str
    sink: str
    package: str


TRACKERS = {
    "mlflow": Tracker("MLflow", "cartrl.runs.sinks.mlflow_sink:MlflowSink", "mlflow"),
    "wandb": Tracker("Weights & Biases", "cartrl.runs.sinks.wandb_sink:WandbSink", "wandb"),
    "trackio": Tracker("Trackio", "cartrl.runs.sinks.trackio_sink:TrackioSink", "trackio"),
}


def require_usable(names: Sequence[str]) -> tuple[str, ...]:
    """Return ``names`` without repetitions.

    Raises:
        UsageError: when one is not that of a tracker, or what it needs is not installed.
    """
    for name in names:
        if name not in TRACKERS:
            raise UsageError(f"{OPTION} {name}: must be one of {', '.join(TRACKERS)}{nearest(name, list(TRACKERS))}")
        if not extras.is_installed(TRACKERS[name].package):
            raise UsageError(extras.missing(f"{OPTION} {name}", TRACKERS[name].title, name))
    return tuple(dict.fromkeys(names))
