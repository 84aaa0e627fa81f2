"""A lock of a run: a second process that would train it is refused, and others can see whether a process trains it."""

import errno
import fcntl
import os
import platform
import stat
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Optional

from cartrl.errors import UsageError
from cartrl.system import files, reading
from cartrl.system.notices import warn

LONGEST_HOLDER = 400  # bytes of the text in the lock's file
PATIENCE = 0.5  # seconds; a process that only looks holds a lock for some microseconds
_told: set[tuple[str, ...]] = set()


class RunLock:
    """Holds the lock of a run while entered. The kernel frees the lock when the process dies, so no lock is ever stale.

    On a file system without locks nothing is held. On one that cannot sync a directory, a power cut may undo what the
    run has reached. Both are told once in a process, and the run goes on.

    Args:
        path: the lock's file; it names the process that holds it, and stays.
        tell: called with a sentence about what the file system does not protect from.
        patience: the seconds for which another process may hold the lock before that is an error.

    Raises:
        UsageError: on entering, when another process holds the lock.
    """

    def __init__(self, path: Path, tell: Callable[[str], None] = warn, patience: float = PATIENCE):
        self._path = path
        self._tell = tell
        self._patience = patience

    def __enter__(self) -> "RunLock":
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY
        self._descriptor = os.open(self._path, flags, 0o644)
        try:
            with files.naming(self._path):
                self._hold()
        except BaseException:
            os.close(self._descriptor)
            raise
        return self

    def _hold(self) -> None:
        if not stat.S_ISREG(os.fstat(self._descriptor).st_mode):
            raise OSError(errno.EINVAL, "not a regular file")
        without_lock = self._take()
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, f"{os.getpid()} on {platform.node()}\n{_kernel()}\n".encode(), 0)
        without_sync = files.sync_descriptor(self._descriptor, self._path) or files.sync(self._path.parent)
        missing = []
        if without_lock:
            missing.append(f"has no locks ({without_lock}), so that a second process could train the same run")
        if without_sync:
            missing.append(f"brings nothing to disk when asked ({without_sync}), so that a power cut could damage it")
        if missing and tuple(missing) not in _told:
            _told.add(tuple(missing))
            self._tell(f"{self._path.parent}: its file system {'; it '.join(missing)}")

    def _take(self) -> Optional[str]:
        """Take the lock; return None, or why there are no locks.

        Raises:
            UsageError: when another process holds the lock for longer than the patience.
        """
        deadline = time.monotonic() + self._patience
        while True:
            try:
                return _flock(self._descriptor, fcntl.LOCK_EX)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    run, holder = self._path.parent, _holder(self._descriptor)
                    raise UsageError(f"{run}: another process is at work on this run, pid {holder}") from None
                time.sleep(PATIENCE / 20)

    def __exit__(
        self, kind: Optional[type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        with suppress(OSError):  # the run has reached its result by then
            os.close(self._descriptor)


def is_held(path: Path) -> Optional[bool]:
    """Return whether a process holds the lock at ``path``; None where that cannot be known."""
    try:
        file = reading.open_regular(path, LONGEST_HOLDER)
    except FileNotFoundError:  # a run makes its lock first of all
        return False
    except OSError:
        return None
    with file:
        try:
            if _flock(file.fileno(), fcntl.LOCK_SH) is None:
                return False
        except BlockingIOError:
            return True
        except OSError:
            return None
        holder, _, kernel = _text(file.fileno()).partition("\n")
    number, _, host = holder.partition(" on ")
    is_here = host == platform.node() and kernel in (_kernel(), "")  # older versions write no second line
    is_gone = is_here and number.isdigit() and not Path("/proc", number).exists()
    return False if is_gone else None


def _flock(descriptor: int, how: int) -> Optional[str]:
    """Take a lock without waiting; return None, or why the file system has none.

    Raises:
        BlockingIOError: when another process holds the lock.
    """
    try:
        fcntl.flock(descriptor, how | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in files.UNSUPPORTED:
            raise
        return error.strerror
    return None


def _holder(descriptor: int) -> str:
    """Return which process holds the lock, or held it last."""
    return _text(descriptor).partition("\n")[0]


def _text(descriptor: int) -> str:
    """Return the text of a lock's file."""
    return os.pread(descriptor, LONGEST_HOLDER, 0).decode(errors="replace").strip()


def _kernel() -> str:
    """Return a name of that within which a process number means one process: a boot of a computer, and a container.

    Computers that share a folder may have one name, such as localhost.
    """
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot} {Path('/proc/self/ns/pid').stat().st_ino}"
    except OSError:
        return ""
