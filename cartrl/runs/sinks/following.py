"""Follows the files of runs while they grow, and passes what is new to sinks."""

import functools
import math
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Callable, Optional

from cartrl.errors import UsageError
from cartrl.runs import metrics
from cartrl.runs.directory import MANIFEST, STUDY, RunDirectory
from cartrl.runs.finding import started
from cartrl.runs.json_files import read_json, write_json
from cartrl.runs.metrics import Row
from cartrl.runs.outcome import Outcome, outcome_of
from cartrl.runs.sinks.sink import About, Ending, Point, Sink
from cartrl.runs.tensorboard import CURVE, group_of
from cartrl.settings import load
from cartrl.settings.agents import kind
from cartrl.settings.writing import flat_settings, scalar

RECORD = "sinks.json"  # in a run: by the name of each sink, the name of the run there, and the last iteration it has
LEVELS = 3  # of directories, down to the fresh seeds of a sweep
MOST_LOOKS = 5  # that wait for the picture of a run that has ended
PLAIN = (str, int, float, bool, type(None))


def runs_below(root: Path) -> Iterator[RunDirectory]:
    """Yield the runs at or below ``root`` that have begun, in the order of their names."""
    for level in range(LEVELS + 1):
        for manifest in sorted(root.glob("*/" * level + MANIFEST)):
            run = RunDirectory(manifest.parent)
            if run.metrics.is_file() and run.config.is_file():
                yield run


Fail = Callable[[str, BaseException], None]


class Followed:
    """A run that is logged to sinks.

    Args:
        run: the run.
        sinks: by name.
        fail: called with the name of a sink that has failed, and the error.
    """

    def __init__(self, run: RunDirectory, sinks: dict[str, Sink], fail: Fail):
        self.run = run
        self._sinks, self._fail = sinks, fail
        self._record = read_json(run.root / RECORD) if (run.root / RECORD).is_file() else {}
        settings = load(run.config).settings
        self._tags = {column.name: column.tag for column in metrics.columns(kind(settings.agent.kind)) if column.tag}
        begin = started(read_json(run.manifest))
        group = group_of(run.root) if (run.root.parent / STUDY).is_file() else None
        known = flat_settings(settings).items()
        about = {name: value if isinstance(value, PLAIN) else scalar(value) for name, value in known}
        self._about = About(run.root.resolve().name, group, about, begin.timestamp() if begin else time.time())
        self._begun: set[str] = set()
        self._looks = 0  # since the end of the run

    def look(self, is_over: bool) -> bool:
        """Log what is new; return whether the run has ended, and all of it is logged.

        ``is_over`` tells that nothing is trained any more.
        """
        # Read before the rows, so that none is missing once the run has ended.
        outcome = outcome_of(read_json(self.run.manifest)) or Outcome.RUNNING
        self._log()
        self._looks += outcome.is_over
        is_drawn = self.run.learning_curve.is_file() or self._looks > MOST_LOOKS
        if not (is_over or (outcome.is_over and is_drawn)):
            return False
        self._end(outcome)
        return True

    def _log(self) -> None:
        rows = metrics.read(self.run.metrics)
        for name in list(self._sinks):
            last = self._known(name).get("iteration", -1)
            points = [self._point(row) for row in rows if int(row["iteration"] or 0) > last]
            if points:
                self._try(name, functools.partial(self._pass_on, name, points))

    def _pass_on(self, name: str, points: list[Point], sink: Sink) -> None:
        if name not in self._begun:
            self._record[name] = {**self._known(name), "run": sink.begin(self._about, self._known(name).get("run"))}
            self._begun.add(name)
        sink.log([point for point in points if point.values])
        self._record[name]["iteration"] = points[-1].iteration
        write_json(self.run.root / RECORD, self._record)

    def _end(self, outcome: Outcome) -> None:
        films = {f"films/{path.stem}": path for path in self.run.videos.glob("*.mp4")}
        shown = {CURVE: self.run.learning_curve, **films}
        ending = Ending(outcome, {tag: path for tag, path in shown.items() if path.is_file()})
        for name in self._begun & self._sinks.keys():
            self._try(name, lambda sink: sink.end(ending))

    def _known(self, name: str) -> dict[str, Any]:
        found = self._record.get(name)
        return found if isinstance(found, dict) else {}

    def _point(self, row: Row) -> Point:
        values = {tag: float(value) for name, tag in self._tags.items() if (value := row.get(name)) is not None}
        finite = {tag: value for tag, value in values.items() if math.isfinite(value)}
        return Point(int(row["iteration"] or 0), self._about.began + float(row["seconds"] or 0), finite)

    def _try(self, name: str, act: Callable[[Sink], None]) -> None:
        try:
            act(self._sinks[name])
        except (Exception, SystemExit) as error:  # a tracker may do anything; training goes on
            del self._sinks[name]
            self._fail(name, error)


def ready(root: Path, done: set[Path], is_over: bool) -> Optional[RunDirectory]:
    """Return the next run below ``root`` to follow, if there is one that is not ``done``.

    One that was stopped or failed may be about to go on: it has its turn when the command ``is_over``.
    """
    for run in runs_below(root):
        if run.root not in done:
            try:
                outcome = outcome_of(read_json(run.manifest))
            except UsageError:
                continue
            if is_over or outcome in (Outcome.RUNNING, Outcome.FINISHED, Outcome.SOLVED):
                return run
    return None
