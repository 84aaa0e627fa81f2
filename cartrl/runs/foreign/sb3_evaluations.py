"""Stable-Baselines3's ``evaluations.npz``, which its EvalCallback writes."""

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from cartrl.errors import UsageError, cut
from cartrl.runs.evaluated import Axis
from cartrl.runs.foreign import sb3_monitor
from cartrl.runs.foreign.reader import Found
from cartrl.runs.foreign.study import foreign_run
from cartrl.runs.measures import GREEDY
from cartrl.system import reading

FILE = "evaluations.npz"
LARGEST = 256 << 20  # bytes of the file, and of an array in it: some million evaluations
NUMBERS = "iuf"  # kinds of types that numpy has for numbers

_read_array: Callable[..., NDArray[Any]] = np.lib.format.read_array  # numpy declares no types for it


class Sb3Evaluations:
    """Evaluations during training: in the file, ``timesteps`` [E] and ``results`` [E, episodes]."""

    said = "read from Stable-Baselines3's evaluations.npz, taken for greedy, as its EvalCallback evaluates by default"
    measure = GREEDY
    axes: ClassVar[tuple[Axis, ...]] = ("steps",)

    def has_run(self, path: Path) -> bool:
        """Return whether the directory ``path`` has the file."""
        return (path / FILE).is_file()

    def read(self, path: Path, seed: int) -> Found:
        """Return the run in the directory ``path``; its environment is what a monitor file beside it names."""
        file = path / FILE
        steps, results = _array(file, "timesteps"), _array(file, "results")
        if steps.ndim != 1 or results.ndim != 2 or len(steps) != len(results) or not results.size:
            raise UsageError(
                f"{file}: timesteps has the shape {list(steps.shape)}, and results {list(results.shape)}, but must "
                "have [evaluations] and [evaluations, episodes]"
            )
        return Found([foreign_run(file, seed, steps, results.mean(axis=1))], sb3_monitor.environment(path))


def _array(path: Path, name: str) -> NDArray[Any]:
    """Return an array of numbers in an archive of numpy's; objects, which could run code, are not unpickled."""
    try:
        with reading.open_regular(path, LARGEST) as file, zipfile.ZipFile(file) as archive:
            if archive.getinfo(f"{name}.npy").file_size > LARGEST:
                raise ValueError(f"{name} is larger than {LARGEST} bytes")
            with archive.open(f"{name}.npy") as member:
                values = _read_array(member, allow_pickle=False)
    except Exception as error:  # numpy's parser of headers documents none of its errors; a TokenError is among them
        said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise UsageError(f"{path}: {name} cannot be read: {cut(said)}") from None
    if values.dtype.kind not in NUMBERS:
        raise UsageError(f"{path}: {name} is of type {values.dtype}, but must be numbers")
    return values
