"""Which task a worker is given next."""

from collections import Counter
from pathlib import Path

from cartrl.execution.executor import Backlog, Task


def tasks_of(settings, seeds):
    return [
        Task(Path(f"{setting}/config.yaml"), seed, Path(f"{setting}/seed-{seed}"))
        for setting in settings
        for seed in range(seeds)
    ]


def test_workers_compile_each_setting_once_where_they_can():
    """Two workers that take turns: six settings are compiled six times for 18 tasks."""
    tasks = tasks_of("abcdef", 3)
    backlog, compiled, compilations, taken = Backlog(tasks), [None, None], Counter(), []
    while taken == [] or taken[-1] is not None:
        for worker in (0, 1):
            task = backlog.take(compiled[worker])
            taken.append(task)
            if task is not None and task.config != compiled[worker]:
                compilations[task.config] += 1
                compiled[worker] = task.config
    assert [task for task in taken if task is not None].sort() == tasks.sort()
    assert sum(compilations.values()) == 6


def test_more_workers_than_settings_share_the_seeds():
    tasks = tasks_of("ab", 4)
    backlog = Backlog(tasks)
    first = [backlog.take(None) for _ in range(4)]
    assert [task.directory.parent.name for task in first] == ["a", "b", "a", "b"]
    assert [task.seed for task in first] == [0, 0, 1, 1]
    # A worker without tasks of its own setting helps with the other.
    assert [backlog.take(Path("a/config.yaml")).directory.parent.name for _ in range(4)] == ["a", "a", "b", "b"]
    assert backlog.take(None) is None


def test_a_task_that_is_put_back_comes_next():
    tasks = tasks_of("a", 3)
    backlog = Backlog(tasks)
    task = backlog.take(None)
    backlog.put_back(task)
    assert [backlog.take(None).seed for _ in range(3)] == [0, 1, 2]
