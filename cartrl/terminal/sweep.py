"""What a sweep says: before it trains, after each setting, and at the end."""

import textwrap
from collections.abc import Sequence
from typing import Any, Optional

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from cartrl.analysis.numbers import NOTHING, clock, counted, exact, number
from cartrl.analysis.summaries import certain, certainty, of_json, share_said
from cartrl.runs.outcome import Outcome
from cartrl.runs.study import named
from cartrl.runs.sweep import Plan
from cartrl.settings.writing import scalar
from cartrl.sweeps.ranking import NOT_BEGUN, going_on
from cartrl.sweeps.sensitivity import HEADERS, basis, rows
from cartrl.system import imports
from cartrl.system.console import say
from cartrl.terminal import tables

HEADER = 16  # columns, of a setting's name above its values
SHARES = 58  # columns, of the shares beside a name
UNLIMITED = 10_000  # columns
HOLDS = {True: "bold green", False: "bold red", None: "bold yellow"}


def planned(plan: Plan) -> str:
    """Return how many runs are to be trained of how many settings, in words."""
    seeds, settings = plan.seeds, counted(plan.total, "trial" if plan.search else "setting")
    text = f"{settings} × {counted(len(seeds), 'seed')} ({named(seeds)}) = {counted(plan.total * len(seeds), 'run')}"
    text = f"{text} at most, in a race" if plan.is_race else text
    fresh = f"{counted(len(plan.fresh), 'fresh seed')} ({named(plan.fresh)})"
    return f"{text}; then the best two × {fresh}" if plan.fresh else text


def reached(entry: dict[str, Any]) -> str:
    """Return a line about what a setting has reached."""
    text = _final(entry) if entry["final_return"] else "; ".join(entry["notes"])
    return f"{entry['name']}: final greedy return {text}"


def _final(entry: dict[str, Any]) -> str:
    return ", ".join(certainty(of_json(entry["final_return"]), len(entry["seeds"]), "seed"))


def print_summary(console: Console, report: dict[str, Any], seeds: Sequence[int]) -> None:
    """Print the settings by rank, a caution about the best one, and what to type next."""
    ranked = [entry for entry in report["settings"] if entry["rank"] is not None]
    unranked = len(report["settings"]) - len(ranked)
    console.print()
    if ranked:
        _print_table(console, ranked, report["reward_threshold"])
        console.print()
    for entry in report["settings"]:
        for note in entry["notes"]:
            if note != NOT_BEGUN:
                say(console, f"{entry['name']}: {note}", style="yellow")
    if unranked:
        text = f"Without a seed that has ended, so without a rank: {unranked} of {len(report['settings'])} settings."
        console.print(text, highlight=False)
    basis, threshold = f"Ranked by the {report['ranked_by']}", report["reward_threshold"]
    solved = "" if threshold is None else f"; solved is a final return of at least {exact(threshold)}"
    console.print(f"{basis}{solved}.", highlight=False)
    if report["race"]:
        console.print(report["race"], highlight=False)
    if len(ranked) > 1:
        console.print(Text(report["caution"], style="bold"))
    confirmed = report["confirmation"]
    if confirmed is not None:
        _print_confirmation(console, confirmed, threshold)
    if report["sensitivity"] is not None:
        _print_sensitivity(console, report["sensitivity"])
    console.print(f"Spent: {_cost(report['spent'])}.", highlight=False)
    tables.lines(console, "written", [report["sweep"]])
    again = confirmed["settings"] if confirmed else []
    can_resume = report["outcome"] != Outcome.FINISHED
    if steps := going_on(report["sweep"], ranked, seeds, can_resume, imports.given, again):
        tables.lines(console, "next", [command for _, command in steps])


def _print_sensitivity(console: Console, found: dict[str, Any]) -> None:
    """Print which key mattered, and how much is lost by keeping the default."""
    console.print()
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold", pad_edge=False)
    table.add_column(HEADERS[0], overflow="fold")
    for header in HEADERS[1:]:
        table.add_column(header, justify="right", no_wrap=True)
    for name, *row in rows(found):
        table.add_row(_wrapped(name, max(console.width - SHARES, HEADER)), *row)
    console.print(table)
    console.print(Text(basis(found)), highlight=False)
    console.print()


def _print_confirmation(console: Console, found: dict[str, Any], threshold: Optional[float]) -> None:
    """Print what the best settings reached with fresh seeds, and whether the best holds."""
    console.print()
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold", pad_edge=False)
    table.add_column(f"fresh seeds {named(found['seeds'])}", overflow="fold")
    for header in ("in the sweep", "now", "95 % interval", "seeds" if threshold is None else "solved"):
        table.add_column(header, justify="right", no_wrap=True)
    for entry in found["settings"]:
        results = _results(entry) if entry["final_return"] else [NOTHING, "", "; ".join(entry["notes"])]
        table.add_row(_values(entry), number(entry["in_the_sweep"]), *results)
    console.print(table)
    console.print(Text(found["conclusion"], style=HOLDS[found["holds"]]), highlight=False)
    if found["comparison"]:
        console.print(f"With fresh seeds: {found['comparison']}", highlight=False)


def _cost(spent: dict[str, Any]) -> str:
    """Write what runs have cost."""
    steps, took = counted(spent["environment_steps"], "environment step"), clock(spent["hours"] * 3600)
    return f"{counted(spent['runs'], 'run')}, {steps}, {took} of training"


def _print_table(console: Console, ranked: Sequence[dict[str, Any]], threshold: Optional[float]) -> None:
    """Print a column for each setting that varies; where they are too wide, one for all of them."""
    keys = list(ranked[0]["values"])
    wide = _table(ranked, [_header(key) for key in keys], threshold)
    for entry in ranked:
        wide.add_row(f"{entry['rank']}", *map(scalar, entry["values"].values()), *_results(entry))
    if Measurement.get(console, console.options.update(width=UNLIMITED), wide).maximum <= console.width:
        console.print(wide)
        return
    narrow = _table(ranked, ["setting"], threshold)
    narrow.columns[1].no_wrap, narrow.columns[1].overflow = False, "fold"
    for entry in ranked:
        narrow.add_row(f"{entry['rank']}", _values(entry), *_results(entry))
    console.print(narrow)


def _table(ranked: Sequence[dict[str, Any]], headers: Sequence[str], threshold: Optional[float]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold", pad_edge=False)
    table.add_column("rank", justify="right", no_wrap=True)
    for header in headers:
        table.add_column(header, no_wrap=True)
    for header in ("final return", "95 % interval", "seeds" if threshold is None else "solved"):
        table.add_column(header, justify="right", no_wrap=True)
    return table


def _values(entry: dict[str, Any]) -> str:
    """Write the values of a setting, one below the other."""
    return "\n".join(f"{key.partition('.')[2]}={scalar(value)}" for key, value in entry["values"].items())


def _header(key: str) -> str:
    """Write a setting's name without its section, over several lines if it is long."""
    return _wrapped(key.partition(".")[2], HEADER)


def _wrapped(name: str, width: int) -> str:
    """Write a name over several lines of this ``width`` if it is long, each but the last with a _ at its end."""
    lines = textwrap.wrap(name.replace("_", "_ "), width)
    return "\n".join(line.replace("_ ", "_") for line in lines)


def _results(entry: dict[str, Any]) -> list[str]:
    seeds = share_said(entry["solved"]) if entry["solved"] else f"{len(entry['seeds'])}"
    return [*certain(of_json(entry["final_return"])), seeds]
