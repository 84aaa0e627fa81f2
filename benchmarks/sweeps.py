"""What a sweep saves by one list of tasks, for which processes are started once, beside one setting after another."""

import sys
import tempfile

from benchmarks.measuring import Scale, pairwise, run, spread, table, take_turns
from tests.helpers import CONFIGS

KEY = "agent.learning_rate"
VALUES = ("1e-4", "3e-4", "1e-3", "3e-3", "1e-2", "3e-2")


def measure(scale: Scale) -> str:
    """Seconds of a sweep of six settings with three seeds each, as one command and as six."""
    values, seeds = scale.pick((VALUES, "0-2"), (VALUES[:2], "0-1"))

    def cartrl(command: str, home: str, *options: str) -> float:
        config = CONFIGS / "reinforce.yaml"
        words = (command, "--config", config, "--seeds", seeds, "--jobs", 2, "--quiet", *options)
        return run(sys.executable, "-m", "cartrl", *words, "--run-dir", f"{home}/{options[-1]}").seconds

    def sweep(turn: int) -> float:
        with tempfile.TemporaryDirectory() as home:
            return cartrl("sweep", home, "--grid", f"{KEY}={','.join(values)}")

    def settings(turn: int) -> float:
        with tempfile.TemporaryDirectory() as home:
            return sum(cartrl("train", home, "--set", f"{KEY}={value}") for value in values)

    taken = take_turns({"one `cartrl train --seeds` after another": settings, "`cartrl sweep`": sweep}, scale.turns)
    whole = taken["one `cartrl train --seeds` after another"]
    rows = [(name, spread(own), spread(pairwise(own, whole), 2)) for name, own in taken.items()]
    return table((f"{len(values)} settings, seeds {seeds}", "seconds", "times one after another"), rows)
