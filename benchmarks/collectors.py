"""What collectors in other processes save where a step of the environment takes time, and cost where it takes none."""

import csv
import json
import tempfile
from pathlib import Path

from benchmarks.measuring import Scale, pairwise, python, spread, table, take_turns

EXPERIMENTS = {
    "REINFORCE, 8 episodes": {"collect": {"collect_episodes_per_iteration": 8}},
    "PPO, 8 environments": {"agent": {"kind": "ppo"}, "collect": {"num_environments": 8, "num_steps": 32}},
}
WARM_UP = 2  # iterations, in which programs are compiled
STEPS = 2, 0  # milliseconds of a step


def measure(scale: Scale) -> str:
    """Milliseconds of an iteration by `collect.workers`, which play the same however many they are."""
    counts, iterations = scale.pick((0, 1, 8), (0, 1)), scale.pick(20, 4)
    contenders = {
        f"{name}, {workers} workers, {step} ms": lambda turn, case=(name, workers, step): iteration(
            *case, turn, iterations
        )
        for name in EXPERIMENTS
        for workers in counts
        for step in STEPS
    }
    taken = take_turns(contenders, scale.turns)
    rows = []
    for name in EXPERIMENTS:
        alone = taken[f"{name}, 0 workers, {STEPS[0]} ms"]
        for workers in counts:
            slow, quick = (taken[f"{name}, {workers} workers, {step} ms"] for step in STEPS)
            rows.append((name, str(workers), spread(slow, 0), spread(pairwise(alone, slow)), spread(quick)))
    header = ("", "`collect.workers`", "ms an iteration, steps of 2 ms", "times faster", "ms, steps of no time")
    return table(header, rows)


def iteration(name: str, workers: int, step: float, seed: int, iterations: int) -> float:
    """Train, and return the mean milliseconds of an iteration after the warm-up."""
    experiment = EXPERIMENTS[name]
    settings = {
        **experiment,
        "environment": {"env_name": "SlowCartPole-v0"},
        "collect": {**experiment["collect"], "engine": "vectorized", "workers": workers},
        "train": {"num_iterations": WARM_UP + iterations + 1, "seed": seed},
        "eval": {"num_eval_episodes": 1},
    }
    with tempfile.TemporaryDirectory() as home:
        config, directory = Path(home, "config.yaml"), Path(home, "run")
        config.write_text(json.dumps(settings), encoding="utf-8")
        python("-m", "cartrl", "train", config, "--import-module", "benchmarks.slow_environment", "--quiet",
               "--run-dir", directory, prefix=("env", f"STEP_MS={step}"))  # fmt: skip
        with (directory / "metrics.csv").open(encoding="utf-8") as file:
            seconds = {int(row["iteration"]): float(row["seconds"]) for row in csv.DictReader(file)}
    return (seconds[WARM_UP + iterations] - seconds[WARM_UP]) / iterations * 1000
