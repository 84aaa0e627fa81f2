"""A process that trains one task after another; what it is told: `cartrl.execution.worker`."""

import json
import signal
import subprocess
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple, Optional

from cartrl.execution.executor import Listener, News, Task
from cartrl.runs.lock import PATIENCE
from cartrl.runs.outcome import Outcome
from cartrl.system import child_process, imports, quiet

MOST_EXPERIMENTS = 16  # compiled by one process: each leaves some 40 MB behind, which TensorFlow never frees


class Manner(NamedTuple):
    """How a task is trained, which changes nothing of its result."""

    lock_patience: float = PATIENCE  # seconds for which the run's lock may be held by a process that is about to end
    is_picture_awaited: bool = False  # whether the task ends with its picture; else that is drawn beside the next task


PLAIN = Manner()


class WorkerProcess:
    """A process that keeps its compiled experiment between tasks of one config.

    It ends when it is dismissed, when it is stopped, or when the process dies that started it.

    Args:
        modules: those of ``--import-module``.
        directory: its working directory; None for that of this process.
    """

    def __init__(self, modules: list[str], directory: Optional[Path] = None):
        self._errors = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115
        debug = ["--debug"] if quiet.debug else []
        self._process = child_process.start(
            "cartrl.execution.worker:main",
            *debug,
            *imports.options(modules),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            cwd=directory,
            start_new_session=True,  # Ctrl-C is for the command, which stops its workers
        )
        self._tasks: dict[str, Task] = {}  # the present one and the one before, by directory
        self._configs: set[Path] = set()
        self.compiled: Optional[Path] = None  # the config whose experiment it has

    def can_take(self, task: Task) -> bool:
        """Whether the process may train ``task`` too; else it is to be dismissed, and another started."""
        return task.config in self._configs or len(self._configs) < MOST_EXPERIMENTS

    def train(self, task: Task, told: Listener, is_stopping: Callable[[], bool], manner: Manner = PLAIN) -> bool:
        """Train ``task`` and tell how it ended; return whether the process is still there for another.

        ``is_stopping`` tells whether a process that ends has been told to.
        """
        self._tasks = dict(list(self._tasks.items())[-1:])
        self._tasks[str(task.directory)] = task
        self._configs.add(task.config)
        self.compiled = task.config
        order = {"config": str(task.config), "seed": task.seed, "directory": str(task.directory), **manner._asdict()}
        assert self._process.stdin is not None and self._process.stdout is not None
        with suppress(BrokenPipeError):  # the empty answer will tell
            print(json.dumps(order), file=self._process.stdin, flush=True)
        for line in self._process.stdout:
            if self._pass_on(json.loads(line), told):
                return True
        if is_stopping():
            news = News(Outcome.INTERRUPTED)
        else:
            why = child_process.why_it_ended(self._process, self._errors)
            news = News(Outcome.FAILED, f"its process {why}")
        self._close()
        told(task, news)
        return False

    def stop(self) -> None:
        """Have the process save what it has reached, and end."""
        self._process.send_signal(signal.SIGTERM)

    def dismiss(self, told: Listener) -> None:
        """Wait until the process has finished what it is at, such as a picture, and has ended."""
        assert self._process.stdin is not None and self._process.stdout is not None
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        for line in self._process.stdout:
            self._pass_on(json.loads(line), told)
        self._close()

    def _pass_on(self, said: dict[str, Any], told: Listener) -> bool:
        """Tell what the process said of a task; return whether that task has ended."""
        task = self._tasks[said.pop("directory")]
        outcome = Outcome(said.pop("outcome")) if "outcome" in said else None
        row = tuple(said.pop("row")) if "row" in said else None
        told(task, News(outcome, row=row, **said))
        return outcome is not None

    def _close(self) -> None:
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._errors):
            with suppress(BrokenPipeError):
                stream.close()  # type: ignore[union-attr]
