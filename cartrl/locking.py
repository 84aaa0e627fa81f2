"""One process a run: the second is refused."""

import fcntl
import os
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Optional

from cartrl.errors import UsageError


class RunLock:
    """Holds a run while entered. The kernel lets go of it when the process dies, so none is ever stale.

    Args:
        path: the lock's file; it names the process that holds it, and stays.

    Raises:
        UsageError: on entering, when another process holds it.
    """

    def __init__(self, path: Path):
        self._path = path

    def __enter__(self) -> "RunLock":
        self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(self._descriptor, 20).decode(errors="replace").strip()
            os.close(self._descriptor)
            raise UsageError(f"{self._path.parent}: another process is at work on this run, pid {holder}") from None
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)
        return self

    def __exit__(
        self, kind: Optional[type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        with suppress(OSError):  # which is no reason to take back what the run has reached
            os.close(self._descriptor)
