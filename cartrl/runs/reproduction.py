"""Compares the metrics of two runs of one config, and the machines that they were trained on."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

from cartrl.errors import UsageError
from cartrl.runs import metrics
from cartrl.runs.machine import processor, versions

CLOCK = "seconds"  # the only column that differs between two runs of one seed
CLOSING = ("greedy_return_mean", "greedy_return_std")  # a run that was stopped may lack its closing evaluation

Cells = dict[str, str]


@dataclass(frozen=True)
class Difference:
    """The first cell in which two runs differ; None for a cell that a run lacks."""

    iteration: str
    column: str
    before: Optional[str]
    now: Optional[str]

    @property
    def said(self) -> str:
        """The difference in words."""
        was, is_now = (value or "nothing" for value in (self.before, self.now))
        return f"first in {self.column} of iteration {self.iteration}, which was {was} and is now {is_now}"


def read_cells(path: Path) -> list[Cells]:
    """Read the rows of a metrics file as they are written, every bit; a last line that was cut short is left out.

    Raises:
        UsageError: when a line is no row of a run, or there is not one whole row.
    """
    rows = list(metrics.cells(path))
    if not rows:
        raise UsageError(f"{path}: not the metrics of a run that began: there is no row")
    return rows


def first_difference(before: Sequence[Cells], now: Sequence[Cells], is_whole: bool = False) -> Optional[Difference]:
    """Return the first cell that differs between ``before`` and ``now``, row by row; None when all are the same.

    Only columns that both have are compared, and never the clock. Rows are compared as far as ``before`` goes, unless
    that ``is_whole``: then no row may come after its last, and its closing evaluation may not be missing.
    """
    columns = compared_columns(before, now)
    for number, row in enumerate(before):
        if number == len(now):
            return Difference(row["iteration"], "iteration", row["iteration"], None)
        is_last = number == len(before) - 1
        for column in columns:
            is_closing = is_last and not is_whole and column in CLOSING and not row[column]
            if row[column] != now[number][column] and not is_closing:
                return Difference(row["iteration"], column, row[column] or None, now[number][column] or None)
    if is_whole and len(now) > len(before):
        later = now[len(before)]["iteration"]
        return Difference(later, "iteration", None, later)
    return None


def extent(before: Sequence[Cells], now: Sequence[Cells]) -> str:
    """Say how much is the same where there is no difference."""
    return f"{len(before):,} rows of {len(compared_columns(before, now))} columns"


def compared_columns(before: Sequence[Cells], now: Sequence[Cells]) -> list[str]:
    """Return the columns that both metrics files have, except the clock."""
    return [column for column in before[0] if column in now[0] and column != CLOCK]


def since(manifest: dict[str, Any]) -> list[str]:
    """Return a line for each version, and for the processor, that is no longer what the manifest of a run says."""
    then = {**_section(manifest, "versions"), "processor": _section(manifest, "host").get("processor")}
    now = {**versions(), "processor": processor()}
    return [f"{name} {old or 'none'} → {new or 'none'}" for name, old, new in changes(then, now)]


def _section(manifest: dict[str, Any], name: str) -> dict[str, Any]:
    section = manifest.get(name)
    return section if isinstance(section, dict) else {}


def changes(before: dict[str, Any], now: dict[str, Any]) -> list[tuple[str, Any, Any]]:
    """Return (name, before, now) for every value that differs; None stands for a value that is missing."""
    names = [*before, *(name for name in now if name not in before)]
    return [(name, before.get(name), now.get(name)) for name in names if before.get(name) != now.get(name)]
