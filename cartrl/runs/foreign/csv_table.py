"""CSV files of any tool, whose columns the user names."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, Optional

import numpy as np

from cartrl.errors import UsageError, cut
from cartrl.runs.evaluated import Axis, Run
from cartrl.runs.foreign.reader import Found
from cartrl.runs.foreign.study import foreign_run, merged
from cartrl.runs.measures import UNKNOWN
from cartrl.system import reading

LARGEST = 256 << 20  # bytes
OPTION = "--csv"
SUFFIX = ".csv"


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


@dataclass(frozen=True)
class CsvTable:
    """A file of one run, or with a run for each seed that a column names."""

    columns: Columns

    measure: ClassVar[str] = UNKNOWN
    axes: ClassVar[tuple[Axis, ...]] = ("steps",)

    @property
    def said(self) -> str:
        """What is read."""
        steps, returns, seed = self.columns
        said = f"read from CSV: steps from the column {steps}, returns from {returns}"
        return said if seed is None else f"{said}, seeds from {seed}"

    def has_run(self, path: Path) -> bool:
        """Return whether ``path`` is such a file."""
        return path.suffix == SUFFIX and path.is_file()

    def read(self, path: Path, seed: int) -> Found:
        """Return the runs in the file ``path``; a column of seeds comes before ``seed``."""
        if self.columns.seed is not None:
            return Found(_runs(path, self.columns), None)
        rows = [(steps, returned) for _, steps, returned in _values(path, self.columns)]
        return Found([_run(path, seed, rows)], None)


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
