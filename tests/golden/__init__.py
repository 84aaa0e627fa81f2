"""Metrics recorded once, against which every later version is held to the last bit."""

import csv
import json
import re
from pathlib import Path
from typing import NamedTuple

from tests.helpers import CONFIGS, run_cartrl

FOLDER = Path(__file__).resolve().parent
PROCESSOR = FOLDER / "processor.json"  # where they were recorded: another one may round another way


class Golden(NamedTuple):
    """A run whose metrics are kept, in the file of its name."""

    config: str
    overrides: tuple[str, ...]


# A rate that stays, and few episodes: as it was when the metrics were recorded.
PENDULUM = ("agent.learning_rate=1e-2", "collect.collect_episodes_per_iteration=8", "train.num_iterations=12")
RUNS = {
    "cartpole-compiled": Golden("reinforce.yaml", ("collect.engine=compiled", "train.num_iterations=60")),
    "cartpole-vectorized": Golden("reinforce.yaml", ("collect.engine=vectorized", "train.num_iterations=60")),
    "pendulum-compiled": Golden("reinforce/pendulum-v1.yaml", ("collect.engine=compiled", *PENDULUM)),
    "pendulum-vectorized": Golden("reinforce/pendulum-v1.yaml", ("collect.engine=vectorized", *PENDULUM)),
    "acrobot-vectorized": Golden(
        "reinforce/acrobot-v1.yaml",
        ("collect.engine=vectorized", "collect.collect_episodes_per_iteration=4", "train.num_iterations=6"),
    ),
}


def train(name: str, directory: Path) -> list[dict[str, str]]:
    """Train the run ``name`` below ``directory``; return its metrics, cell by cell as they are written."""
    run = RUNS[name]
    overrides = [word for override in (*run.overrides, "eval.eval_interval=4") for word in ("--set", override)]
    done = run_cartrl(
        "train", "-c", CONFIGS / run.config, *overrides, "--seed", 3, "--run-dir", directory / name, cwd=directory
    )
    assert done.returncode == 0, done.stderr
    return read(directory / name / "metrics.csv")


def read(path: Path) -> list[dict[str, str]]:
    """Read metrics but for the wall time, which no two runs share."""
    with path.open(newline="", encoding="utf-8") as file:
        return [{name: cell for name, cell in row.items() if name != "seconds"} for row in csv.DictReader(file)]


def processor() -> dict[str, str]:
    """Return the processor's name, and its vector instructions, which decide how sums are rounded."""
    facts = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    found = {key: re.search(rf"^{key}\s*: (.*)$", facts, re.MULTILINE) for key in ("model name", "flags")}
    flags = (found["flags"].group(1) if found["flags"] else "").split()
    vectors = " ".join(sorted(flag for flag in flags if flag.startswith(("avx", "fma"))))
    return {"name": found["model name"].group(1) if found["model name"] else "", "vectors": vectors}


def is_same_processor() -> bool:
    """Tell whether numbers here must be those of the files, to the last bit."""
    return bool(json.loads(PROCESSOR.read_text(encoding="utf-8")) == processor())
