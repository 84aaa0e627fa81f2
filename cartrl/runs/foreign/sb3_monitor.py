"""Stable-Baselines3's ``monitor.csv``, in which its Monitor writes each episode of training."""

import csv
import io
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, Optional

import numpy as np
from numpy.typing import NDArray

from cartrl.errors import UsageError, cut
from cartrl.runs.evaluated import Axis
from cartrl.runs.foreign.csv_table import require_columns
from cartrl.runs.foreign.reader import Found
from cartrl.runs.foreign.study import WINDOW, foreign_run, means_of_last, one_environment
from cartrl.runs.measures import TRAINING
from cartrl.system import reading

FILES = "*monitor.csv"  # one for each environment of a run: monitor.csv, or 0.monitor.csv, 1.monitor.csv, …
LARGEST = 256 << 20  # bytes
LARGEST_HEAD = 1 << 20  # bytes of the first line
OF_ZOO = re.compile(r"(.+-v[0-9]+)_[0-9]+$")  # a run's directory in rl-zoo3: ENVIRONMENT_NUMBER
COLUMNS = ("r", "l", "t")  # return, length, and seconds since t_start


class Sb3Monitor:
    """Returns of training: their mean over the last 100 episodes, as Stable-Baselines3 logs ``ep_rew_mean``."""

    said = f"read from Stable-Baselines3's monitor.csv: training returns, the mean of the last {WINDOW} episodes"
    measure = TRAINING
    axes: ClassVar[tuple[Axis, ...]] = ("steps", "seconds")

    def has_run(self, path: Path) -> bool:
        """Return whether the directory ``path`` has such files."""
        return any(path.glob(FILES))

    def read(self, path: Path, seed: int) -> Found:
        """Return the run in the directory ``path``."""
        files = sorted(path.glob(FILES))
        monitors = [_read(file) for file in files]
        begin = min(monitor.start for monitor in monitors)
        ends = np.concatenate([monitor.episodes[:, 2] + (monitor.start - begin) for monitor in monitors])
        order = np.argsort(ends, kind="stable")  # several environments ran at once: their episodes, as they ended
        returns, lengths, _ = np.concatenate([monitor.episodes for monitor in monitors])[order].T
        run = foreign_run(files[0], seed, np.cumsum(lengths), means_of_last(returns), ends[order])
        return Found([run], _environment(path, [monitor.env_name for monitor in monitors]))


class Monitor(NamedTuple):
    """The content of a file."""

    env_name: Optional[str]
    start: float  # seconds since 1970
    episodes: NDArray[Any]  # [episodes, 3], in the order of `COLUMNS`


def environment(path: Path) -> Optional[str]:
    """Return the environment that the directory ``path`` of a run names: in its monitor files, or by its own name."""
    return _environment(path, [_head(file, _first_line(file))[0] for file in sorted(path.glob(FILES))])


def _environment(path: Path, names: Sequence[Optional[str]]) -> Optional[str]:
    found = OF_ZOO.match(path.resolve().name)
    return one_environment(path, names) or (found[1] if found else None)


def _first_line(path: Path) -> str:
    try:
        with reading.open_regular(path, LARGEST) as file:
            return file.readline(LARGEST_HEAD).decode(errors="replace").rstrip("\r\n")
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None


def _head(path: Path, first: str) -> tuple[Optional[str], float]:
    """Return environment and start from the ``first`` line of the file at ``path``, ``#{JSON}``."""
    try:
        about = json.loads(first[1:]) if first.startswith("#") else None
    except (ValueError, RecursionError):
        about = None
    if not isinstance(about, dict) or not isinstance(about.get("t_start"), (int, float)):
        raise UsageError(f"{path}: not what a Monitor writes: line 1 is {cut(first)!r}, but must be # and JSON")
    env_name = about.get("env_id")
    return env_name if isinstance(env_name, str) and env_name else None, float(about["t_start"])


def _read(path: Path) -> Monitor:
    """Read a file: a line ``#{JSON}``, a header, and a row for each episode."""
    try:
        first, *lines = reading.read_text(path, LARGEST).splitlines() or [""]
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None
    env_name, start = _head(path, first)
    rows = csv.DictReader(io.StringIO("\n".join(lines)))
    require_columns(path, 2, rows, COLUMNS)
    episodes = [_numbers(path, number, row) for number, row in enumerate(rows, start=3)]
    found = np.array(episodes, dtype=float).reshape(-1, len(COLUMNS))
    return Monitor(env_name, start, found)


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
