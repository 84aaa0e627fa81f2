"""A process of a study: trains the seeds that it is told, one after another, with one experiment for all of them.

It reads a seed a line from stdin and answers in lines of JSON on stdout: ``{"seed", "row": [iteration, greedy mean
return or null]}`` on the way, and ``{"seed", "outcome", ...}`` at the end of each.
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import IO, Any, Optional

from cartrl.errors import CartrlError, of_system
from cartrl.pictures.drawer import Drawer
from cartrl.runs.directory import RunDirectory
from cartrl.runs.json_files import read_json
from cartrl.runs.lock import RunLock
from cartrl.runs.metrics import Row
from cartrl.runs.outcome import Outcome
from cartrl.runs.study import StudyDirectory
from cartrl.settings.writing import read_resolved
from cartrl.system import files, quiet
from cartrl.system.imports import import_environments
from cartrl.system.signals import StopRequest, leave
from cartrl.training import tasks
from cartrl.training.journal import Supervisor
from cartrl.training.resuming import load
from cartrl.training.tasks import Task

TOLD_EVERY = 10  # iterations


class Teller:
    """Tells the study how a seed is getting on."""

    def __init__(self, stream: IO[str], seed: int):
        self._stream = stream
        self._seed = seed

    def append(self, row: Row) -> None:
        """Tell of a row, if it holds news."""
        greedy = row.get("greedy_return_mean")
        if greedy is not None or int(row["iteration"] or 0) % TOLD_EVERY == 0:
            self.tell(row=[row["iteration"], greedy])

    def warn(self, text: str) -> None:
        """Tell of something that the user should know, and that ends nothing."""
        self.tell(warning=text)

    def tell(self, **facts: Any) -> None:
        """Write one line."""
        print(json.dumps({"seed": self._seed, **facts}), file=self._stream, flush=True)


class Worker:
    """Trains seeds of the study in ``directory``."""

    def __init__(self, directory: StudyDirectory, stream: IO[str]):
        self._directory = directory
        self._stream = stream
        self._experiment: Optional[Any] = None
        self._began = time.perf_counter()

    def train(self, seed: int, stop: StopRequest, drawer: Drawer) -> None:
        """Train ``seed`` from where it stands; a failure is told, and is that seed's alone."""
        teller = Teller(self._stream, seed)
        run = self._directory.run(seed)
        files.make_directory(run.root, exist_ok=True)
        try:
            with RunLock(run.lock, tell=lambda _: None):  # the study has been told of the same file system
                task = self._task(seed, run, teller)
                if not task.is_over:
                    self._train(task, teller, stop, drawer)
                teller.tell(outcome=read_json(run.manifest)["outcome"])
        except CartrlError as error:
            teller.tell(outcome=Outcome.FAILED, error=str(error))
        except OSError as error:
            teller.tell(outcome=Outcome.FAILED, error=of_system(error))

    def _task(self, seed: int, run: RunDirectory, teller: Teller) -> Task:
        config = read_resolved(self._directory.config, seed=seed)
        threshold = tasks.check_environment(config)
        if not run.manifest.exists() and not run.checkpoints.exists():  # never begun, or killed before it had
            return tasks.new(config, run, threshold)
        past = load(run, config.settings, teller.warn)
        return Task(config, run, past, threshold)

    def _train(self, task: Task, teller: Teller, stop: StopRequest, drawer: Drawer) -> None:
        progress = task.progress()
        with task.go_on() if task.directory.manifest.exists() else task.begin() as manifest:
            if self._experiment is None:
                self._experiment = tasks.build(task, manifest, progress, stop, self._began)
            for row in task.past.rows:
                teller.append(row)
            task.train(self._experiment, progress, Supervisor(teller, stop, teller.warn), drawer)
            manifest.reached(progress.ended, result=tasks.result(progress, manifest.before))


def serve(study: Path) -> int:
    """Train what stdin names until it ends or a signal comes; return the exit code."""
    stream = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a library prints is no answer
    worker = Worker(StudyDirectory(study), stream)
    with StopRequest() as stop, Drawer() as drawer:
        for line in sys.stdin:
            worker.train(int(line), stop, drawer)
            if stop():
                return stop.exit_code
    return 0


def main() -> None:
    """Be a worker, as `cartrl.execution.processes` starts it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("study", type=Path)
    parser.add_argument("--debug", action="store_true")
    parser.add_argument("--import-module", action="append", default=[])
    options = parser.parse_args()
    quiet.debug = options.debug
    import_environments(options.import_module)
    leave(serve(options.study))
