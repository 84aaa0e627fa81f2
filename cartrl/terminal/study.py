"""The display of a study while it trains, and what it says at the end."""

from collections.abc import Sequence
from types import TracebackType
from typing import Optional

import numpy as np
from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from cartrl.analysis.numbers import exact, number, percent
from cartrl.analysis.seeds import summary, wilson_interval
from cartrl.analysis.summaries import certainty
from cartrl.runs.outcome import Outcome
from cartrl.runs.study import SeedState, StudyDirectory, StudyProgress, named
from cartrl.system.calls import call
from cartrl.system.console import say
from cartrl.terminal import tables
from cartrl.terminal.display import Display

CELL = 19  # columns for a seed
BAR = 5
REFRESHES_PER_SECOND = 5
TO_COME = (Outcome.WAITING, Outcome.RUNNING)
STYLES = {
    Outcome.WAITING: "dim",
    Outcome.RUNNING: "cyan",
    Outcome.FAILED: "red",
    Outcome.INTERRUPTED: "yellow",
}
MARKS = {
    Outcome.WAITING: "·",
    Outcome.RUNNING: "▶",
    Outcome.FINISHED: "✓",
    Outcome.SOLVED: "✓",
    Outcome.FAILED: "✗",
    Outcome.INTERRUPTED: "‖",
}


class SilentDisplay(Display):
    """Shows nothing."""

    def attach(self, progress: StudyProgress, threshold: Optional[float]) -> None:
        """Take the study to show, and the environment's reward threshold if it has one."""
        self._progress, self._threshold = progress, threshold

    def told(self, seed: int) -> None:
        """Take note that ``seed`` has come further, or has ended."""


class LineDisplay(SilentDisplay):
    """One plain line for each seed that has ended."""

    def __init__(self, console: Console, title: str):
        self._console = console
        self._title = title

    def attach(self, progress: StudyProgress, threshold: Optional[float]) -> None:
        """Take the study to show, and print how many seeds it has."""
        super().attach(progress, threshold)
        before = f", {progress.over} of them finished before" if progress.over else ""
        say(self._console, f"{self._title}: {len(progress.seeds)} seeds{before}")

    def told(self, seed: int) -> None:
        """Print the seed's line, if it has ended."""
        state, progress = self._progress.seeds[seed], self._progress
        if state.outcome in TO_COME:
            return
        ended = len(progress.seeds) - progress.count(*TO_COME)
        widest, total = len(str(max(progress.seeds))), str(len(progress.seeds))
        line = f"seed {seed:<{widest}}  {state.outcome:<11}  {ended:>{len(total)}} of {total}"
        name = "final" if state.outcome.is_over else "last"
        line += f", {progress.seconds:8,.1f} s  best {number(state.best):>8}  {name:<5} {number(state.greedy):>8}"
        say(self._console, line)


class LiveDisplay(SilentDisplay):
    """All seeds at once, redrawn in place: how far each has come, and its last greedy return."""

    def __init__(self, console: Console, title: str):
        self._console = console
        self._title = title
        self._live: Optional[Live] = None

    def attach(self, progress: StudyProgress, threshold: Optional[float]) -> None:
        """Take the study to show, and begin to show it."""
        super().attach(progress, threshold)
        self._live = Live(  # made here, not in __init__: it renders at once, which takes a study
            console=self._console, get_renderable=self._render, refresh_per_second=REFRESHES_PER_SECOND
        )
        self._live.start()

    def __exit__(
        self, kind: Optional[type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def _render(self) -> Group:
        progress = self._progress
        done = sum(
            progress.num_iterations if state.outcome.is_over else state.iteration for state in progress.seeds.values()
        )
        total = progress.num_iterations * len(progress.seeds)
        figures = f"{progress.over} of {len(progress.seeds)} seeds, {progress.seconds:.0f} s"
        head = Table.grid(padding=(0, 2), expand=True)
        head.add_column(ratio=1)
        head.add_column(justify="right", no_wrap=True)
        head.add_row(ProgressBar(total=total, completed=done), figures)
        title = Text(self._title, style="bold", overflow="ellipsis", no_wrap=True)
        legend = "seed, progress, last greedy return"
        if self._threshold is not None:
            legend += f" (bold from the threshold, {exact(self._threshold)})"
        return Group(title, head, self._cells(), Text(legend, style="dim"))

    def _cells(self) -> Table:
        columns = max(self._console.width // CELL, 1)
        states = list(self._progress.seeds.items())
        fitting = columns * max(self._console.height - 5, 1)
        if len(states) > fitting:  # seeds that have ended are left out first
            states = sorted(states, key=lambda item: item[1].outcome.is_over)[:fitting]
        cells = [self._cell(seed, state) for seed, state in sorted(states)]
        table = Table.grid(padding=(0, 1))
        for first in range(0, len(cells), columns):
            table.add_row(*cells[first : first + columns])
        return table

    def _cell(self, seed: int, state: SeedState) -> Text:
        share = 1.0 if state.outcome.is_over else state.iteration / self._progress.num_iterations
        filled = round(share * BAR)
        is_reached = self._threshold is not None and state.greedy is not None and state.greedy >= self._threshold
        style = STYLES.get(state.outcome, "")
        return Text.assemble(
            (f"{seed:>3} {MARKS[state.outcome]} ", style),
            ("━" * filled, style or "green"),
            ("─" * (BAR - filled), "dim"),
            (f"{number(state.greedy):>7}", "bold" if is_reached else style),
        )


def print_summary(
    console: Console, study: StudyDirectory, progress: StudyProgress, threshold: Optional[float], said: str
) -> None:
    """Print what a study reached, with intervals over its seeds, and what to type next.

    ``threshold`` is the environment's reward threshold; ``said`` writes it out, or says why there is none.
    """
    states = progress.seeds
    over = [state for state in states.values() if state.outcome.is_over]
    rows = [("seeds", f"{named(list(states))}: {len(over)} of {len(states)} finished")]
    for outcome in (Outcome.INTERRUPTED, Outcome.FAILED, Outcome.WAITING):
        seeds = [seed for seed, state in states.items() if state.outcome == outcome]
        rows += [(str(outcome), named(seeds))] if seeds else []
    rows += _reached("best greedy return", [state.best for state in over])
    rows += _reached("final greedy return", [state.greedy for state in over])
    if threshold is not None and over:
        solved = sum(state.best is not None and state.best >= threshold for state in over)
        low, high = wilson_interval(solved, len(over))
        rows.append(
            (
                f"best from {exact(threshold)}",
                f"{solved} of {len(over)} seeds, 95 % interval {percent(low)} to {percent(high)}",
            )
        )
    if threshold is None:
        rows.append(("reward threshold", said))
    rows.append(("seconds", f"{progress.seconds:.1f}"))
    tables.facts(console, rows)
    tables.lines(console, "written", [str(study.root)])
    resume = [call("train", "--resume", study.root)] if len(over) < len(states) else []
    tables.lines(console, "next", [*resume, call("plot", study.root), call("report", study.root)])


def _reached(name: str, values: Sequence[Optional[float]]) -> list[tuple[str, str]]:
    known = np.array([value for value in values if value is not None])
    if not len(known):
        return []
    text = ", ".join(certainty(summary(known), len(known), "seed"))
    return [(name, f"{text} (interquartile mean)" if len(known) > 1 else text)]
