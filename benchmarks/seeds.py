"""A table of seeds: train a study, then evaluate each best and final policy on fresh episodes of the real environment.

    python -m benchmarks.seeds configs/reinforce.yaml --seeds 0-31

Everything goes through the command line, as a user does it. The table is Markdown, as it stands in docs/results.md.
"""

import argparse
import concurrent.futures
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from cartrl.analysis.seeds import summary
from cartrl.runs.study import parse_seeds

EPISODES = 100


class Outcome(NamedTuple):
    """What one seed reached."""

    seed: int
    best: dict[str, Any]
    final: dict[str, Any]


def cartrl(*arguments: Any) -> str:
    """Run cartrl and return its stdout."""
    command = [sys.executable, "-m", "cartrl", *map(str, arguments)]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def evaluated(run: Path, seed: int) -> Outcome:
    """Evaluate what ``run`` saved."""
    best, final = (
        json.loads(cartrl("eval", "--checkpoint", run / "policies" / name, "--episodes", EPISODES, "--json"))
        for name in ("best", "final")
    )
    print(f"seed {seed}: best {described(best)}, final {described(final)}", file=sys.stderr)
    return Outcome(seed, best, final)


def described(report: dict[str, Any]) -> str:
    """Write a report as mean and interval."""
    if report["interval_95"] is None:
        return f"{report['mean']:.1f} in each episode"
    low, high = report["interval_95"]
    return f"{report['mean']:.1f} ({low:.1f} to {high:.1f})"


def middle(means: list[float]) -> str:
    """Write the interquartile mean of the seeds' means, and its interval."""
    found = summary(np.array(means))
    return f"{found.middle:.1f}" if found.low is None else f"{found.middle:.1f} ({found.low:.1f} to {found.high:.1f})"


def table(outcomes: list[Outcome]) -> str:
    """Return the outcomes as Markdown, and how many reached the threshold."""
    threshold = outcomes[0].best["reward_threshold"]
    lines = [
        "| seed | best policy | from iteration | final policy | from iteration |",
        "| ---: | ---: | ---: | ---: | ---: |",
    ]
    for seed, best, final in outcomes:
        lines.append(f"| {seed} | {described(best)} | {best['step']} | {described(final)} | {final['step']} |")
    best, final = (middle([report["mean"] for report in reports]) for reports in list(zip(*outcomes))[1:])
    lines += ["", f"Interquartile mean over the seeds: best policy {best}, final policy {final}."]
    if threshold is not None:
        reached = [sum(report["mean"] >= threshold for report in reports) for reports in list(zip(*outcomes))[1:]]
        lines += ["", f"Mean return of at least {threshold:g}: best policy {reached[0]} of {len(outcomes)} seeds, "
                      f"final policy {reached[1]} of {len(outcomes)}."]  # fmt: skip
    return "\n".join(lines)


def main() -> None:
    """Train all seeds, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config", type=Path)
    parser.add_argument("--set", action="append", default=[], help="passed on to cartrl train")
    parser.add_argument("--seeds", default="0-31", help="as of cartrl train")
    parser.add_argument("--jobs", type=int, default=2, help="how many processes at once")
    options = parser.parse_args()
    overrides = [word for override in options.set for word in ("--set", override)]
    with tempfile.TemporaryDirectory() as home, concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        study = Path(home) / "study"
        cartrl("train", "--config", options.config, *overrides, "--seeds", options.seeds, "--jobs", options.jobs,
               "--run-dir", study, "--quiet")  # fmt: skip
        futures = [pool.submit(evaluated, study / f"seed-{seed}", seed) for seed in parse_seeds(options.seeds)]
        print(table([future.result() for future in futures]))


if __name__ == "__main__":
    main()
