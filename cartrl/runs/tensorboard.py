"""Writes the metrics as TensorBoard's event files: ``tensorboard --logdir runs`` shows them.

Beside the curves stand the settings, as hyperparameters and as text, the learning curve's picture and films. The runs
of a study are one group of hyperparameters, whose metrics TensorBoard averages.
"""

import os
import socket
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Optional

from cartrl.columns import Column
from cartrl.runs.directory import DECISION, STUDY, SWEEP
from cartrl.runs.metrics import Row, seconds_after
from cartrl.settings import ExperimentSettings
from cartrl.settings.writing import flat_settings, scalar
from cartrl.system import files, reading

if TYPE_CHECKING:
    from tensorboard.compat.proto.summary_pb2 import Summary

FILES = "events.out.tfevents.*"
FILM = ".film"  # how the names of files with films end, which stay while a run goes on
LARGEST = 8 << 20  # bytes of a picture or of a film: a page has to load it
SEED = "train.seed"  # in which the runs of a group differ
CURVE = "learning_curve"


class EventLog:
    """Writes an event file into ``directory``.

    Args:
        directory: of a run, for event files alone; earlier ones in it are removed, but for films.
        columns: of the rows; those with a tag are written.
        rows: those of a resumed run, with which the file begins, so that each iteration is in it once.
        settings: of the run.
    """

    def __init__(self, directory: Path, columns: Sequence[Column], rows: Sequence[Row], settings: ExperimentSettings):
        # tensorboard.summary.Writer would write an event for each value; one for each row takes a twentieth of that.
        from tensorboard.compat.proto import event_pb2, summary_pb2
        from tensorboard.summary.writer.event_file_writer import EventFileWriter

        for old in directory.glob(FILES):
            if old.suffix != FILM:
                old.unlink()
        self._directory = directory
        self._tags = {column.name: column.tag for column in columns if column.tag}
        self._writer = EventFileWriter(str(directory))
        self._event, self._summary = event_pb2.Event, summary_pb2.Summary
        self._began = time.time() - seconds_after(rows)
        about = flat_settings(settings)
        self._add(0, self._began, [_session_start(about, group_of(directory.parent), self._began), _config(about)])
        for row in rows:
            self.append(row)

    def append(self, row: Row) -> None:
        """Write the values of ``row`` at its iteration, which TensorBoard calls a step."""
        values = [
            self._summary.Value(tag=tag, simple_value=row[column])
            for column, tag in self._tags.items()
            if row.get(column) is not None
        ]
        self._add(int(row["iteration"] or 0), self._began + float(row["seconds"] or 0), values)

    def _add(self, step: int, wall_time: float, values: "Sequence[Summary.Value]") -> None:
        event = self._event(wall_time=wall_time, step=step, summary=self._summary(value=values))
        with files.naming(self._directory):
            self._writer.add_event(event)

    def __enter__(self) -> "EventLog":
        return self

    def __exit__(
        self, kind: Optional[type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self._add(0, time.time(), [_session_end(is_success=kind is None)])
        with files.naming(self._directory):
            self._writer.close()


def group_of(run: Path) -> str:
    """Return the name of the group of the run in the directory ``run``: its study's, with its sweep's, or its own."""
    run = run.resolve()
    study = run.parent
    if not (study / STUDY).is_file():
        return run.name
    many = [place for place in study.parents[:2] if any((place / name).is_file() for name in (SWEEP, DECISION))]
    return study.relative_to(many[0].parent).as_posix() if many else study.name


def add_picture(directory: Path, tag: str, picture: Path, step: int, is_film: bool = False) -> None:
    """Add a ``picture``, a PNG or an animated GIF, to the event files in ``directory``; one of each ``tag`` is kept.

    A file that is too large to load in a page is left out.
    """
    from PIL import Image
    from tensorboard.compat.proto import summary_pb2

    if picture.stat().st_size > LARGEST:
        return
    suffix = f".{tag.replace('/', '-')}{FILM if is_film else ''}"
    for old in directory.glob(f"{FILES}{suffix}"):
        old.unlink()
    content = reading.read_bytes(picture, LARGEST)
    with Image.open(picture) as opened:
        width, height = opened.size
    image = summary_pb2.Summary.Image(height=height, width=width, colorspace=4, encoded_image_string=content)
    summary = summary_pb2.Summary(value=[summary_pb2.Summary.Value(tag=tag, image=image)])
    _write_file(directory, suffix, step, summary)


def _write_file(directory: Path, suffix: str, step: int, summary: "Summary") -> None:
    """Write an event file with one event. TensorBoard's own writer of files would import TensorFlow, for seconds."""
    from tensorboard.compat.proto import event_pb2
    from tensorboard.summary.writer.record_writer import RecordWriter

    now = time.time()
    head = event_pb2.Event(wall_time=now, file_version="brain.Event:2")
    event = event_pb2.Event(wall_time=now, step=step, summary=summary)
    path = directory / f"{FILES[:-1]}{int(now):010}.{socket.gethostname()}.{os.getpid()}{suffix}"
    with files.whole_file(path) as draft, draft.open("wb") as file:
        records = RecordWriter(file)
        for record in (head, event):
            records.write(record.SerializeToString())


def _session_start(about: "dict[str, Any]", group: str, began: float) -> "Summary.Value":
    from tensorboard.plugins.hparams import metadata, plugin_data_pb2

    info = plugin_data_pb2.SessionStartInfo(group_name=group, start_time_secs=began)
    for name, value in about.items():
        if isinstance(value, bool):
            info.hparams[name].bool_value = value
        elif isinstance(value, (int, float)) and name != SEED:
            info.hparams[name].number_value = value
        elif name != SEED:
            info.hparams[name].string_value = scalar(value)
    return _hyperparameters(metadata.SESSION_START_INFO_TAG, session_start_info=info)


def _session_end(is_success: bool) -> "Summary.Value":
    from tensorboard.plugins.hparams import api_pb2, metadata, plugin_data_pb2

    status = api_pb2.STATUS_SUCCESS if is_success else api_pb2.STATUS_FAILURE
    info = plugin_data_pb2.SessionEndInfo(status=status, end_time_secs=time.time())
    return _hyperparameters(metadata.SESSION_END_INFO_TAG, session_end_info=info)


def _hyperparameters(tag: str, **info: Any) -> "Summary.Value":
    from tensorboard.compat.proto import summary_pb2
    from tensorboard.plugins.hparams import metadata, plugin_data_pb2

    about = metadata.create_summary_metadata(plugin_data_pb2.HParamsPluginData(**info))
    return summary_pb2.Summary.Value(tag=tag, metadata=about, tensor=metadata.NULL_TENSOR)


def _config(about: "dict[str, Any]") -> "Summary.Value":
    """Return the settings as a text, a table in Markdown."""
    import numpy as np
    from tensorboard.compat.proto import summary_pb2
    from tensorboard.plugins.text import metadata
    from tensorboard.util import tensor_util

    rows = ["{} | {}".format(name, scalar(value).replace("|", "\\|")) for name, value in about.items()]
    text = "\n".join(["setting | value", "--- | ---", *rows])
    tensor = tensor_util.make_tensor_proto(text, dtype=np.object_)
    found = metadata.create_summary_metadata(display_name="config", description="")
    return summary_pb2.Summary.Value(tag="config", metadata=found, tensor=tensor)
