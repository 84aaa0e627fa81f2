"""What trains the runs of studies and sweeps: one flat list of tasks, and whoever works through it."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NamedTuple, Optional, Protocol

from cartrl.runs.outcome import Outcome


class Task(NamedTuple):
    """A resolved config and a seed. The result of the task is the finished run in ``directory``."""

    config: Path  # of the study: the seed in it counts for nothing
    seed: int
    directory: Path


class News(NamedTuple):
    """What is told of a task: each attribute that is not None is news."""

    outcome: Optional[Outcome] = None
    error: str = ""  # why it failed
    row: Optional[tuple[int, Optional[float]]] = None  # an iteration, and its mean greedy return if it was evaluated
    warning: Optional[str] = None


Listener = Callable[[Task, News], None]


class Executor(AbstractContextManager["Executor"], Protocol):
    """Trains tasks. What workers have loaded and compiled is kept while the executor is entered."""

    def train(self, tasks: Sequence[Task], told: Listener, should_stop: Callable[[], bool]) -> None:
        """Train every task to its end, or until ``should_stop()``; a task that fails does not end the others.

        Args:
            tasks: what to train, in any order.
            told: is told that a task is running before a worker is given it, of its rows, and last of its outcome; from
                several threads, one at a time. A task that never began when training was stopped has no news.
            should_stop: asked many times a second. Tasks that are running then save what they have reached.
        """


class Backlog:
    """Tasks that wait for a worker. A worker gets tasks of the config that it has compiled while there are any.

    Then it gets one of the config that the fewest workers have compiled, so that each is compiled a few times only.
    """

    def __init__(self, tasks: Iterable[Task]):
        self._waiting: dict[Path, list[Task]] = {}
        for task in tasks:
            self._waiting.setdefault(task.config, []).append(task)
        for waiting in self._waiting.values():
            waiting.reverse()  # taken from the end
        self._workers: Counter[Path] = Counter()

    def take(self, compiled: Optional[Path]) -> Optional[Task]:
        """Return the next task for a worker that has ``compiled`` a config, or none yet; None if no task is left."""
        if not self._waiting:
            return None
        config = compiled
        if config is None or config not in self._waiting:
            config = min(self._waiting, key=self._workers.__getitem__)
            if compiled is not None:
                self._workers[compiled] -= 1
            self._workers[config] += 1
        task = self._waiting[config].pop()
        if not self._waiting[config]:
            del self._waiting[config]
        return task

    def put_back(self, task: Task) -> None:
        """Let ``task`` be the next of its config."""
        self._waiting.setdefault(task.config, []).append(task)
