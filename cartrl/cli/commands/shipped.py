"""``cartrl config --list``."""

import json
import re
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Optional

from rich.table import Table

from cartrl.analysis.numbers import NOTHING
from cartrl.settings import ExperimentSettings, load, shipped
from cartrl.settings.yaml_text import parse
from cartrl.system.console import Console, say

# What a config says of itself in a line of its comment; the numbers are those of docs/results.md.
REACHES = re.compile(r"^# Reaches: (?P<said>.+?)\.?$", re.MULTILINE)
MEASURED = re.compile(
    r"(?P<policy>best|final) policy (?P<mean>-?[\d,.]+) \(interquartile mean of (?P<seeds>\d+) seeds?\)"
    r"(, (?P<solved>\d+) of \d+ at least (?P<threshold>-?[\d,.]+))?"
)
LEGEND = (
    "return: the interquartile mean over seeds, of the final or the best policy",
    "seeds: how many solve the environment, or how many there were",
    "next: cartrl train NAME, or cartrl config NAME > mine.yaml to change it",
)


@dataclass(frozen=True)
class Entry:
    """A shipped config, as the list shows it."""

    name: str
    settings: ExperimentSettings
    steps: Optional[int]  # the length of the run in steps of the environments, where the config gives it so
    reaches: Optional[str]  # None where it does not say

    @property
    def episodes(self) -> Optional[int]:
        """The length of the run in episodes; None where an iteration does not play whole ones."""
        an_iteration = getattr(self.settings.collect, "collect_episodes_per_iteration", None)
        return None if an_iteration is None else self.settings.train.num_iterations * an_iteration

    @property
    def measured(self) -> dict[str, Optional[str]]:
        """The parts of what it reaches, by their names in `MEASURED`; none where that is not known."""
        found = MEASURED.fullmatch(self.reaches or "")
        return found.groupdict() if found else {}


def entries() -> list[Entry]:
    """Return all shipped configs, in the order of their names."""
    return [_entry(name) for name in shipped.names()]


def _entry(name: str) -> Entry:
    text = shipped.text_of(name)
    reaches = REACHES.search(text)
    steps = parse(text, name).values.get("train", {}).get("num_environment_steps")
    return Entry(name, load(shipped.path_of(name)).settings, steps, reaches and reaches["said"])


def run(as_json: bool) -> None:
    """Print the shipped configs."""
    found = entries()
    if as_json:
        print(json.dumps([_facts(entry) for entry in found]))
        return
    console = Console()
    for env_name, group in groupby(sorted(found, key=_environment), key=_environment):
        same = list(group)
        thresholds = {entry.measured.get("threshold") for entry in same} - {None}
        say(console, ", ".join([env_name, *(f"solved from {threshold}" for threshold in thresholds)]), style="bold")
        console.print(_table(same))
        console.print()
    for line in LEGEND:
        say(console, line, style="dim")


def _environment(entry: Entry) -> str:
    return entry.settings.environment.env_name


def _facts(entry: Entry) -> dict[str, Any]:
    return {
        "name": entry.name,
        "agent": entry.settings.agent.kind,
        "env_name": _environment(entry),
        "num_iterations": entry.settings.train.num_iterations,
        "num_environment_steps": entry.steps,
        "num_episodes": entry.episodes,
        "stop_when_solved": entry.settings.train.stop_when_solved,
        "reaches": entry.reaches,
    }


def _table(group: list[Entry]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    table.add_column("config", overflow="fold")
    table.add_column("agent", no_wrap=True)
    for name in ("budget", "return"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("policy", no_wrap=True)
    table.add_column("seeds", no_wrap=True)
    for entry in group:
        table.add_row(entry.name, entry.settings.agent.kind, _budget(entry), *_reached(entry))
    return table


def _budget(entry: Entry) -> str:
    train = entry.settings.train
    most = "≤ " if train.stop_when_solved is not False else ""
    if entry.steps is not None:
        return f"{most}{entry.steps:,} steps"
    return (
        f"{most}{train.num_iterations:,} iterations" if entry.episodes is None else f"{most}{entry.episodes:,} episodes"
    )


def _reached(entry: Entry) -> tuple[str, str, str]:
    """Return the cells for the return, the policy that has it, and the seeds that solve the task."""
    measured = entry.measured
    if not measured:
        return NOTHING, "", ""
    seeds = f"{measured['solved']} of {measured['seeds']}" if measured["solved"] else str(measured["seeds"])
    return str(measured["mean"]), str(measured["policy"]), seeds
