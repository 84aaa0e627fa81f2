"""A long run of the main config: memory, open files, and what a checkpoint costs, at its beginning and at its end.

python -m benchmarks endurance
"""

import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.measuring import Scale, python, table
from tests.helpers import CONFIGS

ITERATIONS = 50_000


def measure(scale: Scale) -> str:
    """The table: ten stretches of a run."""
    report = python("-m", "benchmarks.endurance", scale.pick(ITERATIONS, 2_000)).report
    rows = [
        (
            f"{stretch['until']:,}", f"{stretch['memory']:,.0f}", str(stretch["files"]),
            f"{stretch['checkpoint'] * 1000:.1f}", f"{stretch['share']:.1%}",
        )
        for stretch in report
    ]  # fmt: skip
    header = ("until iteration", "MiB", "open files", "ms a checkpoint", "of the loop's time")
    return table(header, rows)


def train(iterations: int) -> list[dict]:
    """Train, and return what was seen at the end of each tenth."""
    from cartrl.pictures.drawer import Drawer
    from cartrl.runs.directory import RunDirectory
    from cartrl.settings import load
    from cartrl.system.signals import StopRequest
    from cartrl.training import saving, tasks

    overrides = {"num_iterations": iterations, "checkpoint_interval": min(200, iterations // 40)}
    config = load(
        CONFIGS / "reinforce.yaml",
        [*(f"train.{name}={value}" for name, value in overrides.items()), f"eval.eval_interval={iterations}"],
    )
    seconds: list[float] = []
    save = saving.RunSaver.save_state  # the metrics' fsync and the learner's variables are part of the price

    def timed(self):
        began = time.perf_counter()
        save(self)
        seconds.append(time.perf_counter() - began)

    saving.RunSaver.save_state = timed  # type: ignore[method-assign]
    stretches: list[dict] = []

    class Watch:
        """Takes note at the end of each tenth."""

        def append(self, row) -> None:
            if not row["step"] or row["step"] % (iterations // 10):
                return
            loop = progress.seconds["collect"] + progress.seconds["learn"]
            done = sum(stretch["loop"] for stretch in stretches)
            stretch = {
                "until": row["step"],
                "memory": resident(),
                "files": len(os.listdir("/proc/self/fd")),  # noqa: PTH208
                "checkpoint": statistics.median(seconds),
                "share": sum(seconds) / (loop - done),
                "loop": loop - done,
            }
            stretches.append(stretch)
            seconds.clear()

    with tempfile.TemporaryDirectory() as home, StopRequest() as stop, Drawer() as drawer:
        task = tasks.new(config, RunDirectory(Path(home)), None)
        progress = task.progress()
        experiment = tasks.build(task, task.begin(), progress, stop, time.perf_counter())
        task.train(experiment, progress, Watch(), stop, drawer, print)
        drawer.wait()
        experiment.close()
    return stretches


def resident() -> float:
    """Return the resident memory of this process in MiB."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:"))


if __name__ == "__main__":
    print(json.dumps(train(int(sys.argv[1]))))
