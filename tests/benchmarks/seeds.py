"""A table of seeds: train each, then evaluate its best and its final policy on fresh episodes of the real environment.

    python -m tests.benchmarks.seeds configs/reinforce.yaml --seeds 32

Everything goes through the command line, as a user does it. The table is Markdown, as it stands in docs/results.md.
"""

import argparse
import concurrent.futures
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

EPISODES = 100


class Outcome(NamedTuple):
    """What one seed reached."""

    seed: int
    best: dict[str, Any]
    final: dict[str, Any]
    seconds: float


def cartrl(*arguments: Any) -> str:
    """Run cartrl and return its stdout."""
    command = [sys.executable, "-m", "cartrl", *map(str, arguments)]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def run_seed(config: Path, overrides: list[str], seed: int, run: Path) -> Outcome:
    """Train ``seed`` in the directory ``run`` and evaluate what it saved."""
    options = [word for override in overrides for word in ("--set", override)]
    began = time.perf_counter()
    cartrl("train", "--config", config, *options, "--seed", seed, "--run-dir", run, "--quiet")
    seconds = time.perf_counter() - began
    best, final = (
        json.loads(cartrl("eval", "--checkpoint", run / "policies" / name, "--episodes", EPISODES, "--json"))
        for name in ("best", "final")
    )
    return Outcome(seed, best, final, seconds)


def described(report: dict[str, Any]) -> str:
    """Write a report as mean and interval."""
    low, high = report["interval_95"]
    return f"{report['mean']:.1f} ({low:.1f} to {high:.1f})"


def table(outcomes: list[Outcome]) -> str:
    """Return the outcomes as Markdown, and how many reached the threshold."""
    threshold = outcomes[0].best["reward_threshold"]
    lines = ["| seed | best policy | from step | final policy | seconds |", "| ---: | ---: | ---: | ---: | ---: |"]
    for seed, best, final, seconds in outcomes:
        lines.append(f"| {seed} | {described(best)} | {best['step']} | {described(final)} | {seconds:.0f} |")
    if threshold is not None:
        reached = [sum(report["mean"] >= threshold for report in reports) for reports in list(zip(*outcomes))[1:3]]
        lines += ["", f"Mean return of at least {threshold:g}: best policy {reached[0]} of {len(outcomes)} seeds, "
                      f"final policy {reached[1]} of {len(outcomes)}."]  # fmt: skip
    return "\n".join(lines)


def main() -> None:
    """Run all seeds, a few at a time, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config", type=Path)
    parser.add_argument("--set", action="append", default=[], help="passed on to cartrl train")
    parser.add_argument("--seeds", type=int, default=32, help="how many, from 0")
    parser.add_argument("--jobs", type=int, default=2, help="how many at once")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home, concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        futures = [
            pool.submit(run_seed, options.config, options.set, seed, Path(home) / str(seed))
            for seed in range(options.seeds)
        ]
        for done, future in enumerate(concurrent.futures.as_completed(futures), start=1):
            outcome = future.result()
            print(f"{done}/{options.seeds}: seed {outcome.seed}, best {described(outcome.best)}", file=sys.stderr)
        print(table([future.result() for future in futures]))


if __name__ == "__main__":
    main()
