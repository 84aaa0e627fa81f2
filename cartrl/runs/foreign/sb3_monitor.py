"""Stable-Baselines3's ``monitor.csv``, in which its Monitor writes each episode of training."""

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, Optional

import numpy as np
from numpy.typing import NDArray

from cartrl.errors import UsageError, cut
from cartrl.runs.evaluated import Run
from cartrl.runs.foreign import folders
from cartrl.runs.foreign.csv_table import require_columns
from cartrl.runs.foreign.folders import Folder
from cartrl.runs.foreign.study import TRAINING, WINDOW, ForeignStudy, foreign_run, means_of_last
from cartrl.system import reading

FILES = "*monitor.csv"  # one for each environment of a run: monitor.csv, or 0.monitor.csv, 1.monitor.csv, …
LARGEST = 256 << 20  # bytes
COLUMNS = ("r", "l", "t")  # return, length, and seconds since t_start


class Sb3Monitor:
    """Returns of training: their mean over the last 100 episodes, as Stable-Baselines3 logs ``ep_rew_mean``."""

    def read(self, path: Path) -> Optional[ForeignStudy]:
        """Return the study, or the single run, in ``path``; None where there is no such file."""
        found = folders.find(path, FILES)
        if found is None:
            return None
        inferred = (
            f"read from Stable-Baselines3's monitor.csv: training returns, the mean of the last {WINDOW} episodes",
            found.inferred,
        )
        monitors = [[_read(file) for file in folder.files] for folder in found.runs]
        env_names = [_environment(folder.path, own) for folder, own in zip(found.runs, monitors)]
        env_name = folders.one_environment(path, env_names)
        runs = tuple(map(_run, found.runs, monitors))
        return ForeignStudy(path, runs, env_name, TRAINING, inferred, ("steps", "seconds"))


class Monitor(NamedTuple):
    """The content of a file."""

    env_name: Optional[str]
    start: float  # seconds since 1970
    episodes: NDArray[Any]  # [episodes, 3], in the order of `COLUMNS`


def environment(path: Path) -> Optional[str]:
    """Return the environment that a run's directory names: its monitor file, or its own name."""
    return _environment(path, [_read(file) for file in sorted(path.glob(FILES))])


def _environment(path: Path, monitors: Sequence[Monitor]) -> Optional[str]:
    names = [monitor.env_name for monitor in monitors]
    return folders.one_environment(path, [name for name in names if name]) or folders.environment_in_name(path)


def _run(folder: Folder, monitors: Sequence[Monitor]) -> Run:
    begin = min(monitor.start for monitor in monitors)
    ends = np.concatenate([monitor.episodes[:, 2] + (monitor.start - begin) for monitor in monitors])
    order = np.argsort(ends, kind="stable")  # several environments ran at once: their episodes, as they ended
    returns, lengths, _ = np.concatenate([monitor.episodes for monitor in monitors])[order].T
    return foreign_run(folder.files[0], folder.seed, np.cumsum(lengths), means_of_last(returns), ends[order])


def _read(path: Path) -> Monitor:
    """Read a file: a line ``#{JSON}``, a header, and a row for each episode."""
    try:
        first, *lines = reading.read_text(path, LARGEST).splitlines() or [""]
        about = json.loads(first[1:]) if first.startswith("#") else None
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError):
        about = None
    if not isinstance(about, dict) or not isinstance(about.get("t_start"), (int, float)):
        raise UsageError(f"{path}: not what a Monitor writes: line 1 is {cut(first)!r}, but must be # and JSON")
    env_name = about.get("env_id")
    rows = csv.DictReader(io.StringIO("\n".join(lines)))
    require_columns(path, 2, rows, COLUMNS)
    episodes = [_numbers(path, number, row) for number, row in enumerate(rows, start=3)]
    found = np.array(episodes, dtype=float).reshape(-1, len(COLUMNS))
    return Monitor(env_name if isinstance(env_name, str) else None, float(about["t_start"]), found)


def _numbers(path: Path, number: int, row: dict[str, Any]) -> list[float]:
    values = []
    for name in COLUMNS:
        try:
            values.append(float(row[name]))
        except (TypeError, ValueError):
            raise UsageError(
                f"{path}: line {number}: {name} is {cut(str(row[name]))!r}, but must be a number"
            ) from None
    if not np.isfinite(values).all():
        raise UsageError(f"{path}: line {number}: {values} are not finite numbers")
    return values
