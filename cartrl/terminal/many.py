"""The display of many runs while they train: a live table on a terminal; in a log, a line for each that has ended."""

import time
from collections.abc import Sequence
from types import TracebackType
from typing import Optional

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from cartrl.analysis.numbers import clock, exact, number, numbers
from cartrl.runs.outcome import Outcome
from cartrl.system.console import one_line, say
from cartrl.terminal.board import Board, Named, quantiles, slow
from cartrl.terminal.display import Display

BAR = 5
CELL = 15  # columns of a cell beside its name: a mark, a bar and a return
SPACE = 1  # between cells
LISTED = 3  # runs that failed, or are slow, by name
REFRESHES_PER_SECOND = 4
TO_COME = (Outcome.WAITING, Outcome.RUNNING)
SHOWN = (Outcome.RUNNING, Outcome.WAITING, Outcome.INTERRUPTED, Outcome.FAILED)
BY_INTEREST = (Outcome.RUNNING, Outcome.FAILED, Outcome.INTERRUPTED, Outcome.WAITING)
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

    def attach(self, board: Board, threshold: Optional[float]) -> None:
        """Take the runs to show, and the environment's reward threshold if it has one."""
        self._board, self._threshold = board, threshold

    def told(self, setting: str, seed: int) -> None:
        """Take note that a run has come further, or has ended."""

    def say(self, text: str) -> None:
        """Print a line among the others."""


class LineDisplay(SilentDisplay):
    """One plain line for each run that has ended."""

    def __init__(self, console: Console, title: str):
        self._console = console
        self._title = title
        self._ended: set[tuple[str, int]] = set()

    def attach(self, board: Board, threshold: Optional[float]) -> None:
        """Take the runs to show, and print how many there are."""
        super().attach(board, threshold)
        before = f", {board.done_before} of them finished before" if board.done_before else ""
        say(self._console, f"{self._title}: {board.what}{before}")

    def told(self, setting: str, seed: int) -> None:
        """Print the line of the run once it has ended; what is told of it later, such as a warning, has none."""
        board, progress = self._board, self._board.studies[setting]
        state = progress.seeds[seed]
        if state.outcome in TO_COME or (setting, seed) in self._ended:
            return
        self._ended.add((setting, seed))
        ended = board.done_before + len(self._ended)
        widest, total = len(str(max(progress.seeds))), str(board.planned)
        line = f"seed {seed:<{widest}}  {state.outcome:<11}  {ended:>{len(total)}} of {total}"
        name = "final" if state.outcome.is_over else "last"
        line += f", {board.seconds:8,.1f} s  best {number(state.best):>8}  {name:<5} {number(state.greedy):>8}"
        say(self._console, f"{line}  {setting}".rstrip())

    def say(self, text: str) -> None:
        """Print a line among the others."""
        say(self._console, text)


class LiveDisplay(SilentDisplay):
    """A table that is redrawn in place: how many runs are in which state, their returns, the slow and the failed."""

    def __init__(self, console: Console, title: str):
        self._console = console
        self._title = title
        self._live: Optional[Live] = None

    def attach(self, board: Board, threshold: Optional[float]) -> None:
        """Take the runs to show, and begin to show them."""
        super().attach(board, threshold)
        self._live = Live(  # made here, not in __init__: it renders at once, which takes a board
            console=self._console, get_renderable=self._render, refresh_per_second=REFRESHES_PER_SECOND
        )
        self._live.start()

    def say(self, text: str) -> None:
        """Print a line above the table."""
        say(self._console, text)

    def __exit__(
        self, kind: Optional[type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def _render(self) -> Group:
        runs = self._board.runs
        counts = self._board.counts(runs)
        title = Text(f"{self._title}: {self._board.what}", style="bold", overflow="ellipsis", no_wrap=True)
        returns, by_name = self._returns(runs), _by_name(runs)
        parts: list[RenderableType] = [title, self._head(runs, counts), self._counts(counts), *returns, *by_name]
        above = 3 + len(by_name) + sum(table.row_count + 1 for table in returns)
        room = self._console.height - above - 2  # for the legend, and the line that the cursor is in
        return Group(*parts, *self._cells(runs, max(room, 1)))

    def _head(self, runs: Sequence[Named], counts: dict[Outcome, int]) -> Table:
        board = self._board
        over = counts[Outcome.FINISHED] + counts[Outcome.SOLVED]
        figures = f"{over:,} of {board.planned:,} {board.noun}, {clock(board.seconds)}"
        if (left := board.seconds_left(runs)) is not None and over < board.planned:
            figures += f", {clock(left)} left"
        head = Table.grid(padding=(0, 2), expand=True)
        head.add_column(ratio=1)
        head.add_column(justify="right", no_wrap=True)
        head.add_row(ProgressBar(total=board.planned, completed=sum(run.share for run in runs)), figures)
        return head

    def _counts(self, counts: dict[Outcome, int]) -> Text:
        return Text("   ").join(
            Text(f"{MARKS[outcome]} {counts[outcome]:,} {outcome}", style=STYLES[outcome])
            for outcome in SHOWN
            if counts[outcome]
        )

    def _returns(self, runs: Sequence[Named]) -> list[Table]:
        """Return a table of how the returns are spread, where there are several."""
        kinds = {
            "last return, running": [run.state.greedy for run in runs if run.state.outcome is Outcome.RUNNING],
            "final return, finished": [run.state.greedy for run in runs if run.state.outcome.is_over],
        }
        table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
        for title in ("", "lowest", "25 %", "median", "75 %", "highest"):
            table.add_column(title, justify="right" if title else "left", no_wrap=True)
        for name, values in kinds.items():
            if len(values) > 1 and (found := quantiles(values)):
                table.add_row(name, *numbers(found))
        return [table] if table.row_count else []

    def _cells(self, runs: Sequence[Named], room: int) -> list[RenderableType]:
        """Return a cell for each run; where they do not fit, first for those that run, and last for those to come."""
        labels = [_label(run, self._console.width - CELL - SPACE) for run in runs]
        width = max(map(len, labels), default=0) + CELL
        columns = max((self._console.width + SPACE) // (width + SPACE), 1)
        fitting = columns * room
        by_interest = sorted(range(len(runs)), key=lambda index: _interest(runs[index].state.outcome))
        table = Table.grid(padding=(0, SPACE))
        chosen = sorted(by_interest[:fitting])
        for first in range(0, len(chosen), columns):
            table.add_row(*(self._cell(runs[index], labels[index]) for index in chosen[first : first + columns]))
        legend = f"{self._board.noun[:-1]}, progress, last greedy return"
        if self._threshold is not None:
            legend += f" (bold from the threshold, {exact(self._threshold)})"
        return [table, Text(legend, style="dim")]

    def _cell(self, run: Named, label: str) -> Text:
        state = run.state
        filled = round(run.share * BAR)
        is_reached = self._threshold is not None and state.greedy is not None and state.greedy >= self._threshold
        style = STYLES.get(state.outcome, "")
        return Text.assemble(
            (f"{label} {MARKS[state.outcome]} ", style),
            ("━" * filled, style or "green"),
            ("─" * (BAR - filled), "dim"),
            (f"{number(state.greedy):>7}", "bold" if is_reached else style),
        )


def _by_name(runs: Sequence[Named]) -> list[Text]:
    """Return lines about the runs that failed, with the reason, and about those that are slow."""
    failed = [run for run in runs if run.state.outcome is Outcome.FAILED]
    lines = [f"failed  {run.name}: {run.state.error}" for run in failed[:LISTED]]
    lines += [f"        and {len(failed) - LISTED:,} more"] if len(failed) > LISTED else []
    late = slow(runs, time.perf_counter())
    for run, seconds, median in late[:LISTED]:
        lines.append(f"slow    {run.name}: {run.share:.0%} done after {clock(seconds)}; others took {clock(median)}")
    lines += [f"        and {len(late) - LISTED:,} more"] if len(late) > LISTED else []
    style = {"f": "red", "s": "yellow", " ": "dim"}
    return [Text(one_line(line), style=style[line[0]], overflow="ellipsis", no_wrap=True) for line in lines]


def _label(run: Named, width: int) -> str:
    """Return a short name: the seed, and within a sweep the values without their sections, as far as there is room."""
    if not run.setting:
        return f"{run.seed:>3}"
    values = ",".join(part.partition(".")[2] if "=" in part else part for part in run.setting.split(","))
    room = width - len(f" {run.seed:>3}")
    return f"{values if len(values) <= room else values[: room - 1] + '…'} {run.seed:>3}"


def _interest(outcome: Outcome) -> int:
    """Return the place of an outcome among those that are shown first where not all runs fit."""
    return BY_INTEREST.index(outcome) if outcome in BY_INTEREST else len(BY_INTEREST)
