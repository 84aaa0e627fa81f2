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


class LearningCurve(NamedTuple):
    """A picture to draw; see `cartrl.pictures.plots.learning_curve`."""

    source: str  # the metrics file
    target: str
    title: str
    threshold: Optional[float]
    events: str  # a directory of event files for TensorBoard, which get the picture too


class Asked(NamedTuple):
    """The picture that the process is drawing, and the function that is told if it fails."""

    target: str
    warn: Callable[[str], None]


class Drawer:
    """A process that draws one picture after another, to be entered around the training.

    The process exits when the block ends or when this process dies. When it dies itself, the next picture starts
    another.
    """

    def __enter__(self) -> "Drawer":
        self._process: Optional[subprocess.Popen[str]] = None
        self._asked: Optional[Asked] = None
        with suppress(OSError):  # the first picture starts the process again, and reports a failure
            self._start()
        return self

    def draw(self, curve: LearningCurve, warn: Callable[[str], None]) -> None:
        """Wait until the picture before is there, and have the process begin with this one.

        If it cannot be drawn, ``warn`` is called with the reason: here, in the next `draw` or in `wait`.
        """
        self.wait()
        try:
            if self._process is None or self._process.poll() is not None:
                self._start()
            assert self._process is not None and self._process.stdin is not None
            with suppress(BrokenPipeError):  # the process has died, which `wait` reports
                print(json.dumps(curve), file=self._process.stdin, flush=True)
            self._asked = Asked(curve.target, warn)
        except OSError as error:
            warn(f"{curve.target}: cannot be drawn: no process can be started for it: {error.strerror or error}")

    def wait(self) -> None:
        """Wait until the picture is there, or cannot be drawn."""
        if self._asked is not None:
            asked, self._asked = self._asked, None
            why = self._answer(asked.target)
            if why is not None:
                asked.warn(why)

    def _answer(self, target: str) -> Optional[str]:
        """Read the process's answer: return why the picture cannot be drawn, or None."""
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
    os.dup2(2, 1)  # else lines that a library prints would be read as answers
    from cartrl.pictures import canvas

    with suppress(Exception):  # the first picture loads it again, and reports a failure
        canvas.load()
    for line in sys.stdin:
        print(json.dumps(_draw(LearningCurve(*json.loads(line)))), file=answers, flush=True)


def _show_in_tensorboard(curve: LearningCurve) -> None:
    from cartrl.runs import metrics, tensorboard

    rows = metrics.read(Path(curve.source))
    if rows:  # there is no picture without
        last = int(rows[-1]["iteration"] or 0)
        tensorboard.add_picture(Path(curve.events), tensorboard.CURVE, Path(curve.target), last)


def _draw(curve: LearningCurve) -> Optional[str]:
    """Draw a curve; return what went wrong, or None."""
    from cartrl.pictures import plots

    try:
        plots.learning_curve(Path(curve.source), Path(curve.target), curve.title, curve.threshold)
        _show_in_tensorboard(curve)
    except Exception as error:
        return str(error)
    return None
