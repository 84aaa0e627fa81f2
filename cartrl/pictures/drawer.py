"""Draws learning curves in a process of its own, so that matplotlib loads beside TensorFlow instead of after it.

A picture never changes how a run ends: one that cannot be drawn is a warning.
"""

import json
import os
import select
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, Optional

from cartrl.system import child_process

LONGEST = 60.0  # seconds for a picture; matplotlib's first one on a machine looks through all fonts


class Picture(NamedTuple):
    """A picture that was asked for, and who is told if it fails."""

    target: Path
    warn: Callable[[str], None]


class Drawer:
    """The process; another takes its place when it dies. It ends with the block, or when this process does."""

    def __enter__(self) -> "Drawer":
        self._process: Optional[subprocess.Popen] = None
        self._picture: Optional[Picture] = None
        with suppress(OSError):  # the first picture tries again, and tells
            self._start()
        return self

    def draw(
        self, source: Path, target: Path, title: str, threshold: Optional[float], warn: Callable[[str], None]
    ) -> None:
        """Begin to draw what `cartrl.pictures.plots.learning_curve` draws, once the picture before is there.

        ``warn`` is told, then or later, when it cannot be drawn.
        """
        self.wait()
        try:
            if self._process is None or self._process.poll() is not None:
                self._start()
            assert self._process is not None and self._process.stdin is not None
            with suppress(BrokenPipeError):  # waiting for it will tell
                print(json.dumps([str(source), str(target), title, threshold]), file=self._process.stdin, flush=True)
            self._picture = Picture(target, warn)
        except OSError as error:
            warn(f"{target}: cannot be drawn: no process can be started for it: {error.strerror or error}")

    def wait(self) -> None:
        """Wait until the picture is there, or cannot be drawn."""
        if self._picture is not None:
            picture, self._picture = self._picture, None
            why = self._answer(picture.target)
            if why is not None:
                picture.warn(why)

    def _answer(self, target: Path) -> Optional[str]:
        """Return what the process says of its picture: why it cannot be drawn, or None."""
        process = self._process
        assert process is not None and process.stdout is not None
        if not select.select([process.stdout], [], [], LONGEST)[0]:
            process.kill()
            return f"{target}: cannot be drawn: not done after {LONGEST:g} s"
        answer = process.stdout.readline()
        if answer:
            return str(said) if (said := json.loads(answer)) is not None else None
        how = child_process.why_it_ended(process, self._errors)
        return f"{target}: cannot be drawn: the process that draws it {how}"

    def _start(self) -> None:
        self._end()
        self._errors = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115
        self._process = child_process.start(
            "cartrl.pictures.drawer:serve",
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            start_new_session=True,  # Ctrl-C is for this process alone
        )

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._errors.close()
            self._process = None

    def __exit__(self, *_: object) -> None:
        try:
            self.wait()
        finally:
            self._end()


def serve() -> None:
    """Draw a curve for each line of stdin, and answer each with a line: null, or what went wrong."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a library prints is no answer
    from cartrl.pictures import canvas

    with suppress(Exception):  # the first picture tries again, and tells
        canvas.load()
    for line in sys.stdin:
        print(json.dumps(_draw(*json.loads(line))), file=answers, flush=True)


def _draw(source: str, target: str, title: str, threshold: Optional[float]) -> Optional[str]:
    """Draw a curve; return what went wrong, or None."""
    from cartrl.pictures import plots

    try:
        plots.learning_curve(Path(source), Path(target), title, threshold)
    except Exception as error:
        return str(error)
    return None
