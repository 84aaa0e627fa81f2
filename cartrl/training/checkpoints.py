"""The state of training on disk: what a stopped run needs in order to go on as if it had never stopped.

All randomness is stateless and the replay is empty between iterations, so that is the learner's variables alone; the
counters and the record of evaluations are in the metrics. A checkpoint is a file of numpy arrays by name, which no
reader can be made to run as code.
"""

import io
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Optional

import numpy as np

from cartrl.errors import CartrlError
from cartrl.system import files, reading

KEPT = 2
SUFFIX = ".npz"

State = Mapping[str, np.ndarray]


class TrainingCheckpoints:
    """The checkpoints of a run, ``<iteration>.npz`` each; the newest two are kept."""

    def __init__(self, directory: Path):
        self._directory = directory

    def save(self, iteration: int, state: State) -> None:
        """Save ``state`` as that after ``iteration``: written apart, read back, checked, and only then put in place.

        Raises:
            CartrlError: for a value that is not finite, or when what was written does not read back the same.
        """
        path = self._directory / f"{iteration:08d}{SUFFIX}"
        archive = io.BytesIO()
        np.savez(archive, **state)
        with files.whole_file(path) as draft:
            draft.write_bytes(archive.getvalue())
            _require_same(_read(draft), state, path)
        for old in self._paths()[:-KEPT]:
            old.unlink()

    def newest(self, warn: Callable[[str], None]) -> "tuple[int, State]":
        """Return the newest checkpoint that can be read, as iteration and state; (0, {}) where there are none.

        Args:
            warn: is told of each that is damaged, and set aside.

        Raises:
            CartrlError: when there are some, and none can be read.
        """
        paths = self._paths()
        damaged: list[Path] = []
        for path in reversed(paths):
            try:
                state = _read(path)
                for other in damaged:
                    other.replace(other.with_suffix(".damaged"))
                return int(path.stem), state
            except CartrlError as error:
                warn(f"{error}; the one before it is taken")
                damaged.append(path)
        if paths:
            raise CartrlError(
                f"{self._directory}: none of the {len(paths)} checkpoints can be read; nothing is resumed"
            )
        return 0, {}

    def oldest(self) -> int:
        """Return the iteration of the oldest checkpoint that is kept; 0 where there are none."""
        return min((int(path.stem) for path in self._paths()), default=0)

    def latest(self) -> Optional[int]:
        """Return the iteration of the newest checkpoint, read or not; None where there are none."""
        return max((int(path.stem) for path in self._paths()), default=None)

    def _paths(self) -> list[Path]:
        try:
            paths = list(self._directory.iterdir())
        except FileNotFoundError:
            return []
        return sorted(path for path in paths if path.suffix == SUFFIX and path.stem.isascii() and path.stem.isdigit())


def _read(path: Path) -> State:
    """Read a checkpoint; the archive's checksums tell damage.

    Raises:
        CartrlError: when it cannot be read, or holds a value that is not finite.
    """
    try:
        with reading.open_regular(path, reading.LARGEST_BINARY) as file, zipfile.ZipFile(file) as archive:
            state = {_name(member): _array(archive, member) for member in archive.infolist()}
    except Exception as error:  # what numpy's parser of headers may raise is told nowhere, a TokenError among others
        raise CartrlError(f"{path}: damaged, and cannot be read: {error}") from None
    for name, values in state.items():
        if values.dtype.kind == "f" and not np.isfinite(values).all():
            raise CartrlError(f"{path}: {name} holds a value that is not finite")
    return state


def _name(member: zipfile.ZipInfo) -> str:
    """Return the name of an array, as numpy.savez took it."""
    return member.filename[: -len(".npy")] if member.filename.endswith(".npy") else member.filename


def _array(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> np.ndarray:
    """Read an array; numpy.savez never compresses one, so that none is larger than the file that it is in."""
    if member.compress_type != zipfile.ZIP_STORED:
        raise ValueError(f"{member.filename} is compressed")
    with archive.open(member) as file:
        return np.lib.format.read_array(file, allow_pickle=False)


def _require_same(found: State, state: State, path: Path) -> None:
    if found.keys() != state.keys() or not all(np.array_equal(found[name], state[name]) for name in state):
        raise CartrlError(f"{path}: what was written does not read back the same; is the disk failing?")
