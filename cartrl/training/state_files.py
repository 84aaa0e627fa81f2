"""States on disk: a file of numpy arrays by name, which no reader can be made to run as code."""

import io
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cartrl.errors import CartrlError
from cartrl.system import files, reading

State = Mapping[str, NDArray[Any]]

_read_array: Callable[..., NDArray[Any]] = np.lib.format.read_array  # numpy declares no types for it


def write(draft: Path, state: State, path: Path) -> None:
    """Write ``state`` to ``draft``, read it back and compare; errors name ``path``, where the draft is to stand.

    Raises:
        CartrlError: for a value that is not finite, or when the file does not read back the same.
    """
    _require_finite(state, path)
    archive = io.BytesIO()
    np.savez(archive, **state)
    with files.naming(path, draft):
        draft.write_bytes(archive.getvalue())
    found = read(draft)
    if found.keys() != state.keys() or not all(np.array_equal(found[name], state[name]) for name in state):
        raise CartrlError(f"{path}: what was written does not read back the same; is the disk failing?")


def read(path: Path) -> State:
    """Read a state; the checksums in the file tell damage.

    Raises:
        CartrlError: when the file cannot be read, or holds a value that is not finite.
    """
    try:
        with reading.open_regular(path, reading.LARGEST_BINARY) as file, zipfile.ZipFile(file) as archive:
            state = {_name(member): _array(archive, member) for member in archive.infolist()}
    except Exception as error:  # numpy's parser of headers documents none of its errors; a TokenError is among them
        raise CartrlError(f"{path}: damaged, and cannot be read: {error}") from None
    _require_finite(state, path)
    return state


def _name(member: zipfile.ZipInfo) -> str:
    """Return the name of an array, as numpy.savez took it."""
    return member.filename[: -len(".npy")] if member.filename.endswith(".npy") else member.filename


def _array(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> NDArray[Any]:
    """Read an array. It has to be stored as it is, as numpy.savez does: a compressed one could fill the memory."""
    if member.compress_type != zipfile.ZIP_STORED:
        raise ValueError(f"{member.filename} is compressed")
    with archive.open(member) as file:
        return _read_array(file, allow_pickle=False)


def _require_finite(state: State, path: Path) -> None:
    for name, values in state.items():
        if values.dtype.kind == "f" and not np.isfinite(values).all():
            raise CartrlError(f"{path}: {name} holds a value that is not finite")
