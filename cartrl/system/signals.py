"""What a signal does to a run and to a process that still loads, and how a process ends without delay."""

import atexit
import ctypes
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn, Optional

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
SHOW_CURSOR = b"\x1b[?25h"
when_asked_to_stop: list[Callable[[], None]] = []  # called at the first signal


class StopRequest:
    """While entered, the first SIGINT, SIGTERM or SIGHUP is noted for the training loop to see; the second ends the
    process at once, which loses nothing that has been saved.

    Python itself would raise KeyboardInterrupt at whatever line it has reached, and inside TensorFlow that becomes
    another error, or none. A signal that is ignored when the process starts, as SIGHUP is under nohup, stays ignored.
    """

    def __init__(self) -> None:
        self.signal: Optional[signal.Signals] = None

    def __enter__(self) -> "StopRequest":
        self._previous = {
            number: signal.signal(number, self._note)
            for number in SIGNALS
            if signal.getsignal(number) != signal.SIG_IGN
        }
        for number in self._previous:
            _handle_once(number)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def __call__(self) -> bool:
        """Tell whether the run should stop."""
        return self.signal is not None

    @property
    def exit_code(self) -> int:
        """The exit code that shells give to a process that the signal ended: 128 and its number."""
        return 128 + (self.signal or 0)

    def _note(self, number: int, frame: Optional[FrameType]) -> None:
        self.signal = signal.Signals(number)
        for note in when_asked_to_stop:
            note()
        for other in self._previous:  # a second signal of another kind ends the process, too
            signal.signal(other, signal.SIG_DFL)
        if self.signal == signal.SIGHUP:
            silence(1, 2)  # the terminal has gone, and writing to it would fail
        else:
            show_cursor()  # a second signal leaves no time to show it


@contextmanager
def at_once(last_words: Callable[[], None] = lambda: None) -> Iterator[None]:
    """While entered, a signal ends the process at once, after ``last_words``, and with the exit code of shells.

    This is for the time in which libraries load and compile. No iteration ends there for which the signal could wait,
    and an exception that a handler raises inside a library, even KeyboardInterrupt, may become another error or none.
    """

    def end(number: int, frame: Optional[FrameType]) -> None:
        for other in previous:  # a second signal does not wait for the last words
            signal.signal(other, signal.SIG_DFL)
        if number == signal.SIGHUP:
            silence(1, 2)
        show_cursor()
        try:
            last_words()
        finally:
            leave_now(128 + number)

    previous = {number: signal.getsignal(number) for number in SIGNALS if signal.getsignal(number) != signal.SIG_IGN}
    for number in previous:
        signal.signal(number, end)
        _handle_once(number)
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
            if callable(handler) and handler is not signal.default_int_handler:
                _handle_once(number)  # as a StopRequest had it


def _handle_once(number: int) -> None:
    """Let the kernel itself end the process at the second signal ``number``.

    The kernel does not wait for Python, which deep in TensorFlow may not have handled the first signal yet.
    """
    sysv_signal = ctypes.CDLL(None).sysv_signal  # glibc's: the handler holds for one signal, the default follows
    sysv_signal.restype, sysv_signal.argtypes = ctypes.c_void_p, (ctypes.c_int, ctypes.c_void_p)
    sysv_signal(number, sysv_signal(number, None))


def show_cursor() -> None:
    """Show the terminal's cursor again, which a live display hides."""
    if sys.stdout.isatty():
        os.write(sys.stdout.fileno(), SHOW_CURSOR)


def silence(*streams: int) -> None:
    """Discard whatever is written to ``streams`` (1 is stdout, 2 is stderr) from now on."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in streams:
        os.dup2(nowhere, stream)
    os.close(nowhere)


def leave(code: int) -> NoReturn:
    """End the process at once, after the functions that are registered with `atexit`.

    A usual exit of Python would first destroy every module and object of TensorFlow, which takes a second and changes
    nothing.
    """
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join()
    leave_now(code)


def leave_now(code: int) -> NoReturn:
    """End the process as `leave` does, without waiting for other threads."""
    atexit._run_exitfuncs()
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:  # the reader has gone, or the disk is full
            code = code or 1
    os._exit(code)
