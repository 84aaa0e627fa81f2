"""How long commands take, beside the imports that they cannot do without."""

import tempfile

from benchmarks.measuring import Scale, pairwise, python, spread, table, take_turns
from tests.helpers import CONFIGS

LIGHT, HEAVY = "import typer, rich", "import tensorflow, tensorflow_probability, gym"


def measure(scale: Scale) -> str:
    """Seconds of ``cartrl --help`` and ``cartrl eval``, from start to exit."""
    with tempfile.TemporaryDirectory() as home:
        run = f"{home}/run"
        python("-m", "cartrl", "train", "--config", CONFIGS / "reinforce.yaml", "--quiet", "--run-dir", run)
        calls = {
            f"`{LIGHT}`": ("-c", LIGHT),
            "`cartrl --help`": ("-m", "cartrl", "--help"),
            f"`{HEAVY}`": ("-c", HEAVY),
            "`cartrl eval --episodes 100`": ("-m", "cartrl", "eval", "--checkpoint", run, "--episodes", 100),
        }
        contenders = {name: lambda turn, call=call: python(*call).seconds for name, call in calls.items()}
        seconds = take_turns(contenders, scale.pick(2 * scale.turns + 1, 1))
    imports = [f"`{LIGHT}`"] * 2 + [f"`{HEAVY}`"] * 2
    return table(
        ("", "seconds, start to exit", "times the imports"),
        [(name, spread(own, 2), spread(pairwise(own, seconds[imported]), 2))
         for (name, own), imported in zip(seconds.items(), imports)],
    )  # fmt: skip
