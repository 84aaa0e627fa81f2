"""``cartrl runs``."""

import json
import math
from collections.abc import Sequence
from datetime import datetime, timezone
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional

from rich.table import Table
from rich.text import Text

from cartrl.analysis.numbers import NOTHING, number
from cartrl.errors import UsageError, nearest
from cartrl.runs.directory import RUNS
from cartrl.runs.finding import warn_of_skipped
from cartrl.runs.listing import Entry, entries
from cartrl.runs.measures import GREEDY
from cartrl.runs.states import DAMAGED, FAILED, FINISHED, RUNNING, STATES, STOPPED, UNKNOWN
from cartrl.system.console import Console, one_line, say

if TYPE_CHECKING:
    from cartrl.runs.foreign import Layout

STYLES = {
    RUNNING: "bold cyan", FINISHED: "green", STOPPED: "yellow", FAILED: "red", DAMAGED: "red", UNKNOWN: "yellow",
}  # fmt: skip
UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


def run(
    directory: Optional[Path], env_name: Optional[str], states: list[str], layout: "Optional[Layout]", as_json: bool
) -> None:
    """Print the runs and studies below ``directory`` that pass the filters."""
    for state in states:
        if state not in STATES:
            raise UsageError(f"--state {state}: a state is one of {', '.join(STATES)}{nearest(state, list(STATES))}")
    root = directory or RUNS
    if directory is None and not root.exists():
        raise UsageError(f"there is no {root}/ here; train a run, or name another directory")
    everything, foreign = entries(root, layout)
    warn_of_skipped(foreign)
    found = [entry for entry in everything if _passes(entry, env_name, states)]
    if as_json:
        print(json.dumps([_facts(entry) for entry in found]))
        return
    console = Console()
    if not found:
        text = f"none of the {len(everything):,} runs and studies passes" if everything else "there are no runs"
        say(console, f"{root}: {text}")
    _print(console, root, found)


def _passes(entry: Entry, env_name: Optional[str], states: Sequence[str]) -> bool:
    return (env_name is None or entry.env_name == env_name) and (not states or entry.state in states)


def _facts(entry: Entry) -> dict[str, Any]:
    best = entry.best if entry.best is not None and math.isfinite(entry.best) else None
    return {
        "path": str(entry.path),
        "kind": entry.kind,
        "state": entry.state,
        "env_name": entry.env_name,
        "agent": entry.agent,
        "seeds": list(entry.seeds),
        "settings": entry.settings,
        "iterations": entry.iterations,
        "num_iterations": entry.num_iterations,
        "best_greedy_return": best if entry.measure == GREEDY else None,
        "best_return": best,
        "measure": entry.measure,
        "started": entry.started.isoformat() if entry.started else None,
        "problem": entry.problem,
    }


def _print(console: Console, root: Path, found: list[Entry]) -> None:
    """Print a table for each task, since returns compare within one environment only."""
    now = datetime.now(timezone.utc)
    tasks = sorted(found, key=_task)  # a stable sort: within a task the latest stays first
    for position, (task, group) in enumerate(groupby(tasks, key=_task)):
        if position:
            console.print()
        say(console, one_line(task), style="bold")
        console.print(_table(root, list(group), now))
    for entry in found:
        if entry.state == DAMAGED:
            say(console, one_line(f"damaged: {entry.problem}"), style="red")


def _task(entry: Entry) -> str:
    named = f"{entry.env_name}, {entry.agent}" if entry.env_name else "environment unknown"
    return named if entry.measure == GREEDY else f"{named} ({entry.measure}s)"


def _table(root: Path, group: list[Entry], now: datetime) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    table.add_column("run", overflow="fold")
    table.add_column("seed", no_wrap=True)
    for name in ("done", "best", "age"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("state", no_wrap=True)
    for entry in group:
        table.add_row(
            Text(one_line(_name(root, entry.path)) + ("" if entry.kind == "run" else "/")),
            _seeds(entry.seeds) + ("" if entry.settings is None else f" × {entry.settings} settings"),
            _share(entry),
            number(entry.best),
            _age(entry.started, now),
            Text(entry.state, style=STYLES[entry.state]),
        )
    return table


def _name(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix() if path != root else path.resolve().name


def _seeds(seeds: Sequence[int]) -> str:
    """Write seeds short: a range where they are one, or how many."""
    if len(seeds) < 2:
        return str(seeds[0]) if seeds else NOTHING
    is_range = list(seeds) == list(range(seeds[0], seeds[0] + len(seeds)))
    return f"{seeds[0]}–{seeds[-1]}" if is_range else f"{len(seeds)} seeds"


def _share(entry: Entry) -> str:
    if not entry.num_iterations:
        return NOTHING
    return f"{math.floor(100 * min(entry.iterations / entry.num_iterations, 1)):d} %"


def _age(started: Optional[datetime], now: datetime) -> str:
    if started is None:
        return NOTHING
    seconds = max((now - started).total_seconds(), 0)
    size, unit = next(((size, unit) for size, unit in UNITS if seconds >= size), UNITS[-1])
    return f"{seconds // size:.0f} {unit}"
