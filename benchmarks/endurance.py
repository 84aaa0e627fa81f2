"""Long runs: memory, open files, and what a checkpoint costs, at their beginning and at their end.

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

# Of each config, the iterations of a full measurement and of a quick look. SAC has 1,024 updates in each.
ITERATIONS = {"reinforce.yaml": (50_000, 2_000), "sac/pendulum-v1.yaml": (200, 40)}


def measure(scale: Scale) -> str:
    """The table: ten stretches of each run."""
    rows = []
    for config, iterations in ITERATIONS.items():
        for stretch in python("-m", "benchmarks.endurance", config, scale.pick(*iterations)).report:
            rows.append((
                config, f"{stretch['updates']:,}", f"{stretch['memory']:,.0f}", str(stretch["files"]),
                f"{stretch['checkpoint'] * 1000:.1f}", f"{stretch['share']:.1%}",
            ))  # fmt: skip
    return table(("config", "after updates", "MiB", "open files", "ms a checkpoint", "of the loop's time"), rows)


def train(name: str, iterations: int) -> list[dict]:
    """Train with a config, and return what was seen at the end of each tenth."""
    from cartrl.pictures.drawer import Drawer
    from cartrl.runs.directory import RunDirectory
    from cartrl.settings import load
    from cartrl.system.signals import StopRequest
    from cartrl.training import saving, tasks
    from cartrl.training.journal import Supervisor

    overrides = {"num_iterations": iterations, "checkpoint_interval": max(1, min(200, iterations // 40))}
    config = load(
        CONFIGS / name,
        [
            *(f"train.{key}={value}" for key, value in overrides.items()),
            "train.num_environment_steps=null",
            f"eval.eval_interval={iterations}",
        ],
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
            if not row["iteration"] or row["iteration"] % (iterations // 10):
                return
            loop = progress.seconds["collect"] + progress.seconds["learn"]
            done = sum(stretch["loop"] for stretch in stretches)
            stretch = {
                "updates": row["updates"],
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
        task.train(experiment, progress, Supervisor(Watch(), stop, print), drawer)
        drawer.wait()
        experiment.close()
    return stretches


def resident() -> float:
    """Return the resident memory of this process in MiB."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:"))


if __name__ == "__main__":
    print(json.dumps(train(sys.argv[1], int(sys.argv[2]))))
