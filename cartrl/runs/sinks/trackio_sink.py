"""Logs to Trackio: to its own folder on this machine, or where TRACKIO_DIR says."""

import os
from typing import Any, Optional

from cartrl.runs.sinks.sink import PROJECT, About, Ending, Point


class TrackioSink:
    """A run of Trackio for each run; those of a study are a group."""

    def __init__(self) -> None:
        import trackio

        self._trackio: Any = trackio
        self._run: Any = None

    def begin(self, about: About, known: Optional[str]) -> str:
        """Begin a run; see `Sink`. Trackio knows a run by its name, so that the name has the group's in it."""
        self._run = self._trackio.init(
            project=os.environ.get("TRACKIO_PROJECT", PROJECT),
            name=known or (about.name if about.group is None else f"{about.group}/{about.name}"),
            group=about.group,
            config=about.settings,
            resume="allow",
        )
        return str(self._run.name)

    def log(self, points: list[Point]) -> None:
        """Log iterations; see `Sink`."""
        for point in points:
            self._run.log(point.values, step=point.iteration)

    def end(self, ending: Ending) -> None:
        """End the run; see `Sink`."""
        self._run.finish()
