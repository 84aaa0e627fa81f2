"""What runs in a Dask worker: it starts the same worker processes as this machine has, and passes on what they say."""

import asyncio
import os
import platform
import shutil
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, Optional

from distributed import Worker, get_worker

from cartrl.errors import CartrlError, of_system
from cartrl.execution.executor import News, Task
from cartrl.execution.process import Manner, WorkerProcess
from cartrl.runs.machine import versions
from cartrl.runs.outcome import Outcome
from cartrl.runs.study import SeedState
from cartrl.system import archives
from cartrl.system.archives import Archive

SECONDS_BETWEEN_NEWS = 1.0  # of one task
SECONDS_BETWEEN_LOOKS = 0.5
LONGEST_IDLE = 60.0  # seconds; then the command that had the processes has gone
LOCK_PATIENCE = 120.0  # seconds; a node that is gone keeps its lock on a network folder for a while
FILE_PATIENCE = 10.0  # seconds; a network folder shows a new file late


Row = tuple[int, Optional[float]]  # an iteration, and a mean greedy return


class Order(NamedTuple):
    """A task as the command sends it."""

    session: str  # names the command, and the topic of the news
    key: str  # of the task in Dask
    config: Path
    content: bytes  # of the config
    seed: int
    directory: Path  # of the run, by the command's own path
    modules: list[str]  # those of --import-module
    working_directory: Path  # of the command
    is_shipped: bool  # whether the run comes back as an archive; else its directory is in a folder that all share
    past: Optional[Archive]  # of a shipped run: what it has reached before


class Answer(NamedTuple):
    """How a task ended."""

    outcome: Outcome
    error: str
    rows: list[Row]  # see `rows_of`
    warnings: list[str]
    has_died: bool = False  # whether the process died that trained it
    run: Optional[Archive] = None
    refusal: Optional[str] = None  # why no task can be trained on this host


def rows_of(state: SeedState) -> list[Row]:
    """Return what a run has reached, its best and its last evaluation, as rows that add up to that."""
    return [(state.iteration, state.best), (state.iteration, state.greedy)]


def facts() -> dict[str, str]:
    """Return the host, and the versions on which a result depends."""
    return {"host": platform.node(), **versions()}


@dataclass
class Site:
    """The worker processes of one command in one Dask worker."""

    session: str  # names the command, and the topic of what it is told
    worker: Worker
    folder: Path  # where shipped runs are trained
    idle: list[WorkerProcess] = field(default_factory=list)
    working: dict[str, WorkerProcess] = field(default_factory=dict)  # by key
    stopped: set[str] = field(default_factory=set)  # keys whose processes were told to stop
    is_stopping: bool = False
    since: float = field(default_factory=time.monotonic)  # when it last had something to do
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, order: Order, task: Task) -> WorkerProcess:
        """Return a process for a task: one that has compiled its config, if there is one that is idle."""
        with self.lock:
            self.idle.sort(key=lambda process: process.compiled == task.config)
            process = self.idle.pop() if self.idle else None
        if process is not None and not process.can_take(task):
            process.dismiss(self.tell_late)
            process = None
        with self.lock:
            if process is None:
                is_there = not order.is_shipped and order.working_directory.is_dir()
                process = WorkerProcess(order.modules, order.working_directory if is_there else None)
            self.working[order.key] = process
            if self.is_stopping:
                self.stop(order.key)
        return process

    def give_back(self, key: str, is_there: bool) -> None:
        """Keep the process that had the task ``key`` for the next one, if it is still there."""
        with self.lock:
            process = self.working.pop(key)
            self.since = time.monotonic()
            if is_there:
                self.idle.append(process)

    def stop(self, key: str) -> None:
        """Have the process of a task save what it has reached, and end."""
        if key in self.working and key not in self.stopped:
            self.stopped.add(key)
            self.working[key].stop()

    def stop_all(self) -> None:
        """Do so with all tasks, also with those to come."""
        with self.lock:
            self.is_stopping = True
            for key in self.working:
                self.stop(key)

    def tell_late(self, task: Task, news: News) -> None:
        """Pass on a warning about a task that has ended, such as that its picture could not be drawn."""
        if news.warning is not None:
            self.worker.log_event(self.session, {"directory": str(task.directory), "warning": news.warning})

    def look(self) -> None:
        """Stop tasks that nobody waits for any more: the command has gone, or has given them to another worker."""
        with self.lock:
            for key in self.working:
                known = self.worker.state.tasks.get(key)
                if known is None or known.state not in ("executing", "long-running"):
                    self.stop(key)

    @property
    def is_abandoned(self) -> bool:
        """Whether nothing was asked of it for a long time."""
        return not self.working and time.monotonic() - self.since > LONGEST_IDLE

    def close(self) -> None:
        """End the processes, each after the picture that it is at."""
        with self.lock:
            idle, self.idle = self.idle, []
        for process in idle:
            process.dismiss(self.tell_late)
        shutil.rmtree(self.folder, ignore_errors=True)


_sites: dict[tuple[str, str], Site] = {}  # by the session and the address of the Dask worker
_lock = threading.Lock()


def _site(session: str) -> Site:
    """Return the site of a session; the first time, make it and have it watched."""
    worker = get_worker()
    place = (session, worker.address)
    with _lock:
        if place not in _sites:
            folder = Path(tempfile.mkdtemp(prefix="cartrl-", dir=worker.local_directory))
            _sites[place] = Site(session, worker, folder)
            threading.Thread(target=_watch, args=(place,), daemon=True).start()
        return _sites[place]


def _watch(place: tuple[str, str]) -> None:
    site = _sites[place]
    while place in _sites:
        site.look()
        if site.is_abandoned:
            with _lock:
                _sites.pop(place, None)
            site.close()
        time.sleep(SECONDS_BETWEEN_LOOKS)


def stop(session: str, dask_worker: Worker) -> None:
    """Have all tasks of ``session`` in a Dask worker saved and ended."""
    site = _sites.get((session, dask_worker.address))
    if site is not None:
        site.stop_all()


async def dismiss(session: str, dask_worker: Worker) -> None:
    """End the worker processes of ``session`` in a Dask worker."""
    with _lock:
        site = _sites.pop((session, dask_worker.address), None)
    if site is not None:
        await asyncio.to_thread(site.close)


class Relay:
    """Passes on what a worker process says of a task, but not more often than people read."""

    def __init__(self, order: Order, site: Site, task: Task):
        self._order, self._site, self._task = order, site, task
        self._told = 0.0
        self.state = SeedState()
        self.warnings: list[str] = []

    def __call__(self, task: Task, news: News) -> None:
        """Take news of this task, or a late warning about the one before."""
        if task != self._task:
            self._site.tell_late(task, news)
            return
        if news.warning is not None:
            self.warnings.append(news.warning)
        if news.outcome is not None:
            self.state.outcome, self.state.error = news.outcome, news.error
        if news.row is not None:
            self.state.note(*news.row)
            if time.monotonic() - self._told > SECONDS_BETWEEN_NEWS:
                self._told = time.monotonic()
                facts = {"directory": str(self._order.directory), "rows": rows_of(self.state)}
                self._site.worker.log_event(self._order.session, facts)


def train(order: Order) -> Answer:
    """Train a run in a worker process of this host."""
    site = _site(order.session)
    try:
        if order.is_shipped:
            return _train_shipped(order, site)
        if not _sees(order):
            where = f"{platform.node()} does not see {order.config}, or sees another file there"
            return _refused(f"{where}: give --ship, or start all workers where they share that folder")
        return _train(order, site, Task(order.config, order.seed, order.directory))
    except CartrlError as error:
        return Answer(Outcome.FAILED, str(error), [], [])
    except OSError as error:
        return Answer(Outcome.FAILED, of_system(error), [], [])


def _refused(why: str) -> Answer:
    return Answer(Outcome.WAITING, "", [], [], refusal=why)


def _sees(order: Order) -> bool:
    """Whether this host finds the config of the study where the command has written it."""
    deadline = time.monotonic() + FILE_PATIENCE
    while True:
        with suppress(OSError):
            if order.config.read_bytes() == order.content:
                return True
            os.listdir(order.config.parent)  # noqa: PTH208 - makes a client of NFS look again
        if time.monotonic() > deadline:
            return False
        time.sleep(FILE_PATIENCE / 50)


def _train_shipped(order: Order, site: Site) -> Answer:
    """Train a run in a folder of this Dask worker's own, and return it as an archive."""
    study = site.folder / archives.sha256_of(order.content)[:16]
    study.mkdir(parents=True, exist_ok=True)
    task = Task(study / "config.yaml", order.seed, study / order.directory.name)
    task.config.write_bytes(order.content)
    try:
        if order.past is not None:
            archives.unpack(order.past, task.directory)
        answer = _train(order, site, task)
        return answer._replace(run=archives.pack(task.directory)) if task.directory.is_dir() else answer
    finally:
        shutil.rmtree(task.directory, ignore_errors=True)


def _train(order: Order, site: Site, task: Task) -> Answer:
    relay = Relay(order, site, task)
    process = site.take(order, task)
    is_there = False
    try:
        manner = Manner(LOCK_PATIENCE, is_picture_awaited=order.is_shipped)
        is_there = process.train(task, relay, lambda: order.key in site.stopped, manner)
    finally:
        site.give_back(order.key, is_there)
    has_died = not is_there and order.key not in site.stopped
    return Answer(relay.state.outcome, relay.state.error, rows_of(relay.state), relay.warnings, has_died)
