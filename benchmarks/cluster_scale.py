"""What a study would take on a cluster that is far larger than this machine, by what its parts cost here."""

import heapq
import itertools
from collections.abc import Sequence
from typing import NamedTuple

from benchmarks.measuring import table

TASKS = 10_000
WORKERS = (50, 500, 5_000)


class Costs(NamedTuple):
    """What a task costs, in seconds."""

    command: float  # of its one thread
    scheduler: float  # of its one thread
    worker: Sequence[float]  # some tasks, from when a worker is given one to its end


class Course(NamedTuple):
    """How a study went."""

    seconds: float
    training: float  # share of the workers' time in which they train
    command: float  # share of the time in which it is busy
    scheduler: float


def simulate(tasks: int, workers: int, costs: Costs) -> Course:
    """Hand out so many tasks: each passes the command, the scheduler, and the worker that has been free for longest."""
    free = [0.0] * workers  # when each worker is; a heap
    command = scheduler = work = 0.0
    for seconds in itertools.islice(itertools.cycle(costs.worker), tasks):
        command = max(command, heapq.heappop(free)) + costs.command
        scheduler = max(scheduler, command) + costs.scheduler
        heapq.heappush(free, scheduler + seconds)
        work += seconds
    took = max(free)
    return Course(took, work / workers / took, costs.command * tasks / took, costs.scheduler * tasks / took)


def measure(costs: Costs) -> str:
    """Return a table of clusters of several sizes, and where they stop to be faster."""
    rows = []
    for workers in WORKERS:
        course = simulate(TASKS, workers, costs)
        shares = (course.training, course.command, course.scheduler)
        rows.append((f"{workers:,}", f"{course.seconds:,.0f}", *(f"{share:.0%}" for share in shares)))
    mean = sum(costs.worker) / len(costs.worker)
    limits = {"the command": costs.command, "the scheduler": costs.scheduler}
    name = max(limits, key=lambda name: limits[name])
    header = (f"workers, for {TASKS:,} tasks", "seconds", "workers train", "command is busy", "scheduler is busy")
    return (
        f"{table(header, rows)}\n\nA task takes a worker {mean:.1f} s, the command {costs.command * 1000:.1f} ms, and "
        f"the scheduler {costs.scheduler * 1000:.1f} ms. The first bottleneck is {name}: with more than "
        f"{mean / limits[name]:,.0f} workers such a study gets no faster."
    )
