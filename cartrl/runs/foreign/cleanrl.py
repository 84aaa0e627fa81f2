"""CleanRL's directories ``ENVIRONMENT__NAME__SEED__TIME``, with TensorBoard's event files in them."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import numpy as np

from cartrl.errors import UsageError, cut
from cartrl.runs.evaluated import Axis
from cartrl.runs.foreign.reader import Found
from cartrl.runs.foreign.study import WINDOW, foreign_run, means_of_last
from cartrl.runs.measures import TRAINING
from cartrl.system import reading

OF_RUN = re.compile(r".+?__.+__[0-9]{1,9}__[0-9]+")
FILES = "events.out.tfevents.*"
TAG = "charts/episodic_return"
LARGEST = 1 << 30  # bytes
HEAD, TAIL = 12, 4  # bytes of a record before its content, length and checksum, and after it, a checksum


class CleanRl:
    """Training returns, of a directory whose name begins with that of the environment."""

    said = f"read from CleanRL's event files: training returns, the mean of the last {WINDOW} episodes"
    measure = TRAINING
    axes: ClassVar[tuple[Axis, ...]] = ("steps",)

    def has_run(self, path: Path) -> bool:
        """Return whether the directory ``path`` has such a name, and event files."""
        return path.is_dir() and OF_RUN.fullmatch(path.resolve().name) is not None and any(path.glob(FILES))

    def read(self, path: Path, seed: int) -> Found:
        """Return the run in the directory ``path``."""
        paths = sorted(path.glob(FILES))
        points = np.array([point for file in paths for point in _points(file)], dtype=float).reshape(-1, 2)
        steps, returns = points.T
        last = np.flatnonzero(np.diff(steps, append=np.inf) != 0)  # several environments may end episodes in one step
        run = foreign_run(paths[0], seed, steps[last], means_of_last(returns)[last])
        return Found([run], path.resolve().name.partition("__")[0])


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
