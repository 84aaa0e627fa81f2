"""The executor `dask`: the workers of a Dask cluster share the tasks among them."""

import queue
import time
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional

from cartrl.errors import CartrlError, UsageError
from cartrl.execution.executor import Backlog, Listener, News, Task
from cartrl.execution.scheduler import Address, connect
from cartrl.runs.machine import differing
from cartrl.runs.outcome import Outcome
from cartrl.system import archives, imports, notices

if TYPE_CHECKING:
    from distributed import Future

    from cartrl.execution.remote import Answer, Order

SECONDS_BETWEEN_LOOKS = 0.05
SECONDS_BETWEEN_ROLL_CALLS = 1.0
MOST_DEATHS = 3  # of the workers of one task


@dataclass
class Slot:
    """A thread of a Dask worker, which trains one task at a time."""

    worker: str  # its address
    host: str
    compiled: Optional[Path] = None  # the config of its last task
    task: Optional[Task] = None
    future: "Optional[Future]" = None


class Cluster:
    """Trains tasks in the workers of a Dask cluster; the directory of each run is as if it had been trained here.

    The tasks of a worker that dies are trained elsewhere, from their checkpoints where the folder is shared.
    """

    def __init__(self, address: Address):
        self._address = address
        self._session = uuid.uuid4().hex
        self._slots: list[Slot] = []
        self._unfit: dict[str, str] = {}  # why a worker is given no tasks, by its address
        self._deaths: Counter[Task] = Counter()
        self._done: queue.SimpleQueue[tuple[Slot, Future]] = queue.SimpleQueue()
        self._events: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._tasks: dict[str, Task] = {}  # by directory: the tasks at work, and those before that may be told of late
        self._told: Listener = lambda task, news: None
        self._called = -SECONDS_BETWEEN_ROLL_CALLS  # when the workers were last counted
        self._backlog = Backlog([])
        self._left = 0  # tasks that have not ended
        self._number = 0  # of tasks handed out

    def __enter__(self) -> "Cluster":
        self._client = connect(self._address)
        try:
            self._client.subscribe_topic(self._session, lambda event: self._events.put(event[1]))
            self._examine_scheduler()
            self._call_the_roll()
            if self._unfit:
                raise UsageError(next(iter(self._unfit.values())))
        except BaseException:
            self._client.close()
            raise
        if not self._slots:
            notices.note(f"{self._address.scheduler} has no workers yet; tasks wait for them")
        return self

    def train(self, tasks: Sequence[Task], told: Listener, should_stop: Callable[[], bool]) -> None:
        """See `cartrl.execution.executor.Executor`."""
        self._backlog, self._told = Backlog(tasks), told
        self._left, is_stopping = len(tasks), False
        try:
            while self._left and not (is_stopping and not self._at_work()):
                if should_stop() and not is_stopping:
                    is_stopping = True
                    self._stop()
                self._require_scheduler()
                self._call_the_roll()
                if not is_stopping:
                    self._hand_out()
                self._pass_on_news()
                with suppress(queue.Empty):
                    self._collect(*self._done.get(timeout=SECONDS_BETWEEN_LOOKS))
        except BaseException:
            self._stop()
            raise

    def _require_scheduler(self) -> None:
        """Raise a CartrlError if the connection to the scheduler is lost, with which Dask cancels all tasks."""
        if self._client.status != "running":
            raise CartrlError(f"{self._address.scheduler}: the scheduler has gone; --resume goes on")

    def _at_work(self) -> list[Slot]:
        return [slot for slot in self._slots if slot.task is not None]

    def _stop(self) -> None:
        from cartrl.execution import remote

        workers = sorted({slot.worker for slot in self._at_work()})
        if workers and self._client.status == "running":
            self._client.run(remote.stop, self._session, workers=workers, on_error="ignore")

    def _examine_scheduler(self) -> None:
        """See that the scheduler can import cartrl: it reads tasks before it passes them on."""
        from cartrl.execution import remote

        try:
            self._client.run_on_scheduler(remote.facts)
        except Exception as error:  # Dask may wrap the ImportError
            where = f"--cluster {self._address.scheduler}"
            raise UsageError(f"{where}: the scheduler cannot import cartrl ({error}); install it there") from error

    def _call_the_roll(self) -> None:
        """Count the workers: slots for those that are new; the tasks of those that have gone are trained elsewhere."""
        if time.monotonic() - self._called < SECONDS_BETWEEN_ROLL_CALLS:
            return
        self._called = time.monotonic()
        try:
            threads = self._client.nthreads()
        except Exception as error:  # of Dask, which names it by many classes
            raise CartrlError(f"{self._address.scheduler}: the scheduler has gone; --resume goes on") from error
        for slot in [slot for slot in self._slots if slot.worker not in threads]:
            self._slots.remove(slot)
            if slot.task is not None:
                self._bury(slot, f"on {slot.host} is gone")
        known = {slot.worker for slot in self._slots} | self._unfit.keys()
        new = [worker for worker in threads if worker not in known]
        for worker, (host, reason) in self._examined(new).items():
            if reason is None:
                self._slots += [Slot(worker, host) for _ in range(threads[worker])]
            else:
                self._refuse(worker, reason)

    def _examined(self, workers: Sequence[str]) -> dict[str, tuple[str, Optional[str]]]:
        """Return the host of each worker, and why it can be given no tasks."""
        from cartrl.execution import remote

        if not workers:
            return {}
        found: dict[str, tuple[str, Optional[str]]] = {}
        for worker, facts in self._client.run(remote.facts, workers=list(workers), on_error="return").items():
            if isinstance(facts, dict):
                other = differing(facts)
                reason = f"the worker {worker} on {facts['host']} has {', '.join(other)}" if other else None
                found[worker] = str(facts["host"]), reason
            elif isinstance(facts, ImportError) or "ModuleNotFoundError" in str(facts):  # as Dask wraps it, or not
                found[worker] = worker, f"the worker {worker} cannot import cartrl ({facts}); install it there"
        return found  # a worker that has gone meanwhile is not in it

    def _refuse(self, worker: str, reason: str) -> None:
        """Give a worker no more tasks; if none is left that could have any, that is an error.

        Raises:
            UsageError: giving the reason.
        """
        self._unfit[worker] = reason
        fit = [slot for slot in self._slots if slot.worker not in self._unfit]
        if self._slots and not fit:
            raise UsageError(reason)
        self._slots = fit + [slot for slot in self._slots if slot.worker in self._unfit and slot.task is not None]

    def _hand_out(self) -> None:
        """Give each slot without a task one."""
        from cartrl.execution import remote

        for slot in self._slots:
            if slot.task is not None or slot.worker in self._unfit:
                continue
            task = self._backlog.take(slot.compiled)
            if task is None:
                return
            self._told(task, News(Outcome.RUNNING))
            self._tasks[str(task.directory.absolute())] = task
            order = self._order(task)
            slot.task, slot.compiled = task, task.config
            slot.future = self._client.submit(remote.train, order, key=order.key, workers=[slot.worker], pure=False)
            slot.future.add_done_callback(lambda future, slot=slot: self._done.put((slot, future)))

    def _order(self, task: Task) -> "Order":
        from cartrl.execution.remote import Order

        self._number += 1
        is_shipped = self._address.is_shipped
        past = archives.pack(task.directory) if is_shipped and task.directory.is_dir() else None
        return Order(
            session=self._session,
            key=f"cartrl-{self._session}-{self._number}",
            config=task.config.absolute(),
            content=task.config.read_bytes(),
            seed=task.seed,
            directory=task.directory.absolute(),
            modules=list(imports.given),
            working_directory=Path.cwd(),
            is_shipped=is_shipped,
            past=past,
        )

    def _collect(self, slot: Slot, future: "Future") -> None:
        """Take the answer to the task of ``slot``; an answer of a worker that was counted as gone is too late."""
        if slot.future is not future or slot.task is None:
            return
        task = slot.task
        try:
            answer: Answer = future.result()
        except Exception as error:  # of Dask, which names it by many classes; the task itself raises nothing
            self._require_scheduler()
            self._bury(slot, f"on {slot.host} is gone ({type(error).__name__})")
            return
        future.release()
        slot.task = slot.future = None
        for warning in answer.warnings:
            self._told(task, News(warning=warning))
        if answer.refusal is not None:
            self._backlog.put_back(task)
            self._refuse(slot.worker, answer.refusal)
        elif answer.has_died:
            self._count_death(task, f"on {slot.host}: {answer.error}")
        else:
            self._finish(task, answer)

    def _finish(self, task: Task, answer: "Answer") -> None:
        outcome, error = answer.outcome, answer.error
        if answer.run is not None:
            try:
                archives.unpack(answer.run, task.directory)
            except CartrlError as damaged:
                outcome, error = Outcome.FAILED, str(damaged)
        for row in answer.rows:
            self._told(task, News(row=row))
        self._end(task, News(outcome, error))

    def _end(self, task: Task, news: News) -> None:
        self._left -= 1
        self._told(task, news)

    def _bury(self, slot: Slot, how: str) -> None:
        """Note that the worker of ``slot`` has gone, and its task with it."""
        task, future = slot.task, slot.future
        slot.task = slot.future = None
        if future is not None:
            future.cancel()
        if task is not None:
            self._count_death(task, how)

    def _count_death(self, task: Task, how: str) -> None:
        """Have the task trained again, unless it has killed enough workers."""
        self._deaths[task] += 1
        if self._deaths[task] < MOST_DEATHS:
            self._backlog.put_back(task)
        else:
            self._end(task, News(Outcome.FAILED, f"its worker died {MOST_DEATHS} times, the last one {how}"))

    def _pass_on_news(self) -> None:
        with suppress(queue.Empty):
            while True:
                event = self._events.get_nowait()
                task = self._tasks.get(event["directory"])
                if task is None:  # a run that a worker has shipped has another name there
                    continue
                if "warning" in event:
                    self._told(task, News(warning=event["warning"]))
                for row in event.get("rows", []):
                    self._told(task, News(row=tuple(row)))

    def __exit__(self, *_: object) -> None:
        from cartrl.execution import remote

        with suppress(Exception):  # worker processes that are not told end by themselves after a minute
            self._require_scheduler()
            self._client.run(remote.dismiss, self._session, on_error="ignore")
        self._pass_on_news()
        with suppress(Exception):
            self._client.close()
