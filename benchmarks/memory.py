"""How much memory a long run gains, and what the commands hold at most."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Optional

from benchmarks.measuring import Failed, Scale, pairwise, python, spread, table, take_turns
from tests.helpers import CONFIGS, REPO, clean_environment

TRAINED = ("reinforce", "reinforce/cartpole-v1", "reinforce/acrobot-v1", "reinforce/pendulum-v1")
IMPORT = "import tensorflow"

Sample = tuple[int, float]  # iteration, MiB


def measure(scale: Scale) -> str:
    """Both tables."""
    return f"{growing(scale)}\n\n{peaks(scale)}"


def growing(scale: Scale) -> str:
    """Resident memory along a run of 20,000 iterations, 1,000 of them to settle."""
    iterations, settled = scale.pick(20_000, 400), scale.pick(1_000, 100)
    with tempfile.TemporaryDirectory() as home:
        samples = watched(iterations, Path(home) / "run")
    base = at(samples, settled)
    stops = [settled, *(iterations * quarter // 4 for quarter in range(1, 5))]
    held = {f"{stop:,}": at(samples, stop) for stop in stops}
    held[f"most from {settled:,} on"] = max(memory for step, memory in samples if step >= settled)
    rows = [(name, f"{memory:,.0f}", f"{memory / base - 1:+.1%}") for name, memory in held.items()]
    return table(("iteration", "MiB", f"since iteration {settled:,}"), rows)


def watched(iterations: int, run: Path) -> list[Sample]:
    """Train for so many iterations; return the process's resident memory along the way."""
    options = ["--set", f"train.num_iterations={iterations}", "--set", f"eval.eval_interval={iterations}"]
    process = subprocess.Popen(
        [sys.executable, "-m", "cartrl", "train", "--config", str(CONFIGS / "reinforce.yaml"), *options,
         "--run-dir", str(run), "--quiet"],
        cwd=REPO, env=clean_environment(), stdout=subprocess.DEVNULL,
    )  # fmt: skip
    samples = []
    while process.poll() is None:
        iteration, memory = last_iteration(run / "metrics.csv"), resident(process.pid)
        if iteration is not None and memory is not None:
            samples.append((iteration, memory))
        time.sleep(0.05)
    if process.returncode:
        raise Failed(f"cartrl train ended with {process.returncode}")
    return samples


def at(samples: Sequence[Sample], iteration: int) -> float:
    """Return the memory at the first sample from ``iteration`` on, or at the last there is."""
    return next((memory for step, memory in samples if step >= iteration), samples[-1][1])


def last_iteration(metrics: Path) -> Optional[int]:
    """Return the first cell of the last whole line of a metrics file."""
    if not metrics.exists():
        return None
    with metrics.open("rb") as file:
        file.seek(max(0, metrics.stat().st_size - 4096))
        *_, line, _ = [b"", *file.read().split(b"\n")]
    cell = line.split(b",")[0]
    return int(cell) if cell.isdigit() else None


def resident(pid: int) -> Optional[float]:
    """Return the resident memory of a process in MiB; None once it has ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:")), None)


def peaks(scale: Scale) -> str:
    """The most that each command holds, beside TensorFlow alone."""
    with tempfile.TemporaryDirectory() as home:
        base = f"`{IMPORT}`"
        calls = {base: lambda turn: ("-c", IMPORT)}
        for config in scale.pick(TRAINED, TRAINED[:1]):
            calls[f"`cartrl train --config configs/{config}.yaml`"] = lambda turn, config=config: (
                "-m", "cartrl", "train", "--config", CONFIGS / f"{config}.yaml", "--quiet",
                "--run-dir", f"{home}/{config}-{turn}",
            )  # fmt: skip
        saved = f"{home}/{TRAINED[0]}-0"
        calls["`cartrl eval`"] = lambda turn: ("-m", "cartrl", "eval", "--checkpoint", saved)
        calls["`cartrl record`"] = lambda turn: ("-m", "cartrl", "record", "--checkpoint", saved,
                                                 "--output", f"{home}/{turn}.mp4")  # fmt: skip
        contenders = {name: lambda turn, call=call: python(*call(turn)).peak for name, call in calls.items()}
        held = take_turns(contenders, scale.turns)
    return table(
        ("", "MiB at most", "times TensorFlow"),
        [(name, spread(own, 0), spread(pairwise(own, held[base]), 2)) for name, own in held.items()],
    )
