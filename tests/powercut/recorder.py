"""Records what a process does to the files below a directory, as a trace of operations.

Python tells of every change of names before it happens (`sys.addaudithook`), and os.fsync is wrapped. At each of these
the directory is looked through, and what differs from the last look has happened since. So what C++ code writes is
seen as well, TensorFlow's variables among it, at the latest before the next fsync of Python; only its order in between
is not, and no model of a disk depends on that.
"""

import os
import stat
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Optional

from tests.powercut.disk import ROOT, Data, Names, Place, Said, Sync, Trace

EVENTS = ("open", "os.mkdir", "os.rmdir", "os.remove", "os.rename", "os.link", "os.truncate", "ctypes.dlsym")
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
SURE = 50_000_000  # nanoseconds after its last change in which a file may change again without a newer time


class Recorder:
    """While entered, records what happens below ``root``; what stands there at first counts as being on disk."""

    def __init__(self, root: Path):
        self.trace = Trace()
        self._root = root.resolve()
        self._count = ROOT
        self._nodes = {(self._root.stat().st_ino, True): ROOT}  # numbers of inodes are used again, nodes are not
        self._names: dict[Place, int] = {}
        self._contents: dict[int, bytes] = {}
        self._times: dict[int, tuple[int, int]] = {}  # node -> size, and time of the last change
        self._lock = threading.RLock()
        self._is_looking = False
        self._looked_at = 0
        self._error: Optional[Exception] = None

    def __enter__(self) -> "Recorder":
        self._look()
        self.trace.names, self.trace.contents = dict(self._names), dict(self._contents)
        self.trace.operations.clear()
        _listening.append(self)
        return self

    def __exit__(self, *_: object) -> None:
        _listening.remove(self)
        self._look()
        if self._error:
            raise self._error

    def said(self, what: int) -> None:
        """Note that something has been reported as safe."""
        with self._lock:
            self._look()
            self.trace.operations.append(Said(what))

    def fsync(self, descriptor: int) -> None:
        """Bring a file to disk, as os.fsync does, and note that."""
        with self._lock:
            self._look()
            _fsync(descriptor)
            about = os.fstat(descriptor)
            node = self._nodes.get((about.st_ino, stat.S_ISDIR(about.st_mode)))
            if node is not None:
                self.trace.operations.append(Sync(node))

    def hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Look, if ``event`` may be about to change something."""
        if event not in EVENTS or (event == "open" and not (isinstance(arguments[2], int) and arguments[2] & WRITING)):
            return
        try:
            self._look()
        except Exception as error:  # it must not fail in the middle of what is recorded
            self._error = error

    def _look(self) -> None:
        """Note what has happened since the last look."""
        with self._lock:
            if self._is_looking:  # looking opens files, and is told of it
                return
            self._is_looking = True
            try:
                names, contents = self._scan()
            finally:
                self._is_looking = False
            for changes in _steps(self._names, names):
                self.trace.operations.append(Names(changes))
            for node, content in contents.items():
                if self._contents.get(node, b"") != content:
                    self.trace.operations.append(Data(node, content))
            self._names, self._contents = names, contents

    def _scan(self) -> "tuple[dict[Place, int], dict[int, bytes]]":
        """Return what stands at each place, and what is in each file."""
        nodes = {key: ROOT for key, node in self._nodes.items() if node == ROOT}
        names, contents, times = {}, {}, {}
        waiting = [(self._root, ROOT)]
        looked_at = time.time_ns()
        while waiting:
            folder, parent = waiting.pop()
            for path, about in _entries(folder):
                is_directory = stat.S_ISDIR(about.st_mode)
                key = (about.st_ino, is_directory)
                node = nodes[key] = self._nodes.get(key) or self._new(is_directory)
                names[parent, path.name] = node
                if is_directory:
                    waiting.append((path, node))
                    continue
                times[node] = (about.st_size, about.st_mtime_ns)
                if times[node] == self._times.get(node) and about.st_mtime_ns < self._looked_at - SURE:
                    contents[node] = self._contents[node]
                else:
                    contents[node] = path.read_bytes()
        self._nodes, self._times, self._looked_at = nodes, times, looked_at
        return names, contents

    def _new(self, is_directory: bool) -> int:
        self._count += 1
        if is_directory:
            self.trace.directories.add(self._count)
        return self._count


def _entries(folder: Path) -> "Iterator[tuple[Path, os.stat_result]]":
    for entry in os.scandir(folder):
        yield Path(entry.path), entry.stat(follow_symlinks=False)


def _steps(before: Mapping[Place, int], after: Mapping[Place, int]) -> list[dict[Place, Optional[int]]]:
    """Return the changes between two looks, each a step of its own: what moved, is in the step that it moved in."""
    left = {place for place in (*before, *after) if before.get(place) != after.get(place)}
    steps: list[dict[Place, Optional[int]]] = []
    while left:
        nodes = _ends(min(left), before, after)
        group: set[Place] = set()
        while more := {place for place in left - group if nodes & _ends(place, before, after)}:
            group |= more
            nodes |= {node for place in more for node in _ends(place, before, after)}
        left -= group
        steps.append({place: after.get(place) for place in sorted(group)})
    # What is made comes first, a directory before what is in it.
    return sorted(steps, key=lambda step: max(node or 0 for node in step.values()) or sys.maxsize)


def _ends(place: Place, before: Mapping[Place, int], after: Mapping[Place, int]) -> set[int]:
    return {node for node in (before.get(place), after.get(place)) if node is not None}


_listening: list[Recorder] = []
_fsync = os.fsync


def _heard(event: str, arguments: tuple[Any, ...]) -> None:
    for recorder in _listening:
        recorder.hear(event, arguments)


def _synced(descriptor: int) -> None:
    if _listening:
        _listening[-1].fsync(descriptor)
    else:
        _fsync(descriptor)


def install() -> None:
    """Let recorders hear of this process's file operations; a hook cannot be taken away again."""
    sys.addaudithook(_heard)
    os.fsync = _synced
