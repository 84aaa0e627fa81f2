"""A memory of steps on disk: files that are written once, each with the steps between two checkpoints.

A checkpoint links the files of the one before, so it writes only what is new, however large the memory is. Small files
are written together to one from time to time.
"""

import itertools
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from cartrl.errors import CartrlError
from cartrl.system import files

MOST = 16  # small files in a row, before their steps are written to one
LARGE = 1 << 24  # bytes of a file that stays as it is
SUFFIX = ".npz"


class Memory(Protocol):
    """The newest ``capacity`` of all steps that were ``written``."""

    capacity: int

    @property
    def written(self) -> int:
        """All steps that were ever written."""

    def rows(self, first: int) -> dict[str, NDArray[Any]]:
        """Return the steps from number ``first`` on, oldest first."""

    def put_back(self, rows: Mapping[str, NDArray[Any]], written: int) -> int:
        """Hold ``rows``, the newest of ``written`` steps, in the place of the oldest; return how many they are."""


def save(memory: Memory, directory: Path) -> None:
    """Add what is new since the files in ``directory`` were written; remove files of which nothing is remembered."""
    paths = _segments(directory)
    saved = max(paths, default=0)
    if saved == memory.written:
        return
    oldest = max(0, memory.written - memory.capacity)
    saved = max(oldest, _kept(paths, saved))
    for last, path in paths.items():
        if last <= oldest or last > saved:
            path.unlink()
    path = directory / f"{memory.written:012d}{SUFFIX}"
    with files.naming(path):
        np.savez(path, **memory.rows(saved))


def restore(memory: Memory, directory: Path) -> None:
    """Let ``memory`` hold the steps of the files in ``directory``.

    Raises:
        CartrlError: when a step is missing.
    """
    held = written = 0
    for last, path in _segments(directory).items():
        count = memory.put_back(_read(path), last)
        held = count + (held if last - count == written else 0)
        written = last
    if held < min(written, memory.capacity):
        raise CartrlError(f"{directory}: does not hold all of the steps that are to be remembered")


def _kept(paths: Mapping[int, Path], saved: int) -> int:
    """Return how many of all ``saved`` steps are in files that stay, because they are large or not too many."""
    small = list(itertools.takewhile(lambda last: paths[last].stat().st_size < LARGE, reversed(list(paths))))
    if len(small) < MOST:
        return saved
    return max((last for last in paths if last < small[-1]), default=0)


def _segments(directory: Path) -> dict[int, Path]:
    """Return the files by the number of steps that were written up to the end of each, in that order."""
    return {int(path.stem): path for path in sorted(directory.glob(f"*{SUFFIX}"))}


def _read(path: Path) -> dict[str, NDArray[Any]]:
    with np.load(path, allow_pickle=False) as archive:
        return dict(archive)
