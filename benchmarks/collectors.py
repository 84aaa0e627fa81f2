"""What collectors in other processes save where a step of the environment takes time, and cost where it takes none."""

import csv
import json
import tempfile
from pathlib import Path

from benchmarks.measuring import Scale, pairwise, python, spread, table, take_turns

EXPERIMENT = {
    "environment": {"env_name": "SlowCartPole-v0"},
    "collect": {"engine": "vectorized", "collect_episodes_per_iteration": 8},
    "eval": {"num_eval_episodes": 1},
}
WARM_UP = 2  # iterations, in which programs are compiled
STEPS = 2, 0  # milliseconds of a step


def measure(scale: Scale) -> str:
    """Milliseconds of an iteration of 8 episodes by `collect.workers`, which play the same episodes however many."""
    counts, iterations = scale.pick((0, 1, 2, 4, 8), (0, 1)), scale.pick(40, 4)
    contenders = {
        (workers, step): lambda turn, workers=workers, step=step: iteration(workers, step, turn, iterations)
        for workers in counts
        for step in STEPS
    }
    taken = take_turns(contenders, scale.turns)
    rows = []
    for workers in counts:
        slow, quick = (taken[workers, step] for step in STEPS)
        faster = pairwise(taken[0, STEPS[0]], slow)
        rows.append((str(workers), spread(slow), spread(faster), spread(quick)))
    header = ("`collect.workers`", "ms an iteration, steps of 2 ms", "times faster", "ms, steps of no time")
    return table(header, rows)


def iteration(workers: int, step: float, seed: int, iterations: int) -> float:
    """Train, and return the mean milliseconds of an iteration after the warm-up."""
    settings = {**EXPERIMENT, "collect": {**EXPERIMENT["collect"], "workers": workers},
                "train": {"num_iterations": WARM_UP + iterations + 1, "seed": seed}}  # fmt: skip
    with tempfile.TemporaryDirectory() as home:
        config, directory = Path(home, "config.yaml"), Path(home, "run")
        config.write_text(json.dumps(settings), encoding="utf-8")
        python("-m", "cartrl", "train", config, "--import-module", "benchmarks.slow_environment", "--quiet",
               "--run-dir", directory, prefix=("env", f"STEP_MS={step}"))  # fmt: skip
        with (directory / "metrics.csv").open(encoding="utf-8") as file:
            seconds = {int(row["iteration"]): float(row["seconds"]) for row in csv.DictReader(file)}
    return (seconds[WARM_UP + iterations] - seconds[WARM_UP]) / iterations * 1000
