"""Calls commands in this process, each in a place of its own."""

import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, NamedTuple

MEMORY = Path("/dev/shm")


class Done(NamedTuple):
    """How a command ended."""

    code: int
    output: str
    errors: str


def captured(function: Callable[[], None]) -> Done:
    """Call ``function``; return how it ended, and what it, C++ code included, wrote to stdout and stderr."""
    code = 0
    with Diverted(1, sys.stdout) as output, Diverted(2, sys.stderr) as errors:
        try:
            function()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
            if isinstance(end.code, str):
                print(end.code, file=sys.stderr)
    return Done(code, output.text, errors.text)


class Diverted:
    """While entered, takes what is written to a descriptor; ``text`` has it afterwards."""

    def __init__(self, number: int, stream: IO[str]):
        self._number = number
        self._stream = stream

    def __enter__(self) -> "Diverted":
        self._stream.flush()
        self._kept = os.dup(self._number)
        self._file = tempfile.TemporaryFile()
        os.dup2(self._file.fileno(), self._number)
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.flush()
        os.dup2(self._kept, self._number)
        os.close(self._kept)
        self._file.seek(0)
        self.text = self._file.read().decode()
        self._file.close()


class Place:
    """A new working directory, in memory where there is a file system for that."""

    def __enter__(self) -> Path:
        self._before = Path.cwd()
        self._home = Path(tempfile.mkdtemp(prefix="cartrl-powercut-", dir=MEMORY if MEMORY.is_dir() else None))
        os.chdir(self._home)
        return self._home

    def __exit__(self, *_: object) -> None:
        os.chdir(self._before)
        shutil.rmtree(self._home)
