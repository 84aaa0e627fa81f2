"""A process that logs runs to trackers while they train, by their files alone.

No number of a run depends on it: the process that trains knows nothing of it. A tracker that fails is a warning at the
end. One run is followed after another, because not every tracker has two runs open in one process.
"""

import importlib
import json
import os
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Optional

from cartrl.errors import CartrlError, cut
from cartrl.runs.sinks import TRACKERS
from cartrl.runs.sinks.following import Fail, Followed, ready
from cartrl.runs.sinks.sink import Sink
from cartrl.system import child_process

LONGEST = 60.0  # seconds for what is left to log when the training has ended
EVERY = 2.0  # seconds between two looks at the files
SHARE = 0.05  # of the time, at most, that reading them takes
# What trackers and their libraries would send home by themselves, with variables by which they ask whether they may.
UNASKED = {
    "DO_NOT_TRACK": "true",
    "GRADIO_ANALYTICS_ENABLED": "False",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "WANDB_ERROR_REPORTING": "false",
}
MOST_SAID = 300  # characters of an error


class Courier:
    """The process, to be entered around the training of what is in ``directory``, once that has begun.

    Args:
        directory: of a run, a study or a sweep.
        names: of the trackers; without any, no process is started.
        warn: is told, at the end, what could not be logged.
    """

    def __init__(self, directory: Path, names: Sequence[str], warn: Callable[[str], None]):
        self._directory, self._names, self._warn = directory, names, warn
        self._process: Optional[subprocess.Popen[str]] = None

    def __enter__(self) -> "Courier":
        if self._names:
            self._errors = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")
            try:
                self._process = child_process.start(
                    "cartrl.runs.sinks.courier:serve",
                    str(self._directory.absolute()),
                    *self._names,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=self._errors,
                    start_new_session=True,  # Ctrl-C is for this process alone
                )
            except OSError as error:
                self._warn(f"nothing is logged: no process can be started for it: {error.strerror or error}")
        return self

    def __exit__(
        self, kind: Optional[type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        if self._process is None:
            return
        titles = " and ".join(TRACKERS[name].title for name in self._names)
        try:
            answers, _ = self._process.communicate(timeout=LONGEST)  # closes its stdin: the training is over
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()
            self._warn(f"{titles}: not all is logged: not done {LONGEST:g} s after the end of the training")
            return
        finally:
            how = child_process.why_it_ended(self._process, self._errors) if self._process.poll() else ""
            self._errors.close()
        for line in answers.splitlines():
            self._warn(json.loads(line))
        if how:
            self._warn(f"{titles}: not all is logged: the process that logs {how}")


def serve() -> None:
    """Log the runs in the directory that ``sys.argv`` names to the trackers that it names, until stdin ends."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # else what a tracker prints would be read as an answer
    root, names = Path(sys.argv[1]), sys.argv[2:]
    for name, value in UNASKED.items():
        os.environ.setdefault(name, value)

    def answer(text: str) -> None:
        print(json.dumps(text), file=answers, flush=True)

    def fail(name: str, error: BaseException) -> None:
        said = " ".join(f"{type(error).__name__}: {error}".split())
        answer(f"{TRACKERS[name].title}: not all is logged: {cut(said, MOST_SAID)}")

    sinks: dict[str, Sink] = {}
    for name in names:
        try:
            module, function = TRACKERS[name].sink.split(":")
            sinks[name] = getattr(importlib.import_module(module), function)()
        except (Exception, SystemExit) as error:
            fail(name, error)
    _follow(root, sinks, fail, answer, sys.stdin)


def _follow(root: Path, sinks: dict[str, Sink], fail: Fail, answer: Callable[[str], None], training: IO[str]) -> None:
    """Follow one run after another, until the ``training`` is over, which closes its end of the pipe."""
    done: set[Path] = set()
    followed: Optional[Followed] = None
    pause = 0.0
    while sinks:
        is_over = bool(select.select([training], [], [], pause)[0])
        began = time.perf_counter()
        run = ready(root, done, is_over) if followed is None else followed.run
        if run is None and is_over:
            return
        try:
            if run is not None:
                followed = followed or Followed(run, sinks, fail)
                if followed.look(is_over):
                    done.add(run.root)
                    followed = None
        except CartrlError as error:
            assert run is not None
            done.add(run.root)
            followed = None
            answer(f"{run.root}: not logged: {error}")
        pause = max(EVERY, (time.perf_counter() - began) / SHARE) if run is None or followed else 0.0
