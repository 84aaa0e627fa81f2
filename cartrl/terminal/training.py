"""The display of a run while it trains: live on a terminal, plain lines in a log."""

from types import TracebackType
from typing import Optional, Union

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar
from rich.table import Table
from rich.text import Text

from cartrl.analysis.numbers import NOTHING, number, plus_minus
from cartrl.runs.metrics import Row, headline
from cartrl.system.console import say
from cartrl.terminal.chart import learning_curve
from cartrl.terminal.display import Display
from cartrl.training.journal import Progress, Reached

CHART_HEIGHT = 7
WIDEST = 100
REFRESHES_PER_SECOND = 5


def spread(evaluation: Optional[Reached]) -> str:
    """Write an evaluation as mean ± standard deviation."""
    return NOTHING if evaluation is None else plus_minus(evaluation.mean, evaluation.std)


class SilentDisplay(Display):
    """Shows nothing."""

    def attach(self, progress: Progress, threshold: Optional[float]) -> None:
        """Take the run to show, once it is built, and the environment's reward threshold if it has one."""
        self._progress, self._threshold = progress, threshold

    def append(self, row: Row) -> None:
        """Take the row of one iteration."""


class LineDisplay(SilentDisplay):
    """One plain line every ``log_interval`` iterations and at each evaluation."""

    def __init__(self, console: Console, log_interval: int):
        self._console = console
        self._log_interval = log_interval

    def append(self, row: Row) -> None:
        """Print the row, if it is due."""
        progress, greedy = self._progress, row.get("greedy_return_mean")
        if greedy is None and progress.iteration % self._log_interval:
            return
        total = str(progress.num_iterations)
        line = f"iteration {progress.iteration:>{len(total)}}/{total} steps {progress.environment_steps:>10,}"
        if own := headline(row):
            line += f" {own} {number(row[own]):>10} collect {number(row.get('collect_return_mean')):>7}"
        if greedy is not None:
            line += f" greedy {number(greedy):>7}"
        say(self._console, line)


class LiveDisplay(SilentDisplay):
    """A progress bar, the figures of the moment, and a small learning curve, redrawn in place."""

    def __init__(self, console: Console, title: str):
        self._title = title
        self._is_attached = False
        self._row: Row = {}
        self._now = console.get_time  # in seconds; the clock of the progress bar, too
        self._began = self._now()
        self._bar = Bar(
            TextColumn("[bold]iteration"),
            BarColumn(bar_width=None),
            MofNCompleteColumn(),
            TextColumn("time left"),
            TimeRemainingColumn(compact=True),
            console=console,
        )
        self._width = min(console.width, WIDEST)
        self._live = Live(console=console, get_renderable=self._render, refresh_per_second=REFRESHES_PER_SECOND)

    def attach(self, progress: Progress, threshold: Optional[float]) -> None:
        """Take the run to show, and begin with its figures."""
        super().attach(progress, threshold)
        self._began, self._steps_before = self._now(), progress.environment_steps
        self._live.console.show_cursor(False)
        before = max(progress.iteration, 0)
        self._task = self._bar.add_task("train", total=progress.num_iterations, completed=before)
        self._is_attached = True

    def append(self, row: Row) -> None:
        """Show this row from the next refresh on."""
        if not row["iteration"]:
            self._began = self._now()
        self._row = row
        self._bar.update(self._task, completed=row["iteration"])

    def __enter__(self) -> "LiveDisplay":
        self._live.start()
        self._live.console.show_cursor(True)  # a second signal while TensorFlow loads would leave it hidden
        return self

    def __exit__(
        self, kind: Optional[type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self._live.stop()

    def _render(self) -> Union[Group, Text]:
        title = Text(self._title, style="bold", overflow="ellipsis", no_wrap=True)
        if not self._is_attached:
            return Group(title, Text("starting: loading TensorFlow and building the experiment …", style="dim"))
        progress = self._progress
        chart = learning_curve(progress, self._threshold, self._width, CHART_HEIGHT)
        legend = "return: █ collect (mean)  ● greedy" + ("" if self._threshold is None else "  ╌ reward threshold")
        return Group(
            title, self._bar, self._figures(progress), Text("\n".join(chart), style="cyan"), Text(legend, style="dim")
        )

    def _figures(self, progress: Progress) -> Table:
        row = self._row
        seconds = self._now() - self._began
        steps_per_second = (progress.environment_steps - self._steps_before) / seconds if seconds > 0 else 0.0
        best = spread(progress.best) + (f" at {progress.best.step}" if progress.best else "")
        table = Table.grid(padding=(0, 2))
        for _ in range(2):  # a name and its number
            table.add_column(style="dim", no_wrap=True)
            table.add_column(justify="right", no_wrap=True)
        table.add_row("episodes", number(progress.episodes), "collect return", number(row.get("collect_return_mean")))
        table.add_row("environment steps", number(progress.environment_steps), "greedy return", spread(progress.last))
        table.add_row("steps per second", number(round(steps_per_second)), "best greedy return", best)
        own = headline(row)
        table.add_row(*((own.replace("_", " "), number(row[own])) if own else ("", "")))
        return table
