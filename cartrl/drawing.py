"""Draws learning curves in a process of its own, so that matplotlib loads beside TensorFlow instead of after it."""

import json
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Optional

from cartrl import child_process
from cartrl.errors import CartrlError


class Drawer:
    """The process. It ends with the block, or with ours, whichever way that goes."""

    def __enter__(self) -> "Drawer":
        self._drawing: Optional[Path] = None
        self._errors = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # closed on leaving
        self._process = child_process.start(
            "cartrl.drawing:serve",
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            start_new_session=True,  # Ctrl-C is for us alone
        )
        return self

    def draw(self, source: Path, target: Path, title: str, threshold: Optional[float]) -> None:
        """Begin to draw what `cartrl.plots.learning_curve` draws, once the picture before is there."""
        self.wait()
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # waiting for it will tell
            print(json.dumps([str(source), str(target), title, threshold]), file=self._process.stdin, flush=True)
        self._drawing = target

    def wait(self) -> None:
        """Wait until the picture is there.

        Raises:
            CartrlError: when it could not be drawn.
        """
        if self._drawing is None:
            return
        assert self._process.stdout is not None
        target, self._drawing = self._drawing, None
        answer = self._process.stdout.readline()
        if answer != "null\n":
            why = json.loads(answer) if answer else child_process.why_it_ended(self._process, self._errors)
            raise CartrlError(f"{target}: cannot be drawn: {'' if answer else 'matplotlib '}{why}")

    def __exit__(
        self, kind: Optional[type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        try:
            if kind is not None:
                self.wait()  # it may be of the run that fails
        finally:
            self._process.kill()
            self._process.communicate()
            self._errors.close()


def serve() -> None:
    """Draw a curve for each line of stdin, and answer each with a line: null, or what went wrong."""
    from cartrl import plots

    plots.load()
    for line in sys.stdin:
        source, target, title, threshold = json.loads(line)
        try:
            plots.learning_curve(Path(source), Path(target), title, threshold)
            answer = None
        except (CartrlError, OSError, ValueError) as error:
            answer = str(error)
        print(json.dumps(answer), flush=True)
