"""The main job as a whole process, artefacts and all, beside the notebook's pipeline doing the same work.

    python -m tests.benchmarks.process [--turns 3]

Both train 250 updates of 2 episodes on CartPole-v0 and evaluate 6 times over 10 episodes. They take turns; the
ratios are formed turn by turn.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
ITERATIONS = 250


def timed(*command):
    """Run a command; return its seconds as a process, and the JSON object on its last line of stdout."""
    began = time.perf_counter()
    done = subprocess.run([sys.executable, "-m", *command], check=True, capture_output=True, text=True, cwd=REPO)
    return time.perf_counter() - began, json.loads(done.stdout.splitlines()[-1])


def turn(home, number):
    """Time both once; return seconds of process and iterations per second of loop, by contender."""
    plain, about = timed("tests.benchmarks.plain_tutorial", str(ITERATIONS))
    figures = {"tutorial": (plain, ITERATIONS / about["loop"])}
    for engine in ("compiled", "vectorized"):
        seconds, result = timed(
            "cartrl", "train", "--config", "configs/reinforce.yaml", "--json",
            "--set", f"collect.engine={engine}", "--run-dir", f"{home}/{engine}-{number}",
        )  # fmt: skip
        phases = result["seconds"]
        figures[f"cartrl, {engine}"] = (seconds, ITERATIONS / (phases["collect"] + phases["learn"]))
    return figures


def described(values, digits):
    """Write median, minimum and maximum."""
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f} to {max(values):.{digits}f})"


def main():
    """Take turns and print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=3)
    turns = parser.parse_args().turns
    with tempfile.TemporaryDirectory() as home:
        figures = [turn(home, number) for number in range(turns)]
    print(f"{turns} turns; median (minimum to maximum)\n")
    print("| 250 × 2 episodes | seconds, process | times faster | iterations per second | times faster |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for name in figures[0]:
        seconds = [one[name][0] for one in figures]
        rates = [one[name][1] for one in figures]
        faster = [one["tutorial"][0] / one[name][0] for one in figures]
        more = [one[name][1] / one["tutorial"][1] for one in figures]
        print(
            f"| {name} | {described(seconds, 1)} | {described(faster, 1)} "
            f"| {described(rates, 1)} | {described(more, 1)} |"
        )


if __name__ == "__main__":
    main()
