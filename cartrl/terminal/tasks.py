"""A comparison over several environments, on a terminal."""

import string
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from cartrl.analysis.comparison import metrics
from cartrl.analysis.numbers import counted, exact
from cartrl.analysis.summaries import Summary, certain, of_json
from cartrl.terminal import tables
from cartrl.terminal.studies import grid, outcomes_table, pairs_table, profile_table, shared_notes


def print_comparison(console: Console, report: dict[str, Any]) -> None:
    """Print what ``cartrl compare`` found over several environments."""
    title = metrics(None)[report["tested"]].title
    methods = list(zip(string.ascii_uppercase, report["methods"]))
    rows: list[tuple[str, Any]] = [("environments", "\n".join(map(_reference, report["environments"])))]
    of_all = shared_notes([study for _, method in methods for study in method["studies"]])
    rows += tables.titled("notes", of_all)
    rows += [(letter, _studies(method, of_all)) for letter, method in methods]
    tables.facts(console, rows)
    console.print()
    table = grid(f"normalised {title}", "interquartile mean", "95 % interval")
    for letter, method in methods:
        low, high = method["interval_95"]
        table.add_row(letter, *certain(Summary(method["interquartile_mean"], low, high, None)))
    console.print(table)
    console.print()
    console.print(_by_environment(report, title, methods))
    for made in (pairs_table(report, title, []), outcomes_table(report)):
        console.print()
        console.print(made)
    console.print()
    letters = [letter for letter, _ in methods]
    console.print(profile_table(f"seeds with a normalised {title} from", "normalised_return", report, letters))
    console.print()
    console.print(Text(report["conclusion"], style="bold"), highlight=False)


def _reference(environment: dict[str, Any]) -> str:
    ends = f"0 is {exact(environment['low'])}, 1 is {exact(environment['high'])}"
    return f"{environment['env_name']}: {ends} ({environment['source']})"


def _studies(method: dict[str, Any], said: Sequence[str]) -> str:
    """Return a method's name, its studies, and what is to be said of each but for what is ``said`` of all."""
    shared = [note for note in shared_notes(method["studies"]) if note not in said]
    lines = [method["name"], *shared]
    for study in method["studies"]:
        lines.append(f"{study['path']}, {counted(len(study['seeds']), 'seed')}")
        lines += [f"  {note}" for note in study["notes"] if note not in (*shared, *said)]
    return "\n".join(lines)


def _by_environment(report: dict[str, Any], title: str, methods: Sequence[tuple[str, dict[str, Any]]]) -> Any:
    table = grid(f"{title}, interquartile mean of seeds", *(letter for letter, _ in methods))
    for place, environment in enumerate(report["environments"]):
        middles = [certain(of_json(method["studies"][place][report["tested"]]))[0] for _, method in methods]
        table.add_row(environment["env_name"], *middles)
    return table
