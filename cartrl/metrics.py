"""A run's metrics: one row an iteration, in a CSV file that any tool reads."""

import csv
import io
import itertools
import os
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Optional, Union

from cartrl import files

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
    """Appends rows to ``path``, each on disk as soon as it is appended.

    Args:
        path: the file; what stood there is replaced.
        rows: those of a run that goes on, with which the file begins.
    """

    def __init__(self, path: Path, rows: Sequence[Row] = ()):
        begin = io.StringIO()
        csv.DictWriter(begin, COLUMNS, lineterminator="\n").writeheader()
        csv.DictWriter(begin, COLUMNS, lineterminator="\n").writerows(map(_texts, rows))
        files.write_text(path, begin.getvalue())
        self._file = path.open("a", newline="", encoding="utf-8", buffering=1)
        self._writer = csv.DictWriter(self._file, COLUMNS, lineterminator="\n")

    def append(self, row: Row) -> None:
        """Write one row; floats keep every bit."""
        self._writer.writerow(_texts(row))

    def sync(self) -> None:
        """Wait until all rows are on disk."""
        os.fsync(self._file.fileno())

    def __enter__(self) -> "MetricsFile":
        return self

    def __exit__(
        self, kind: Optional[type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self._file.close()


def read(path: Path, count: Optional[int] = None) -> list[Row]:
    """Read the rows back, or the first ``count`` of them; an empty cell is None.

    A last line without its end, of a run that was killed, is no row.
    """
    text = path.read_text(encoding="utf-8")
    whole = text[: text.rfind("\n") + 1].splitlines()
    rows = itertools.islice(csv.DictReader(whole), count)
    return [{name: _number(cell) for name, cell in row.items()} for row in rows]


def _texts(row: Row) -> dict[str, Any]:
    return {name: repr(value) if isinstance(value, float) else value for name, value in row.items()}


def _number(text: str) -> Value:
    if not text:
        return None
    return int(text) if text.lstrip("-").isdigit() else float(text)
