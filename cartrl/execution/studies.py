"""Studies while they train: their tasks are one flat list, and each study has its manifest as on its own."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Optional

from cartrl.errors import UsageError
from cartrl.execution.executor import Executor, News, Task
from cartrl.runs.manifest import Manifest
from cartrl.runs.outcome import Outcome
from cartrl.runs.study import SeedState, StudyDirectory, StudyProgress
from cartrl.settings import ResolvedConfig
from cartrl.settings.writing import write_resolved


@dataclass(frozen=True)
class StudyWork:
    """The seeds of a study, and which of them are ``left`` to train."""

    study: StudyDirectory
    config: ResolvedConfig
    seeds: Sequence[int]
    left: Sequence[int]
    threshold: Optional[float]  # the environment's reward threshold, if it has one
    name: str = ""  # that of the setting, within a sweep
    lock: AbstractContextManager[Any] = field(default_factory=nullcontext)  # held while the study is at work
    plan: dict[str, Any] = field(default_factory=dict)  # facts of the plan, for the manifest of a new study

    def tasks(self) -> list[Task]:
        """Return a task for each seed that is left."""
        return [Task(self.study.config, seed, self.study.run(seed).root) for seed in self.left]

    def begin(self) -> Manifest:
        """Write the config, and into the manifest that the study begins, or goes on."""
        write_resolved(self.config, self.study.config)
        if self.study.manifest.is_file():
            manifest = Manifest.resume(self.study.manifest, ended_seeds=len(self.seeds) - len(self.left))
            manifest.note(seeds=list(self.seeds))  # a race gives a study more of them
            return manifest
        settings = self.config.settings
        facts = {"env_name": settings.environment.env_name, "agent": settings.agent.kind, "seeds": list(self.seeds)}
        threshold = self.threshold
        return Manifest.begin(self.study.manifest, kind="study", **facts, **self.plan, reward_threshold=threshold)

    def progress(self) -> StudyProgress:
        """Return the state of all seeds before those that are left are trained."""
        left = set(self.left)
        states = {seed: SeedState() if seed in left else _known(self.study, seed) for seed in self.seeds}
        return StudyProgress(self.config.settings.train.num_iterations, states)


def _known(study: StudyDirectory, seed: int) -> SeedState:
    """Return what a display shows of a seed that has ended before."""
    try:
        reached = study.result(seed)
        best, final = reached["best_greedy_return"], reached["final_greedy_return"]
        return SeedState(study.outcome(seed) or Outcome.FINISHED, final["step"], final["mean"], best["mean"])
    except (KeyError, TypeError, ValueError):
        raise UsageError(
            f"{study.run(seed).manifest}: not what a run that has ended writes: it has no result"
        ) from None


class OpenStudy:
    """A study at work: from its first task to the end of its last it holds its lock, and its manifest says so."""

    def __init__(self, work: StudyWork):
        self.work = work
        self.progress = work.progress()
        self._to_come = len(work.left)
        self._opened: Optional[ExitStack] = None

    def open(self) -> None:
        """Take the lock and write the manifest, unless that has been done."""
        if self._opened is None:
            with ExitStack() as opened:
                opened.enter_context(self.work.lock)
                manifest = opened.enter_context(self.work.begin())
                opened.push(lambda kind, *_: manifest.reached(self.progress.ended) if kind is None else None)
                self.progress.before = manifest.before.seconds
                self._opened = opened.pop_all()

    def take(self, seed: int, news: News) -> None:
        """Note the news of a seed; write how the study ended once the last seed has."""
        if news.warning is not None:
            name = f"{self.work.name}, " if self.work.name else ""
            self.progress.warnings.append(f"{name}seed {seed}: {news.warning}")
        state = self.progress.seeds[seed]
        if news.row is not None:
            state.note(*news.row)
        if news.outcome is not None:
            state.turn(news.outcome, news.error)
            self._to_come -= news.outcome is not Outcome.RUNNING
            if self.is_over:
                self.close()

    @property
    def is_over(self) -> bool:
        """Whether all seeds that were left have ended."""
        return self._to_come == 0

    def close(self) -> None:
        """Write how the study ended, and free its lock."""
        self.__exit__(None, None, None)

    def __enter__(self) -> "OpenStudy":
        self.open()
        return self

    def __exit__(
        self, kind: Optional[type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        if self._opened is not None:
            self._opened.__exit__(kind, error, trace)


class Campaign:
    """Trains studies with an executor, as one flat list of tasks.

    Args:
        executor: entered while `train` is called.
        should_stop: asked many times a second.
        told: called with a study and its seed after each news; from several threads, one at a time.
    """

    def __init__(
        self, executor: Executor, should_stop: Callable[[], bool], told: Callable[[OpenStudy, int, News], None]
    ):
        self._executor = executor
        self._should_stop = should_stop
        self._told = told
        self._studies: dict[Path, OpenStudy] = {}  # by config; earlier ones too, of which a late warning may come

    def train(self, studies: Sequence[OpenStudy]) -> None:
        """Train the seeds that are left of ``studies``, until all have ended or it should stop."""
        self._studies.update({study.work.study.config: study for study in studies})
        with ExitStack() as at_work:
            for study in studies:
                at_work.push(study.__exit__)  # it is entered when its first task begins
            tasks = [task for study in studies for task in study.work.tasks()]
            self._executor.train(tasks, self._tell, self._should_stop)

    def _tell(self, task: Task, news: News) -> None:
        study = self._studies[task.config]
        if news.outcome is Outcome.RUNNING:
            study.open()
        study.take(task.seed, news)
        self._told(study, task.seed, news)
