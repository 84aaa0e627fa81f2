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

OF_THE_END = ("result", "error")  # the facts of an end that no longer hold when a run goes on


class Clock(NamedTuple):
    """The seconds of training that the metrics of a run count."""

    stopped: float = 0.0  # in the last row that the process before has written
    now: float = 0.0  # in the row after which this process goes on


NO_CLOCK = Clock()


class Spent(NamedTuple):
    """How long processes have worked on a run, a study or a sweep."""

    processes: int = 0
    seconds: float = 0.0  # of those whose time is known
    is_whole: bool = True  # False where one was killed, and left no sign of how long it had worked


def spent(sessions: Sequence[dict[str, Any]]) -> Spent:
    """Return how long the processes in ``sessions`` have worked together."""
    known = [session["seconds"] for session in sessions if has_type(session.get("seconds"), float)]
    return Spent(len(sessions), sum(known), len(known) == len(sessions))


def sessions_of(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what a manifest says of each process: ``started``, ``ended``, ``seconds`` and ``outcome``.

    An older manifest lists no sessions. It tells how long its process took only where there was one alone.
    """
    found = manifest.get("sessions")
    if isinstance(found, list):
        return [session for session in found if isinstance(session, dict)]
    processes = [manifest, *(process for process in _list(manifest, "resumed") if isinstance(process, dict))]
    sessions = [_session(process.get("started")) for process in processes]
    if len(sessions) == 1:
        with suppress(KeyError, TypeError, ValueError):  # it has not ended, or is damaged
            began, ended = (datetime.fromisoformat(manifest[name]) for name in ("started", "ended"))
            sessions[0].update(ended=manifest["ended"], seconds=(ended - began).total_seconds())
    return sessions


class Manifest:
    """What ran, where, and how it ended: written when a run starts, when it is resumed, and when it ends.

    Enter it around the work of this process. When the block ends, one outcome is written: that of `reached`, also
    where closing something failed after it; or ``failed``, where an error ended the block before.
    """

    def __init__(self, path: Path, content: dict[str, Any]):
        self._path = path
        self._content = content
        self._began = time.perf_counter()
        self.before = spent(content["sessions"][:-1])  # by the processes before this one
        write_json(path, content)

    @classmethod
    def begin(cls, path: Path, **facts: Any) -> "Manifest":
        """Write the manifest of a new run or study, and ``facts`` into it."""
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
        """Write that a run goes on in this process, and ``facts`` of where from.

        Args:
            path: the manifest.
            clock: the run's own, which tells how long a process worked that was killed.
            facts: what else to write of this process.

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
        """Write down ``facts`` that have become known on the way."""
        self._content.update(facts)
        write_json(self._path, self._content)

    def reached(self, outcome: Outcome, **facts: Any) -> None:
        """Set the outcome that is written when the block ends, and what there is to say about it."""
        self._content.update(outcome=outcome, **facts)

    def end(self, outcome: Outcome) -> None:
        """Write the outcome at once, for a process that ends before its block does."""
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
    """Return what a manifest says of a process that began at ``started``, when the run's clock stood at ``clock``."""
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
