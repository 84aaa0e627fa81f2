"""The executor `processes`: worker processes of this machine, which share the tasks among them."""

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from typing import Optional

from cartrl.execution.executor import Backlog, Listener, News, Task
from cartrl.execution.process import WorkerProcess
from cartrl.runs.outcome import Outcome
from cartrl.system import imports

SECONDS_BETWEEN_LOOKS = 0.05


class Processes:
    """Trains tasks in up to ``jobs`` processes. One that dies takes one task with it, and another takes its place.

    Args:
        jobs: how many processes; None for one on each core that this process may use.
    """

    def __init__(self, jobs: Optional[int] = None):
        count = jobs or len(os.sched_getaffinity(0))
        self._idle: list[Optional[WorkerProcess]] = [None] * count  # None for one that has yet to be started
        self._working: set[WorkerProcess] = set()
        self._lock = threading.Lock()
        self._is_stopping = False
        self._told: Listener = lambda task, news: None

    def __enter__(self) -> "Processes":
        return self

    def train(self, tasks: Sequence[Task], told: Listener, should_stop: Callable[[], bool]) -> None:
        """See `cartrl.execution.executor.Executor`."""
        backlog = Backlog(tasks)
        jobs = min(len(self._idle), len(tasks))

        def tell(task: Task, news: News) -> None:
            with self._lock:
                told(task, news)

        self._told = tell
        with ThreadPoolExecutor(max(jobs, 1)) as pool:
            work = [pool.submit(self._work, backlog) for _ in range(jobs)]
            while (state := wait(work, SECONDS_BETWEEN_LOOKS, FIRST_EXCEPTION)).not_done:
                is_broken = any(thread.exception() for thread in state.done)
                if (is_broken or should_stop()) and not self._is_stopping:
                    self._stop()
        for thread in work:
            thread.result()

    def _stop(self) -> None:
        with self._lock:
            self._is_stopping = True
            for process in self._working:
                process.stop()

    def _work(self, backlog: Backlog) -> None:
        """Let one process, and another where it dies, train tasks until there are no more."""
        with self._lock:
            process = max(self._idle, key=lambda idle: idle is not None)
            self._idle.remove(process)
        try:
            while not self._is_stopping:
                with self._lock:
                    task = backlog.take(process.compiled if process is not None else None)
                if task is None:
                    break
                process = self._train(process, task)
        finally:
            with self._lock:
                self._idle.append(process)

    def _train(self, process: Optional[WorkerProcess], task: Task) -> Optional[WorkerProcess]:
        """Train ``task``; return the process, or None if it has ended."""
        if process is not None and not process.can_take(task):
            process.dismiss(self._told)
            process = None
        self._told(task, News(Outcome.RUNNING))
        with self._lock:
            is_stopping = self._is_stopping
            if not is_stopping:
                process = process or WorkerProcess(imports.given)
                self._working.add(process)
        if process is None or is_stopping:
            self._told(task, News(Outcome.INTERRUPTED))
            return process
        is_there = process.train(task, self._told, lambda: self._is_stopping)
        with self._lock:
            self._working.discard(process)
        return process if is_there else None

    def __exit__(self, *_: object) -> None:
        for process in filter(None, self._idle):
            process.dismiss(self._told)
