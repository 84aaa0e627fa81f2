"""A process that trains runs: one after another, with one experiment for all that have the same config.

It reads an order a line from stdin, ``{"config", "seed", "directory", …}`` (see `cartrl.execution.process`), and
answers in lines of JSON on stdout: ``{"directory", "row": [iteration, greedy mean return or null]}`` on the way, and
``{"directory", "outcome", …}`` at the end of each.
"""

import argparse
import json
import os
import select
import signal
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Optional

from cartrl.errors import CartrlError, of_system
from cartrl.pictures.drawer import Drawer
from cartrl.runs.directory import RunDirectory
from cartrl.runs.json_files import read_json
from cartrl.runs.lock import RunLock
from cartrl.runs.manifest import Manifest
from cartrl.runs.metrics import Row
from cartrl.runs.outcome import Outcome
from cartrl.settings import ExperimentSettings
from cartrl.settings.writing import read_resolved
from cartrl.system import files, quiet
from cartrl.system.closing import closed_at_end
from cartrl.system.imports import import_environments
from cartrl.system.signals import StopRequest, leave
from cartrl.training import tasks
from cartrl.training.journal import Progress, Supervisor
from cartrl.training.resuming import load
from cartrl.training.tasks import Task

if TYPE_CHECKING:
    from cartrl.training.experiment import Experiment

TOLD_EVERY = 10  # iterations
GRACE = 10.0  # seconds for the end of an iteration


@dataclass(frozen=True)
class Order:
    """What stdin asks for; see `cartrl.execution.executor.Task` and `cartrl.execution.process.Manner`."""

    config: Path
    seed: int
    directory: Path
    lock_patience: float
    is_picture_awaited: bool

    @classmethod
    def read(cls, line: str) -> "Order":
        """Read a line of stdin."""
        facts = json.loads(line)
        return cls(Path(facts.pop("config")), directory=Path(facts.pop("directory")), **facts)


class Teller:
    """Tells whoever started this process how a run is getting on."""

    def __init__(self, stream: IO[str], directory: Path):
        self._stream = stream
        self._directory = directory

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
        print(json.dumps({"directory": str(self._directory), **facts}), file=self._stream, flush=True)


class Worker:
    """Trains runs, and keeps the experiment of the last one for the next with the same settings."""

    def __init__(self, stream: IO[str], drawer: Drawer, stop: StopRequest):
        self._stream = stream
        self._drawer = drawer
        self._stop = stop
        self._settings: Optional[ExperimentSettings] = None  # those of the experiment, with a seed of 0
        self._experiment: Optional[Experiment] = None
        self._began = time.perf_counter()  # the start-up of this process, and later of the experiment

    def train(self, order: Order) -> None:
        """Train the run of ``order`` from where it stands; a failure is told, and is that run's alone."""
        teller = Teller(self._stream, order.directory)
        run = RunDirectory(order.directory)
        try:
            files.make_directory(run.root, exist_ok=True)
            # The command has told of what the file system of the study does not protect from.
            with RunLock(run.lock, tell=lambda _: None, patience=order.lock_patience):
                task = self._task(order, run, teller)
                if not task.is_over:
                    self._train(task, teller)
                    if order.is_picture_awaited:
                        self._drawer.wait()
                end = {"outcome": read_json(run.manifest)["outcome"]}
        except CartrlError as error:
            self._settings = None  # processes of its experiment may have ended
            end = {"outcome": Outcome.FAILED, "error": str(error)}
        except OSError as error:
            end = {"outcome": Outcome.FAILED, "error": of_system(error)}
        teller.tell(**end)

    def _task(self, order: Order, run: RunDirectory, teller: Teller) -> Task:
        config = read_resolved(order.config, seed=order.seed)
        threshold = tasks.check_environment(config)
        if not run.manifest.exists() and not run.checkpoints.exists():  # never begun, or killed before it had
            return tasks.new(config, run, threshold)
        past = load(run, config.settings, teller.warn)
        return Task(config, run, past, threshold)

    def _train(self, task: Task, teller: Teller) -> None:
        progress = task.progress()
        with task.go_on() if task.directory.manifest.exists() else task.begin() as manifest:
            experiment = self._experiment_for(task, manifest, progress, teller)
            for row in task.past.rows:
                teller.append(row)
            task.train(experiment, progress, Supervisor(teller, self._stop, teller.warn), self._drawer)
            manifest.reached(progress.ended, result=tasks.result(progress, manifest.before))

    def _experiment_for(self, task: Task, manifest: Manifest, progress: Progress, teller: Teller) -> "Experiment":
        """Return the experiment of the run before, if it is of the same settings, or build another in its place."""
        settings = _without_seed(task.config.settings)
        if self._experiment is not None and self._settings == settings:
            return self._experiment
        if self._experiment is not None:
            with closed_at_end(teller.warn) as opened:
                opened.callback(self._experiment.close)
            self._experiment, self._began = None, time.perf_counter()
        finish = self._drawer.wait  # for the picture of the run before
        self._experiment = tasks.build(task, manifest, progress, self._stop, self._began, finish)
        self._settings = settings
        return self._experiment


def _without_seed(settings: ExperimentSettings) -> ExperimentSettings:
    return settings.copy(update={"train": settings.train.copy(update={"seed": 0})})


class Lifeline:
    """Ends this process when the one that started it dies meanwhile: nobody would be told how the run ends.

    Enter it around each run. The run is saved, as it is at any signal.
    """

    def __init__(self) -> None:
        self._is_entered = False
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        poll = select.poll()
        poll.register(0, 0)  # a pipe that nobody can write to any more is always told
        poll.poll()
        for _ in range(2):  # the second signal ends a process that is not at the end of an iteration by then
            if self._is_entered:
                os.kill(os.getpid(), signal.SIGTERM)
                time.sleep(GRACE)

    def __enter__(self) -> None:
        self._is_entered = True

    def __exit__(self, *_: object) -> None:
        self._is_entered = False


def serve() -> int:
    """Train what stdin asks for until it ends or a signal comes; return the exit code."""
    stream = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a library prints is no answer
    lifeline = Lifeline()
    with StopRequest() as stop, Drawer() as drawer:
        worker = Worker(stream, drawer, stop)
        for line in sys.stdin:
            with lifeline:
                worker.train(Order.read(line))
            if stop():
                return stop.exit_code
    return 0


def main() -> None:
    """Be a worker, as `cartrl.execution.process` starts it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--debug", action="store_true")
    parser.add_argument("--import-module", action="append", default=[])
    options = parser.parse_args()
    quiet.debug = options.debug
    import_environments(options.import_module)
    leave(serve())
