"""A second process, the watcher, which reports how this process ended where it could not do so itself.

A library can end the process without Python knowing: by ``abort``, an error in native code, or ``_exit``. The library's
last words are in the file of what was held back, and without the watcher nobody would read them.
"""

import atexit
import faulthandler
import os
import signal
from contextlib import suppress
from pathlib import Path
from typing import NoReturn, Optional

from cartrl.system import exits
from cartrl.system.signals import SHOW_CURSOR, SIGNALS, when_asked_to_stop

STDERR = 2
GOODBYE, ASKED_TO_STOP = b".", b"s"  # what the process writes into the pipe to the watcher
MOST_SHOWN = 1 << 16  # bytes
EXIT_CODE = 49  # the field of /proc/PID/stat, counted from the state, that holds how a process ended


def watch(held_back: int, with_traceback: bool) -> None:
    """Start the watcher; call this before much is loaded, because forking a small process takes a millisecond.

    Args:
        held_back: the file that takes stderr while it is held back.
        with_traceback: whether to show where in Python the process was when a signal ended it.
    """
    faulthandler.enable(held_back, all_threads=False)
    process = os.getpid()
    reading, writing = os.pipe()
    status = os.open("/proc/self/stat", os.O_RDONLY | os.O_CLOEXEC)
    try:
        child = os.fork()
    except OSError:  # no more processes are allowed: there is no watcher then
        return
    if child == 0:
        try:
            if os.fork() == 0:  # a grandchild, because this process may wait for all of its children
                _wait_and_tell(reading, status, held_back, with_traceback)
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    os.close(reading)
    os.close(status)
    atexit.register(_say, process, writing, GOODBYE)
    when_asked_to_stop.append(lambda: _say(process, writing, ASKED_TO_STOP))


def _say(process: int, writing: int, word: bytes) -> None:
    if os.getpid() == process:  # not a forked copy of the process, which calls this too
        os.write(writing, word)


def _wait_and_tell(reading: int, status: int, held_back: int, with_traceback: bool) -> NoReturn:
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    for descriptor in [int(path.name) for path in Path("/proc/self/fd").iterdir()]:
        if descriptor not in (STDERR, reading, status, held_back):
            with suppress(OSError):
                os.close(descriptor)
    words = b""
    while not words.endswith(GOODBYE):
        word = os.read(reading, 1)
        if not word:  # the process is gone
            said = os.pread(held_back, MOST_SHOWN, max(0, os.fstat(held_back).st_size - MOST_SHOWN))
            _tell(_exit_code(status), said.decode(errors="replace"), with_traceback, ASKED_TO_STOP in words)
            break
        words += word
    os._exit(0)


def _tell(code: Optional[int], said: str, with_traceback: bool, was_asked_to_stop: bool) -> None:
    if code is None and was_asked_to_stop and not exits.FAULT.search(said):  # a second signal has most likely ended it
        return
    if code is not None and -code in SIGNALS:  # somebody has sent it, and knows
        return
    shown = said if with_traceback else exits.visible(said)
    if shown and not shown.endswith("\n"):
        shown += "\n"
    if os.isatty(STDERR):
        os.write(STDERR, SHOW_CURSOR)
    os.write(STDERR, f"{shown}error: cartrl {exits.explain(code, said)}\n".encode())


def _exit_code(status: int) -> Optional[int]:
    """Return the exit code of the process, or minus its signal; None when its parent has waited for it already."""
    try:
        fields = os.pread(status, 4096, 0).rpartition(b")")[2].split()
    except OSError:
        return None
    return os.waitstatus_to_exitcode(int(fields[EXIT_CODE]))
