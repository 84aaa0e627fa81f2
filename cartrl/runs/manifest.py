"""The manifest of a run, a study or a sweep: what ran, where, and how it ended."""

import os
import platform
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Optional

from cartrl.errors import CartrlError
from cartrl.runs import checkout, formats
from cartrl.runs.json_files import read_json, write_json
from cartrl.runs.machine import processor, timestamp, versions
from cartrl.runs.outcome import Outcome
from cartrl.settings.section import has_type
from cartrl.system import imports

OF_THE_END = ("result", "error")  # facts about the end of a run, which are dropped when it is resumed


class Clock(NamedTuple):
    """The column ``seconds`` of a run's metrics, where one process stopped and the next goes on."""

    stopped: float = 0.0  # in the last row that the earlier process has written
    now: float = 0.0  # in the row of the checkpoint from which this process goes on


NO_CLOCK = Clock()


class Spent(NamedTuple):
    """The time that processes have spent on a run, a study or a sweep."""

    processes: int = 0
    seconds: float = 0.0  # the sum over the processes whose time is known
    is_whole: bool = True  # False if a process was killed and its time is not known


def spent(sessions: Sequence[dict[str, Any]]) -> Spent:
    """Return the time that the processes in ``sessions`` have spent."""
    known = [session["seconds"] for session in sessions if has_type(session.get("seconds"), float)]
    return Spent(len(sessions), sum(known), len(known) == len(sessions))


def sessions_of(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the facts of each process in a manifest: ``started``, ``ended``, ``seconds`` and ``outcome``.

    A manifest of an older version lists no sessions. It tells the time of its process only where there was one alone.
    """
    found = manifest.get("sessions")
    if isinstance(found, list):
        return [session for session in found if isinstance(session, dict)]
    processes = [manifest, *(process for process in _list(manifest, "resumed") if isinstance(process, dict))]
    sessions = [_session(process.get("started")) for process in processes]
    if len(sessions) == 1:
        with suppress(KeyError, TypeError, ValueError):  # the run has not ended, or the manifest is damaged
            began, ended = (datetime.fromisoformat(manifest[name]) for name in ("started", "ended"))
            sessions[0].update(ended=manifest["ended"], seconds=(ended - began).total_seconds())
    return sessions


class Manifest:
    """What ran, where, and how it ended: written when a run starts, when it is resumed, and when it ends.

    Enter it around the work of this process. At the end of the block the outcome is written: the one given to
    `reached`, even if closing something failed afterwards; or ``failed``, if an error ended the block before `reached`.
    """

    def __init__(self, path: Path, content: dict[str, Any]):
        self._path = path
        self._content = content
        self._began = time.perf_counter()
        self.before = spent(content["sessions"][:-1])  # by the processes before this one
        write_json(path, content)

    @classmethod
    def begin(cls, path: Path, **facts: Any) -> "Manifest":
        """Write the manifest of a new run or study, with ``facts`` in it."""
        process = _process()
        content = {
            **facts,
            **process,
            "ended": None,
            "outcome": Outcome.RUNNING,
            "git": checkout.state(),
            "host": _host(),
        }
        return cls(path, {formats.KEY: formats.FORMAT, **content, "sessions": [_session(process["started"])]})

    @classmethod
    def resume(cls, path: Path, clock: Clock = NO_CLOCK, **facts: Any) -> "Manifest":
        """Write that this process continues a run, with ``facts`` about the checkpoint that it continues from.

        Args:
            path: the manifest.
            clock: the run's clock, which tells how long a process worked that was killed.
            facts: written beside the facts of this process.

        Raises:
            UsageError: when there is no manifest, or it is damaged.
        """
        content = read_json(path)
        process = _process()
        kept = {name: value for name, value in content.items() if name not in OF_THE_END}
        resumed = [*_list(content, "resumed"), {**facts, **process}]
        sessions = [*sessions_of(content), _session(process["started"], clock.now)]
        for killed in sessions[-2:-1]:
            if killed.get("seconds") is None and has_type(killed.get("clock"), float):
                killed["seconds"] = round(max(clock.stopped - killed["clock"], 0.0), 3)
        now = {"ended": None, "outcome": Outcome.RUNNING, "host": _host(), "resumed": resumed, "sessions": sessions}
        return cls(path, {**kept, formats.KEY: formats.FORMAT, **now})

    def note(self, **facts: Any) -> None:
        """Add ``facts`` that have become known since the run began."""
        self._content.update(facts)
        write_json(self._path, self._content)

    def reached(self, outcome: Outcome, **facts: Any) -> None:
        """Set the outcome that is written when the block ends, and ``facts`` about it."""
        self._content.update(outcome=outcome, **facts)

    def end(self, outcome: Outcome) -> None:
        """Write the outcome at once, for a process that exits inside the block."""
        self.reached(outcome)
        self._write_end()

    def __enter__(self) -> "Manifest":
        return self

    def __exit__(
        self, kind: Optional[type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        if error is not None and self._content["outcome"] is Outcome.RUNNING:
            self.reached(Outcome.FAILED, error=f"{type(error).__name__}: {error}")
        try:
            self._write_end()
        except (OSError, CartrlError):  # the disk may be what failed before
            if error is None:
                raise

    def _write_end(self) -> None:
        end = {name: self._content[name] for name in ("outcome", "error") if name in self._content}
        seconds = round(time.perf_counter() - self._began, 3)
        self._content["ended"] = timestamp()
        self._content["sessions"][-1].update(ended=self._content["ended"], seconds=seconds, **end)
        write_json(self._path, self._content)


def _session(started: Any, clock: float = 0.0) -> dict[str, Any]:
    """Return the entry of a process that began at ``started``, when the run's clock stood at ``clock``."""
    return {"started": started, "clock": clock, "ended": None, "seconds": None, "outcome": Outcome.RUNNING}


def _list(content: dict[str, Any], name: str) -> list[Any]:
    found = content.get(name)
    return found if isinstance(found, list) else []


def _process() -> dict[str, Any]:
    command = [Path(sys.argv[0]).name, *sys.argv[1:]]
    modules = list(imports.given)
    return {"command": command, "import_modules": modules, "started": timestamp(), "versions": versions()}


def _host() -> dict[str, Any]:
    return {
        "name": platform.node(),
        "system": platform.platform(),
        "machine": platform.machine(),
        "processor": processor(),
        "cpus": os.cpu_count(),
        "pid": os.getpid(),
    }
