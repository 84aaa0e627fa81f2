"""Measures cartrl beside its contenders on this machine, and prints tables in Markdown.

python -m benchmarks                                      every part but those with peers, over an hour
python -m benchmarks peers --turns 5                      one part
python -m benchmarks --quick                              a small look at whether all of it works
python -m benchmarks --write docs/performance.md          puts the tables into the markers that a page has for them
"""

import argparse
import sys
from pathlib import Path

from benchmarks import (
    clusters,
    collectors,
    endurance,
    growth,
    memory,
    peer_loops,
    peers,
    process,
    rates,
    start_up,
    suites,
    sweeps,
)
from benchmarks.measuring import Failed, Scale, machine, replace_block

PARTS = {
    "process": process.whole,
    "loop": process.loop,
    "peers": peers.measure,
    "peer-loops": peer_loops.measure,
    "suites": suites.measure,
    "throughput": rates.throughput,
    "vectorized": rates.vectorized,
    "start-up": start_up.measure,
    "memory": memory.measure,
    "endurance": endurance.measure,
    "growth": growth.measure,
    "sweep": sweeps.measure,
    "clusters": clusters.measure,
    "collectors": collectors.measure,
}
WITH_PEERS = {"peers", "peer-loops", "suites"}  # which install libraries first
DEFAULT = [name for name in PARTS if name not in WITH_PEERS]


def main() -> None:
    """Measure the parts asked for, one after another."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; default: all but those with peers"
    )
    parser.add_argument("--turns", type=int, default=3, help="of each contender (3)")
    parser.add_argument("--quick", action="store_true", help="one turn at small sizes; the figures mean nothing")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="replace the blocks of this page")
    options = parser.parse_args()
    if unknown := [part for part in options.parts if part not in PARTS]:
        parser.error(f"no part {unknown[0]!r}; there are {', '.join(PARTS)}")
    scale = Scale(1 if options.quick else options.turns, options.quick)
    for part in options.parts or DEFAULT:
        try:
            content = f"{PARTS[part](scale)}\n\n{machine()}"
        except Failed as failure:
            sys.exit(f"error: {part}: {failure}")
        print(f"\n## {part}\n\n{content}", flush=True)
        page = options.write.read_text(encoding="utf-8") if options.write else ""
        if f"<!-- {part} -->" in page:
            options.write.write_text(replace_block(page, part, content), encoding="utf-8")


if __name__ == "__main__":
    main()
