"""Cuts the power of recorded trainings at every moment, and goes on from each state of the disk that this may leave.

    python -m tests.powercut
    python -m tests.powercut --engines compiled --scenes fresh --most 3 --sample 50

For each moment and each model of a disk ``--most`` states are drawn where there are more, always the same with the same
``--seed``. Equal states are resumed once. The exit code is 1 if anything went wrong.
"""

import argparse
import json
import sys
import time

from tests.powercut import judging, states
from tests.powercut.judging import Judge
from tests.powercut.scenes import Laboratory


def run(engine: str, options: argparse.Namespace) -> "list[dict]":
    """Return what came of the scenes on an engine, a row each."""
    laboratory = Laboratory(engine)
    rows = []
    for scene in laboratory.scenes():
        if scene.name not in options.scenes.split(","):
            continue
        began = time.monotonic()
        judge = Judge(laboratory, scene)
        built = list(states.states(scene.trace, options.most, options.seed))
        different = states.distinct(built, options.sample, options.seed)
        for state in different:
            judge.judge(state)
        for problem, count in judge.problems.most_common():
            print(f"{scene.name}: {count} times {problem}, such as {judge.examples[problem]}", file=sys.stderr)
        rows.append({
            "engine": engine,
            "scene": scene.name,
            "operations": len(scene.trace.operations),
            "possible": states.count(scene.trace),
            "built": len(built),
            "resumed": judge.resumed,
            "verdicts": dict(judge.verdicts),
            "seconds": round(time.monotonic() - began),
        })  # fmt: skip
        _print(rows[-1])
    laboratory.close()
    return rows


def _print(row: dict) -> None:
    verdicts = "  ".join(f"{name}: {row['verdicts'].get(name, 0)}" for name in judging.VERDICTS)
    possible = ", ".join(f"{count:.3g} by {model}" for model, count in row["possible"].items())
    print(
        f"{row['engine']:<11}{row['scene']:<9}{row['operations']:>5} operations; possible {possible}; built "
        f"{row['built']}, different ones resumed from {row['resumed']}, in {row['seconds']} s\n    {verdicts}",
        flush=True,
    )


def main() -> None:
    """Print what came of all states."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engines", default="compiled,vectorized")
    parser.add_argument("--scenes", default="fresh,resumed,no swap,seed,log")
    parser.add_argument("--most", type=int, default=40)
    parser.add_argument("--sample", type=int, help="resume from so many different states of each scene, drawn")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true", help="a last line with all numbers")
    options = parser.parse_args()
    rows = []
    for engine in options.engines.split(","):
        rows += run(engine, options)
    if options.json:
        print(json.dumps(rows))
    sys.exit(any(row["verdicts"].get(judging.WRONG) for row in rows))


if __name__ == "__main__":
    main()
