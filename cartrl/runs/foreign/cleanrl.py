"""CleanRL's directories ``ENVIRONMENT__NAME__SEED__TIME``, with TensorBoard's event files in them."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, Optional

import numpy as np

from cartrl.errors import UsageError, cut
from cartrl.runs.evaluated import Run
from cartrl.runs.foreign.study import TRAINING, WINDOW, ForeignStudy, foreign_run, means_of_last
from cartrl.system import reading

OF_RUN = re.compile(r"(.+?)__(.+)__([0-9]{1,9})__[0-9]+")
FILES = "events.out.tfevents.*"
TAG = "charts/episodic_return"
LARGEST = 1 << 30  # bytes
HEAD, TAIL = 12, 4  # bytes of a record before its content, length and checksum, and after it, a checksum


class Folder(NamedTuple):
    """A run's directory, and what its name says."""

    path: Path
    env_name: str
    name: str
    seed: int


class CleanRl:
    """Training returns: a directory of one environment and name, or ``ENVIRONMENT__NAME``, which begins their names."""

    def read(self, path: Path) -> Optional[ForeignStudy]:
        """Return the study, or the single run, in ``path``; None where there is no such directory."""
        found = sorted(_folders(path), key=lambda folder: folder.seed)
        if not found:
            return None
        methods = sorted({f"{folder.env_name}__{folder.name}" for folder in found})
        if len(methods) > 1:
            each = " and ".join(str(path / method) for method in methods)
            raise UsageError(f"{path}: holds runs of several methods or environments; give {each}")
        if len({folder.seed for folder in found}) < len(found):
            raise UsageError(f"{path}: several directories are of one seed; move those that are not to count")
        inferred = (
            f"read from CleanRL's event files: training returns, the mean of the last {WINDOW} episodes",
            "environment and seeds: from the names ENVIRONMENT__NAME__SEED__TIME",
        )
        return ForeignStudy(path, tuple(map(_run, found)), found[0].env_name, TRAINING, inferred)


def _folders(path: Path) -> list[Folder]:
    """Return the runs that ``path`` names: itself, those in it, or those whose names it begins."""
    is_there = path.is_dir()
    near = sorted((path if is_there else path.parent).glob("*__*__*__*"))
    candidates = [path, *near] if is_there else [inner for inner in near if inner.name.startswith(f"{path.name}__")]
    matches = [(inner, OF_RUN.fullmatch(inner.resolve().name)) for inner in candidates]
    found = [Folder(inner, match[1], match[2], int(match[3])) for inner, match in matches if match]
    return [folder for folder in found if any(folder.path.glob(FILES))]


def _run(folder: Folder) -> Run:
    paths = sorted(folder.path.glob(FILES))
    points = np.array([point for path in paths for point in _points(path)], dtype=float).reshape(-1, 2)
    steps, returns = points.T
    last = np.flatnonzero(np.diff(steps, append=np.inf) != 0)  # several environments may end episodes in one step
    return foreign_run(paths[0], folder.seed, steps[last], means_of_last(returns)[last])


def _points(path: Path) -> Iterator[tuple[int, float]]:
    """Yield step and return of each episode in an event file."""
    from google.protobuf.message import DecodeError
    from tensorboard.compat.proto import event_pb2

    try:
        content = reading.read_bytes(path, LARGEST)
        for record in _records(content):
            event = event_pb2.Event.FromString(record)
            for value in event.summary.value:
                if value.tag == TAG:
                    yield event.step, value.simple_value
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None
    except DecodeError as error:
        raise UsageError(f"{path}: not an event file: {cut(str(error))}") from None


def _records(content: bytes) -> Iterator[bytes]:
    """Yield the records of an event file (TFRecord). One that is not whole is the end: the run may still write it."""
    place = 0
    while place + HEAD <= len(content):
        end = place + HEAD + int.from_bytes(content[place : place + 8], "little")
        if end + TAIL > len(content):
            return
        yield content[place + HEAD : end]
        place = end + TAIL
