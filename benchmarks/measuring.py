"""What the parts of the benchmark share: processes timed from outside, turns, ratios, tables, and blocks of a page."""

import datetime
import importlib.metadata
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Callable, NamedTuple, TypeVar

from tests.helpers import CONFIGS, REPO, clean_environment

T = TypeVar("T")

ONE_CORE = ("taskset", "--cpu-list", "0")  # runs a command with one core, for which libraries start one thread


class Scale(NamedTuple):
    """How much is measured."""

    turns: int
    quick: bool

    def pick(self, full: T, quick: T) -> T:
        """Return what a full measurement takes, or a quick look."""
        return quick if self.quick else full


class Failed(Exception):
    """A process that was measured ended with an error."""


class Run(NamedTuple):
    """A process that has ended."""

    seconds: float  # wall time, from start to exit
    peak: float  # MiB, the most that it held in memory
    output: str

    @property
    def report(self) -> dict[str, Any]:
        """The JSON object on the last line of its output."""
        return json.loads(self.output.splitlines()[-1])


def run(*command: Any, cwd: Path = REPO) -> Run:
    """Run a command to its end.

    The peak is the kernel's count of the child, which begins with what the parent holds: this module stays light.

    Raises:
        Failed: when its exit code is not 0, with the end of its stderr.
    """
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        began = time.perf_counter()
        process = subprocess.Popen(
            [*map(str, command)], stdin=subprocess.DEVNULL, stdout=output, stderr=errors,
            cwd=cwd, env=clean_environment(),
        )  # fmt: skip
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        errors.seek(0)
        if process.returncode:
            raise Failed(f"{' '.join(process.args)} ended with {process.returncode}:\n{errors.read()[-2000:]}")
        return Run(seconds, usage.ru_maxrss / 1024, output.read())


def python(*arguments: Any, prefix: Sequence[str] = ()) -> Run:
    """Run this Python with ``arguments``, behind a command that runs commands, such as ``ONE_CORE``."""
    return run(*prefix, sys.executable, *arguments)


def train(config: str, *options: Any) -> Run:
    """Run ``cartrl train --json`` with one of the configs, in a run directory that is gone afterwards."""
    with tempfile.TemporaryDirectory() as home:
        return python("-m", "cartrl", "train", "--config", CONFIGS / config, "--json", "--run-dir", f"{home}/run",
                      *options)  # fmt: skip


def loop(overrides: Sequence[str], *options: Any) -> Run:
    """Run the training loop of CartPole-v1 alone, in a process of its own: see `benchmarks.iterations`."""
    words = [word for override in overrides for word in ("--set", override)]
    return python("-m", "benchmarks.iterations", CONFIGS / "reinforce/cartpole-v1.yaml", *words, *options)


def take_turns(contenders: Mapping[str, Callable[[int], T]], turns: int) -> dict[str, list[T]]:
    """Call the contenders one after another with the number of the turn, ``turns`` times; return what each returned.

    A machine that slows down for a while so meets all of them, and ratios are formed within a turn.
    """
    results: dict[str, list[T]] = {name: [] for name in contenders}
    for turn in range(turns):
        for name, contender in contenders.items():
            print(f"turn {turn + 1} of {turns}: {name}", file=sys.stderr)
            results[name].append(contender(turn))
    return results


def pairwise(numerators: Sequence[float], denominators: Sequence[float]) -> list[float]:
    """Return the ratios, turn by turn."""
    return [above / below for above, below in zip(numerators, denominators)]


def spread(values: Sequence[float], digits: int = 1) -> str:
    """Write median, minimum and maximum."""
    median, low, high = (f"{value:,.{digits}f}" for value in (statistics.median(values), min(values), max(values)))
    return f"{median} ({low} to {high})"


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table as Markdown: the first column to the left, the others to the right, aligned as text too."""
    widths = [max(3, *map(len, column)) for column in zip(header, *rows)]

    def line(cells: Sequence[str]) -> str:
        aligned = [cell.rjust(width) if index else cell.ljust(width)
                   for index, (cell, width) in enumerate(zip(cells, widths))]  # fmt: skip
        return f"| {' | '.join(aligned)} |"

    rule = [f"{'-' * (width - 1)}{':' if index else '-'}" for index, width in enumerate(widths)]
    return "\n".join(map(line, (header, rule, *rows)))


def replace_block(page: str, name: str, content: str) -> str:
    """Return ``page`` with ``content`` between the lines ``<!-- name -->`` and ``<!-- /name -->``.

    Raises:
        ValueError: when the page has no such lines, or has them more than once.
    """
    opening, closing = f"<!-- {name} -->\n", f"<!-- /{name} -->"
    if page.count(opening) != 1 or page.count(closing) != 1 or page.index(closing) < page.index(opening):
        raise ValueError(f"one block from {opening.strip()} to {closing} is wanted")
    before, rest = page.split(opening)
    after = rest.split(closing)[1]
    return f"{before}{opening}\n{content}\n\n{closing}{after}"


def machine() -> str:
    """Say what was measured on, and when."""
    return (
        f"Measured on {processor()}, {os.cpu_count()} cores, Python {platform.python_version()}, "
        f"TensorFlow {importlib.metadata.version('tensorflow')}, {datetime.date.today()}."
    )


def processor() -> str:
    """Return the processor's name as the kernel knows it."""
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.machine()
