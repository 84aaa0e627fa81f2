"""What a Dask cluster of two workers costs here beside the processes of `--jobs 2`, and larger ones would."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks import cluster_scale
from benchmarks.measuring import Failed, Scale, pairwise, spread, table, take_turns
from benchmarks.memory import resident
from tests.clusters import Dask
from tests.helpers import CONFIGS, clean_environment, cpu_of

STUDY = ("train", "--config", str(CONFIGS / "reinforce.yaml"), "--quiet")
SHORT = ("train.num_iterations=1", "eval.num_eval_episodes=1")
TASKS = 1_000, 8  # in full, and for a quick look
LOCAL, CLUSTER = "`--jobs 2`", "`--cluster`, two workers"


class Sample(NamedTuple):
    """The command in the middle of a study."""

    begun: int  # tasks
    memory: float  # MiB
    files: int  # that it has open
    cpu: float  # seconds of a core that it has used, without its children


class Trained(NamedTuple):
    """A study that has ended."""

    seconds: float  # from start to exit
    samples: list[Sample]
    runs: list[float]  # seconds of each seed, from start to end


def measure(scale: Scale) -> str:
    """Three tables: a study of seeds that train, many tasks of one iteration, and clusters that are not here."""
    with tempfile.TemporaryDirectory() as home, Dask(Path(home)) as dask:
        dask.worker()
        dask.worker()
        executors = {LOCAL: ("--jobs", "2"), CLUSTER: ("--cluster", str(dask.file))}
        trained, runs = study(scale, executors)
        began = cpu_of(dask.scheduler.pid)
        passed, command = tasks(scale, executors)
        scheduler = (cpu_of(dask.scheduler.pid) - began) / scale.pick(*TASKS)
    return "\n\n".join([trained, passed, cluster_scale.measure(cluster_scale.Costs(command, scheduler, runs))])


def study(scale: Scale, executors: dict[str, Sequence[str]]) -> tuple[str, list[float]]:
    """Seconds of a study of 64 seeds of the main config, and of each of its runs on the cluster."""
    seeds = scale.pick(64, 2)
    contenders = {name: lambda turn, options=options: train(seeds, options) for name, options in executors.items()}
    trained = take_turns(contenders, scale.turns)
    seconds = {name: [one.seconds for one in turns] for name, turns in trained.items()}
    rows = [(name, spread(own), spread(pairwise(own, seconds[LOCAL]), 2)) for name, own in seconds.items()]
    return table((f"{seeds} seeds", "seconds", "times those of processes"), rows), trained[CLUSTER][-1].runs


def tasks(scale: Scale, executors: dict[str, Sequence[str]]) -> tuple[str, float]:
    """What the command holds while many short tasks pass, and its CPU seconds for each on the cluster."""
    count = scale.pick(*TASKS)
    short = [word for setting in SHORT for word in ("--set", setting)]
    rows = []
    for name, options in executors.items():
        seconds, samples, _ = train(count, [*options, *short])
        early = next(sample for sample in samples if sample.begun >= count // 10)
        rows.append((
            name, f"{seconds / count * 1000:,.0f}", f"{early.memory:,.0f}", f"{samples[-1].memory:,.0f}",
            f"{early.files}", f"{samples[-1].files}",
        ))  # fmt: skip
        costs = (samples[-1].cpu - early.cpu) / max(1, samples[-1].begun - early.begun)  # in the end, the cluster's
    tenth = f"after {count // 10:,}"
    header = (f"{count:,} tasks", "ms a task", f"MiB {tenth}", "at the end", f"open files {tenth}", "at the end")
    return table(header, rows), costs


def train(count: int, options: Sequence[str]) -> Trained:
    """Train a study of so many seeds, and watch the command.

    Raises:
        Failed: when it ends with an error.
    """
    with tempfile.TemporaryDirectory() as home:
        directory, samples, began = Path(home) / "study", [], time.perf_counter()
        command = [sys.executable, "-m", "cartrl", *STUDY, "--seeds", f"0-{count - 1}", "--run-dir", str(directory)]
        process = subprocess.Popen([*command, *options], env=clean_environment(), stdout=subprocess.DEVNULL)
        while process.poll() is None:
            memory = resident(process.pid)
            if memory is not None and directory.is_dir():
                begun = sum(1 for _ in directory.glob("seed-*"))
                files = len(os.listdir(f"/proc/{process.pid}/fd"))  # noqa: PTH208
                samples.append(Sample(begun, memory, files, cpu_of(process.pid, with_children=False)))
            time.sleep(0.2)
        if process.returncode:
            raise Failed(f"cartrl train ended with {process.returncode}")
        seconds = time.perf_counter() - began
        sessions = [json.loads(path.read_text())["sessions"][-1] for path in directory.glob("seed-*/manifest.json")]
        return Trained(seconds, samples, [session["seconds"] for session in sessions])
