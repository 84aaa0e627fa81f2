"""Trains and resumes in this process, as the command line does, and records it.

An experiment is compiled once; what is left out otherwise is the picture of the learning curve, which a process of its
own draws.
"""

import json
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any, Optional

from cartrl.cli.commands import train as train_command
from cartrl.execution.studies import StudyWork
from cartrl.execution.worker import Order, Worker
from cartrl.runs.directory import create
from cartrl.runs.study import StudyDirectory, find_study
from cartrl.settings import load
from cartrl.system import files, quiet
from cartrl.system.signals import StopRequest
from cartrl.training import tasks
from cartrl.training.checkpoint_format import Checkpoint
from cartrl.training.checkpoints import TrainingCheckpoints
from cartrl.training.journal import Progress
from cartrl.training.parts import Parts
from tests import killing
from tests.powercut.disk import Trace
from tests.powercut.in_process import Done, Place, captured
from tests.powercut.log import Log, Position
from tests.powercut.recorder import Recorder, install

CONFIG = killing.CONFIGS / "reinforce.yaml"
SETTINGS = {
    "train.num_iterations": 6,
    "train.checkpoint_interval": 2,
    "eval.eval_interval": 2,
    "eval.num_eval_episodes": 1,
    "eval.keep_policies": 2,
    "environment.max_episode_steps": 12,
}
SEED = 5
STOP_AT = 4  # the checkpoint after which the run that is to be resumed is asked to stop
OVER = SETTINGS["train.num_iterations"] + 1  # said of a run that has ended
RUN, STUDY = Path("runs/run"), Path("runs/study")


@dataclass(frozen=True)
class Scene:
    """A training that was recorded."""

    name: str
    trace: Trace
    run: Path  # the run, from the directory that was recorded
    resume: Callable[[], Done]  # goes on with it, in the working directory
    outcome: dict[str, str]  # what it comes to, as tests.killing has it


class NoPictures:
    """In the place of the process that draws."""

    def __enter__(self) -> "NoPictures":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def draw(self, *_: object, **__: object) -> None:
        """Draw nothing."""

    wait = draw


class Laboratory:
    """Trains on one engine. ``went_on_after`` is the iteration after which the last command began to train."""

    def __init__(self, engine: str):
        settings = {**SETTINGS, "collect.engine": engine}
        self._overrides = [f"{key}={value}" for key, value in settings.items()]
        self._recorder: Optional[Recorder] = None
        self._stop_at = 0
        self._has_log = False
        self._position, self._log = Position(), Log()
        self.went_on_after: Optional[int] = None
        self._experiment = self._build()
        install()
        self._replace_parts()

    def scenes(self) -> list[Scene]:
        """Record a fresh run, one that is resumed, one where a file system cannot swap two names, a seed of a study.

        And a run whose collector and replay have a state that each checkpoint holds.
        """
        overrides = [word for override in self._overrides for word in ("--set", override)]
        fresh = ["train", "-c", CONFIG, "--seed", SEED, *overrides, "--run-dir", RUN]

        def interrupted() -> None:
            self._stop_at = STOP_AT
            assert self.call(*fresh).code == 128 + signal.SIGTERM
            self._stop_at = 0

        def resume() -> Done:
            return self.call("train", "--resume", RUN)

        def without_exchange() -> Done:
            exchange, files.exchange = files.exchange, lambda *_: False
            try:
                return self.call(*fresh)
            finally:
                files.exchange = exchange

        def with_log(train: Callable[[], Done]) -> Done:
            self._has_log = True
            try:
                return train()
            finally:
                self._has_log = False

        return [
            self._record("fresh", RUN, lambda: None, lambda: self.call(*fresh), resume),
            self._record("resumed", RUN, interrupted, resume, resume),
            self._record("no swap", RUN, lambda: None, without_exchange, resume),
            self._record("seed", STUDY / f"seed-{SEED}", lambda: None, self._train_study, self._resume_study),
            self._record(
                "log", RUN, lambda: None, lambda: with_log(lambda: self.call(*fresh)), lambda: with_log(resume)
            ),
        ]

    def call(self, *arguments: Any) -> Done:
        """Call cartrl with ``arguments`` in this process."""

        def main() -> None:
            from cartrl.cli import main

            sys.argv = ["cartrl", *map(str, arguments)]
            main()

        return self._captured(main)

    def _record(
        self, name: str, run: Path, prepare: Callable[[], None], train: Callable[[], Done], resume: Callable[[], Done]
    ) -> Scene:
        with Place():
            prepare()
            with Recorder(Path.cwd()) as self._recorder:
                done = train()
                self._recorder.said(OVER)
            trace, self._recorder = self._recorder.trace, None
            assert done.code == 0, done
            return Scene(name, trace, run, resume, killing.outcome(Path.cwd() / run))

    def _train_study(self) -> Done:
        """Begin a study as its command does, and train a seed as its worker does."""

        def train() -> None:
            config = load(CONFIG, self._overrides)
            study = StudyDirectory(create(STUDY, "", "", ""))
            StudyWork(study, config, [SEED], [SEED], threshold=None).begin()
            self._work(study)

        return self._captured(train)

    def _resume_study(self) -> Done:
        def resume() -> None:
            study = find_study(str(STUDY))
            if study is None:
                sys.exit("error: no such study")
            files.clear_drafts(study.root)
            if study.left():
                self._work(study)

        return self._captured(resume)

    def _work(self, study: StudyDirectory) -> None:
        """Train the seed as a worker does; what it tells that goes wrong is said on stderr."""
        told = StringIO()
        with StopRequest() as stop:
            worker = Worker(told, NoPictures(), stop)  # type: ignore[arg-type]
            worker.train(Order(study.config, SEED, study.run(SEED).root, lock_patience=0.0, is_picture_awaited=False))
        news = [json.loads(line) for line in told.getvalue().splitlines()]
        for one in news:
            if text := one.get("warning") or one.get("error"):
                print(f"{'warning' if 'warning' in one else 'error'}: {text}", file=sys.stderr)
        if any("error" in one for one in news):
            sys.exit(1)

    def _captured(self, function: Callable[[], None]) -> Done:
        self.went_on_after = None
        self._position, self._log = Position(), Log()
        return captured(function)

    def _parts(self, parts: Parts) -> Parts:
        """Add a collector and a replay that have a state, where the scene has them."""
        return parts._replace(collector=self._position, replay=self._log) if self._has_log else parts

    def _build(self) -> Any:
        quiet.prepare()
        with quiet.held_back():
            from cartrl.training.experiment import Experiment

            return Experiment(load(CONFIG, self._overrides).settings)

    def _replace_parts(self) -> None:
        """Have the commands take the experiment that is there, and tell this laboratory what they do."""
        experiment, run = self._experiment, self._experiment.run
        save, restore = TrainingCheckpoints.save, Checkpoint.restore

        def noted_run(task: Any, *others: Any) -> None:
            self.went_on_after = int(task.past.rows[-1]["iteration"]) if task.past.rows else 0
            run(task, *others)

        def noted_save(checkpoints: TrainingCheckpoints, iteration: int, identity: Any, parts: Parts) -> None:
            self._position.iteration = iteration
            self._log.reach(iteration)
            save(checkpoints, iteration, identity, self._parts(parts))
            if self._recorder is not None:
                self._recorder.said(iteration)
            if iteration == self._stop_at:
                os.kill(os.getpid(), signal.SIGTERM)

        def kept(*arguments: Any, listening: None = None) -> Any:
            progress = next(argument for argument in arguments if isinstance(argument, Progress))
            progress.seconds["start-up"] = 0.0
            return experiment

        self.close = experiment.close
        experiment.run, experiment.close = noted_run, lambda: None
        TrainingCheckpoints.save = noted_save  # type: ignore[method-assign]
        Checkpoint.restore = lambda checkpoint, parts: restore(  # type: ignore[method-assign]
            checkpoint, self._parts(parts)
        )
        tasks.build = kept
        train_command.Drawer = NoPictures  # type: ignore[misc,assignment]
