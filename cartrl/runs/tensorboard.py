"""Writes the metrics as TensorBoard's event files: ``tensorboard --logdir runs`` shows them."""

import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Optional

from cartrl.columns import Column
from cartrl.runs.metrics import Row, seconds_after
from cartrl.system import files


class EventLog:
    """Writes an event file into ``directory``.

    Args:
        directory: for event files alone; earlier event files in it are removed.
        columns: of the rows; those with a tag are written.
        rows: those of a resumed run, with which the file begins, so that each iteration is in it once.
    """

    def __init__(self, directory: Path, columns: Sequence[Column], rows: Sequence[Row] = ()):
        # tensorboard.summary.Writer would write an event for each value; one for each row takes a twentieth of that.
        from tensorboard.compat.proto import event_pb2, summary_pb2
        from tensorboard.summary.writer.event_file_writer import EventFileWriter

        for old in directory.glob("events.out.tfevents.*"):
            old.unlink()
        self._directory = directory
        self._tags = {column.name: column.tag for column in columns if column.tag}
        self._writer = EventFileWriter(str(directory))
        self._event, self._summary = event_pb2.Event, summary_pb2.Summary
        self._began = time.time() - seconds_after(rows)
        for row in rows:
            self.append(row)

    def append(self, row: Row) -> None:
        """Write the values of ``row`` at its iteration, which TensorBoard calls a step."""
        values = [
            self._summary.Value(tag=tag, simple_value=row[column])
            for column, tag in self._tags.items()
            if row.get(column) is not None
        ]
        event = self._event(
            wall_time=self._began + float(row["seconds"] or 0),
            step=row["iteration"],
            summary=self._summary(value=values),
        )
        with files.naming(self._directory):
            self._writer.add_event(event)

    def __enter__(self) -> "EventLog":
        return self

    def __exit__(
        self, kind: Optional[type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        with files.naming(self._directory):
            self._writer.close()
