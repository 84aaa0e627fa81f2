"""A run's metrics: one row an iteration, in a CSV file that any tool reads."""

import csv
import io
import itertools
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Optional, Union

from cartrl.columns import Column
from cartrl.errors import UsageError, cut
from cartrl.settings.agents import Kind
from cartrl.system import files, reading

Value = Union[int, float, None]
Row = dict[str, Value]

# Every run has these columns, and between them those of its kind of agent. Row 0 is the evaluation before the first
# update; a column without a value is empty.
COUNTERS = (
    Column("iteration", "iterations so far; each has a row"),
    Column("updates", "updates of the agent so far", "progress/updates"),
    Column("episodes", "episodes collected so far"),
    Column("environment_steps", "environment steps collected so far", "progress/environment_steps"),
)
OUTCOMES = (
    Column("collect_return_mean", "mean return of the episodes that ended in this iteration", "returns/collect_mean"),
    Column("collect_return_min", "least return of the iteration's episodes", "returns/collect_min"),
    Column("collect_return_max", "greatest return of the iteration's episodes", "returns/collect_max"),
    Column("terminated_episodes", "the iteration's episodes that the environment ended (the pole fell)"),
    Column("truncated_episodes", "the iteration's episodes that the time limit ended", "progress/truncated_episodes"),
    Column(
        "greedy_return_mean",
        "mean return of the greedy policy, where this iteration was evaluated",
        "returns/greedy_mean",
    ),
    Column("greedy_return_std", "standard deviation of the returns in that evaluation"),
    Column("seconds", "wall-clock seconds of training so far, of all processes of the run together"),
)

SHARED = frozenset(column.name for column in (*COUNTERS, *OUTCOMES))
ONCE_STEP = "step"  # the name of ``iteration`` before there was ``updates``, when each iteration was one update

# The columns that reading a run cannot do without; others have come, and may come, with other versions and agents.
NEEDED = ("iteration", "episodes", "environment_steps", "greedy_return_mean", "greedy_return_std", "seconds")

LONGEST_LINE = 1 << 16  # bytes
NUMBER = r"(?:[-+]?(?:(?:[0-9]{1,60}(?:\.[0-9]{0,60})?|\.[0-9]{1,60})(?:[eE][-+]?[0-9]{1,4})?|inf|nan))"
LINE = re.compile(f"{NUMBER}?(?:,{NUMBER}?)*")


def columns(kind: Kind) -> tuple[Column, ...]:
    """Return the columns of a run with this kind of agent."""
    return (*COUNTERS, *kind.columns, *OUTCOMES)


def headline(row: Row) -> Optional[str]:
    """Return the first column of ``row`` that its agent brought, as its loss; None where it brought none."""
    return next((name for name in row if name not in SHARED), None)


class MetricsFile:
    """Appends rows to ``path``, each in the file at once, and on disk after the next `sync`.

    Args:
        path: the file; an earlier file is replaced.
        columns: the names of its columns.
        rows: those of a resumed run, with which the file begins.
    """

    def __init__(self, path: Path, columns: Sequence[str], rows: Sequence[Row] = ()):
        self._path = path
        begin = io.StringIO()
        csv.DictWriter(begin, columns, lineterminator="\n").writeheader()
        csv.DictWriter(begin, columns, lineterminator="\n").writerows(map(_texts, rows))
        files.write_text(path, begin.getvalue())
        self._file = path.open("a", newline="", encoding="utf-8", buffering=1)
        self._writer = csv.DictWriter(self._file, columns, lineterminator="\n")

    def append(self, row: Row) -> None:
        """Write one row; floats keep every bit."""
        with files.naming(self._path):
            self._writer.writerow(_texts(row))

    def sync(self) -> None:
        """Wait until all rows are on disk."""
        files.sync_descriptor(self._file.fileno(), self._path)

    def __enter__(self) -> "MetricsFile":
        return self

    def __exit__(
        self, kind: Optional[type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        with files.naming(self._path):
            self._file.close()


def cells(path: Path) -> Iterator[dict[str, str]]:
    """Yield the rows of a metrics file as texts, by column. A last line without a line end is left out.

    Raises:
        UsageError: naming the line, unless the file is a header, and rows of as many cells, each a number or empty.
    """
    try:
        with reading.open_regular(path, reading.LARGEST_METRICS) as file:
            lines = _whole_lines(path, file)
            names = _names(path, next(lines, ""))
            place, last = names.index("iteration"), -1
            for number, line in enumerate(lines, start=2):
                if not line:
                    continue
                row = line.split(",")
                if len(row) != len(names) or not LINE.fullmatch(line):
                    raise _wrong_row(path, number, names, row)
                last = _later_iteration(path, number, row[place], last)
                found = dict(zip(names, row))
                found.setdefault("updates", row[place])  # older runs do not count the two apart
                yield found
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None


def read(path: Path, count: Optional[int] = None) -> list[Row]:
    """Read the rows back, or the first ``count`` of them; an empty cell is None. See `cells`.

    The file is not read beyond the first ``count`` rows, because a power cut may have left anything there.
    """
    rows = itertools.islice(cells(path), count)
    return [{name: _number(cell) for name, cell in row.items()} for row in rows]


def seconds_after(rows: Sequence[Row]) -> float:
    """Return the seconds of training after the last of ``rows``."""
    return float(rows[-1]["seconds"] or 0) if rows else 0.0


def _whole_lines(path: Path, file: BinaryIO) -> Iterator[str]:
    """Yield the lines that have a line end, without it. Bytes that are not UTF-8 become characters of no number."""
    for number in itertools.count(1):
        line = file.readline(LONGEST_LINE)
        if not line.endswith(b"\n"):
            if len(line) == LONGEST_LINE:
                raise UsageError(f"{path}: line {number} is longer than {LONGEST_LINE} bytes, which no row of a run is")
            return
        yield line.decode("utf-8-sig" if number == 1 else "utf-8", "replace").rstrip("\r\n")


def _names(path: Path, header: str) -> list[str]:
    """Return the names of the columns, after checking that those which every reader needs are among them."""
    names = header.split(",")
    if "iteration" not in names:
        names = ["iteration" if name == ONCE_STEP else name for name in names]
    missing = [name for name in NEEDED if name not in names]
    if missing:
        raise UsageError(f"{path}: not the metrics of a run: line 1 names no column {' and no column '.join(missing)}")
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise UsageError(f"{path}: line 1 names the column {cut(twice)!r} twice")
    return names


def _wrong_row(path: Path, number: int, names: list[str], row: list[str]) -> UsageError:
    if len(row) != len(names):
        count = f"{len(row)} cell{'s' if len(row) > 1 else ''}"
        return UsageError(f"{path}: line {number} has {count}, but must have {len(names)}, one for each column")
    name, cell = next((name, cell) for name, cell in zip(names, row) if not LINE.fullmatch(cell))
    return UsageError(f"{path}: line {number}: {cut(name)} is {cut(cell)!r}, but must be a number, or nothing")


def _later_iteration(path: Path, number: int, cell: str, last: int) -> int:
    """Return the iteration of a row, which comes after the iteration ``last``."""
    if not cell.isdigit() or int(cell) <= last:
        after = f" after {last}" if last >= 0 else ""
        raise UsageError(
            f"{path}: line {number}: iteration is {cut(cell)!r}{after}, but must be a whole number that "
            "rises with each row"
        )
    return int(cell)


def _texts(row: Row) -> dict[str, Any]:
    return {name: repr(value) if isinstance(value, float) else value for name, value in row.items()}


def _number(text: str) -> Value:
    if not text:
        return None
    return int(text) if text.lstrip("-+").isdigit() else float(text)
