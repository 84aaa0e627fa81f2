"""A run's metrics: one row an iteration, in a CSV file that any tool reads."""

import csv
from pathlib import Path
from types import TracebackType
from typing import Optional, Union

Value = Union[int, float, None]
Row = dict[str, Value]

# Column -> what it holds. Row 0 is the evaluation before the first update; a column without a value is empty.
COLUMNS = {
    "step": "updates of the policy so far",
    "episodes": "episodes collected so far",
    "environment_steps": "environment steps collected so far",
    "loss": "the loss that this update descended",
    "policy_gradient_loss": "its part for the policy",
    "value_estimation_loss": "its part for the value network, 0 without one",
    "entropy_regularization_loss": "its part for the entropy, 0 without regularization",
    "gradient_norm": "global norm of the gradient, before clipping",
    "weights_norm": "global norm of the networks' weights, after the update",
    "policy_entropy": "mean entropy of the policy over this iteration's steps, before the update, in nats",
    "collect_return_mean": "mean return of the episodes collected in this iteration",
    "collect_return_min": "the least of them",
    "collect_return_max": "the greatest of them",
    "terminated_episodes": "of this iteration's episodes, those that the environment ended (the pole fell)",
    "truncated_episodes": "those that the time limit ended",
    "greedy_return_mean": "mean return of the greedy policy, where this iteration was evaluated",
    "greedy_return_std": "standard deviation of those returns",
    "seconds": "wall-clock time since the start of training",
}


class MetricsFile:
    """Appends rows to ``path``, each on disk as soon as it is appended."""

    def __init__(self, path: Path):
        self._file = path.open("x", newline="", encoding="utf-8", buffering=1)
        self._writer = csv.DictWriter(self._file, COLUMNS, lineterminator="\n")
        self._writer.writeheader()

    def append(self, row: Row) -> None:
        """Write one row; floats keep every bit."""
        self._writer.writerow({name: repr(value) if isinstance(value, float) else value for name, value in row.items()})

    def __enter__(self) -> "MetricsFile":
        return self

    def __exit__(
        self, kind: Optional[type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self._file.close()


def read(path: Path) -> list[Row]:
    """Read the rows back; an empty cell is None."""
    with path.open(newline="", encoding="utf-8") as file:
        return [{name: _number(text) for name, text in row.items()} for row in csv.DictReader(file)]


def _number(text: str) -> Value:
    if not text:
        return None
    return int(text) if text.lstrip("-").isdigit() else float(text)
