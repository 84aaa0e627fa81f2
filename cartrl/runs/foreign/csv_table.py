"""CSV files of any tool, whose columns the user names."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Optional

import numpy as np

from cartrl.errors import UsageError, cut
from cartrl.runs.evaluated import Run
from cartrl.runs.foreign import folders
from cartrl.runs.foreign.study import UNKNOWN, ForeignStudy, foreign_run, merged
from cartrl.system import reading

LARGEST = 256 << 20  # bytes
OPTION = "--csv"


class Columns(NamedTuple):
    """The names of the columns that hold environment steps, returns, and the seed where a file holds several."""

    steps: str
    returns: str
    seed: Optional[str]


def parse_columns(text: str) -> Columns:
    """Return the columns in ``steps=COLUMN,return=COLUMN[,seed=COLUMN]``.

    Raises:
        UsageError: when it is anything else.
    """
    parts = [part.partition("=") for part in text.split(",")]
    named = {key: column for key, _, column in parts if column}
    if len(named) < len(parts) or not {"steps", "return"} <= named.keys() <= {"steps", "return", "seed"}:
        raise UsageError(f"{OPTION} {cut(text)}: must be steps=COLUMN,return=COLUMN or also ,seed=COLUMN")
    return Columns(named["steps"], named["return"], named.get("seed"))


class CsvTable(NamedTuple):
    """A file, with a run for each seed that its column names; or a directory of such files, one for each seed."""

    columns: Columns

    def read(self, path: Path) -> Optional[ForeignStudy]:
        """Return the study, or the single run, in ``path``; None where there is no such file."""
        paths = [path] if path.is_file() else sorted(path.glob("*.csv"))
        if not paths:
            return None
        steps, returns, seed = self.columns
        inferred = [f"read from CSV: steps from the column {steps}, returns from {returns}"]
        if seed is None:
            found = folders.numbered(paths)
            inferred.append(found.inferred)
            runs = [_run(file, number, _rows(file, self.columns)) for file, number in found.seeds.items()]
        else:
            inferred.append(f"seeds from the column {seed}")
            runs = [run for file in paths for run in _runs(file, self.columns)]
        known = sorted(runs, key=lambda run: run.seed)
        if len({run.seed for run in known}) < len(known):
            raise UsageError(f"{path}: a seed is in several files of it")
        return ForeignStudy(path, tuple(known), None, UNKNOWN, tuple(inferred))


Values = list[tuple[float, float]]  # steps and return of each row


def _runs(path: Path, columns: Columns) -> list[Run]:
    rows: dict[int, Values] = {}
    for seed, *values in _values(path, columns):
        if seed != int(seed) or seed < 0:
            raise UsageError(f"{path}: {columns.seed} is {seed}, but must be a whole number from 0")
        rows.setdefault(int(seed), []).append((values[0], values[1]))
    if not rows:
        raise UsageError(f"{path}: there is no return in it yet")
    return [_run(path, seed, found) for seed, found in rows.items()]


def _rows(path: Path, columns: Columns) -> Values:
    return [(steps, returned) for _, steps, returned in _values(path, columns)]


def _run(path: Path, seed: int, rows: Values) -> Run:
    steps, returns = np.array(rows, dtype=float).reshape(-1, 2).T
    return foreign_run(path, seed, *merged(steps, returns))


def _values(path: Path, columns: Columns) -> Iterator[tuple[float, float, float]]:
    """Yield seed, steps and return of each row that has a return: logs of several numbers leave cells empty."""
    try:
        rows = csv.DictReader(io.StringIO(reading.read_text(path, LARGEST)), strict=True)
        require_columns(path, 1, rows, [name for name in columns if name is not None])
        for row in rows:
            if row[columns.returns]:
                seed = _number(path, rows.line_num, columns.seed, row) if columns.seed is not None else 0.0
                steps = _number(path, rows.line_num, columns.steps, row)
                yield seed, steps, _number(path, rows.line_num, columns.returns, row)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None
    except csv.Error as error:
        raise UsageError(f"{path}: not CSV: {error}") from None


def require_columns(path: Path, line: int, rows: "csv.DictReader[str]", wanted: Sequence[str]) -> None:
    """Refuse a file whose header, in ``line``, lacks a column that is ``wanted``.

    Raises:
        UsageError: naming all that it lacks.
    """
    missing = [name for name in wanted if name not in (rows.fieldnames or ())]
    if missing:
        raise UsageError(f"{path}: line {line} names no column {' and no column '.join(missing)}")


def _number(path: Path, line: int, name: str, row: Mapping[str, Any]) -> float:
    try:
        value = float(row[name])
    except (TypeError, ValueError):
        value = np.nan
    if not np.isfinite(value):
        raise UsageError(f"{path}: line {line}: {name} is {cut(str(row[name]))!r}, but must be a finite number")
    return value
