"""A memory of steps on disk: files that are written once, each with the steps between two checkpoints.

A checkpoint links the files of the one before, so it writes only what is new, however large the memory is.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from cartrl.errors import CartrlError
from cartrl.system import files

MOST = 16  # files, before all steps are written to one
SUFFIX = ".npz"


class Memory(Protocol):
    """The newest ``capacity`` of all steps that were ``written``."""

    capacity: int
    written: int

    def rows(self, first: int) -> dict[str, NDArray[Any]]:
        """Return the steps from number ``first`` on, oldest first."""

    def put_back(self, rows: Mapping[str, NDArray[Any]], written: int) -> None:
        """Hold ``rows``, the newest of ``written`` steps."""


def save(memory: Memory, directory: Path) -> None:
    """Add what is new since the files in ``directory`` were written; remove files of which nothing is remembered."""
    paths = _segments(directory)
    saved = max(paths, default=0)
    if saved == memory.written:
        return
    oldest = max(0, memory.written - memory.capacity)
    if saved < oldest or len(paths) == MOST:
        saved = oldest
    for last, path in paths.items():
        if last <= oldest or saved == oldest:
            path.unlink()
    path = directory / f"{memory.written:012d}{SUFFIX}"
    with files.naming(path):
        np.savez(path, **memory.rows(saved))


def restore(memory: Memory, directory: Path) -> None:
    """Let ``memory`` hold the steps of the files in ``directory``.

    Raises:
        CartrlError: when a step is missing.
    """
    paths = _segments(directory)
    parts = [_read(path) for path in paths.values()]
    rows = {name: np.concatenate([part[name] for part in parts])[-memory.capacity :] for name in parts[0]}
    written = max(paths)
    if len(next(iter(rows.values()))) != min(written, memory.capacity):
        raise CartrlError(f"{directory}: does not hold all of the steps that are to be remembered")
    memory.put_back(rows, written)


def _segments(directory: Path) -> dict[int, Path]:
    """Return the files by the number of steps that were written up to the end of each, in that order."""
    return {int(path.stem): path for path in sorted(directory.glob(f"*{SUFFIX}"))}


def _read(path: Path) -> dict[str, NDArray[Any]]:
    with np.load(path, allow_pickle=False) as archive:
        return dict(archive)
