"""Start-up without noise: what TensorFlow, gym, Reverb and SDL say when nothing is wrong.

A run of the notebook opens with a page of warnings. Here they are held back while libraries load and servers start.
At all other times stderr is untouched. With ``--debug`` nothing is held back.
"""

import fcntl
import gc
import logging
import os
import resource
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Optional

from cartrl.errors import CartrlError
from cartrl.system.signals import at_once

STDERR = 2
MUCH = 1 << 20  # bytes; more than libraries say at a start

VIDEO_DRIVER = "SDL_VIDEODRIVER"  # tells pygame where to draw
video_driver = os.environ.get(VIDEO_DRIVER, "")  # the user's own, for a window; all else is drawn into memory
debug = False  # the option --debug: hold nothing back, and show tracebacks
is_child = False  # whether another process of cartrl has started this one, and reads its stderr
_held_back: Optional[int] = None  # the descriptor of the file that takes stderr while it is held back
# Held by the thread of a program that imports cartrl that holds back stderr. Without it, a second thread could take the
# file that replaces stderr meanwhile for stderr itself, and write to that file ever after.
_one_at_a_time = threading.Lock()


def prepare() -> None:
    """Set the environment variables that libraries read, and start the watcher; call before the first is imported."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
    # On a GPU TensorFlow otherwise takes all the memory there is, and a second run beside the first finds none.
    os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
    # Without this flag, XLA divides the sums of a matrix product among the cores, and their last bits depend on the
    # number of cores. Products as small as these are also faster in one thread.
    flags = os.environ.get("XLA_FLAGS", "")
    if "xla_cpu_multi_thread_eigen" not in flags:
        os.environ["XLA_FLAGS"] = f"{flags} --xla_cpu_multi_thread_eigen=false".strip()
    # gym renders through pygame, which opens a display unless told not to.
    os.environ[VIDEO_DRIVER] = "dummy"
    os.environ["SDL_AUDIODRIVER"] = "dummy"
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    logging.getLogger("absl").setLevel(logging.ERROR)
    if _held_back is None and not is_child:
        from cartrl.system import watcher

        watcher.watch(_file(), with_traceback=debug)
    if not sys.warnoptions:
        warnings.filterwarnings("ignore", module=r"(gym|tensorflow|tf_agents|keras|pygame|imageio|flatbuffers)\b")


@contextmanager
def loading(last_words: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Hold back what libraries say while they are imported, and stop the garbage collector until then.

    A signal ends the process at once meanwhile, after ``last_words``.

    TensorFlow and the libraries on top of it make millions of objects that stay. The collector would look through them
    again and again, which takes a fifth of the start-up.
    """
    gc.disable()
    try:
        with at_once(last_words), held_back():
            yield
        gc.freeze()
        # AutoGraph writes code into the directory for temporary files and imports it; its bytecode would stay there.
        sys.dont_write_bytecode = True
    finally:
        gc.enable()


@contextmanager
def in_a_caller() -> Iterator[None]:
    """Hold back stderr and Python's warnings in the process of a program that imports cartrl, and change nothing else.

    `prepare` and `loading` are for processes of cartrl's own: they set environment variables and signal handlers,
    filter warnings, freeze the garbage collector, and start a process that watches this one.
    """
    with _one_at_a_time, warnings.catch_warnings(), held_back():
        warnings.simplefilter("ignore")
        yield


@contextmanager
def held_back() -> Iterator[None]:
    """Hold back what Python and C++ code write to stderr. The watcher shows it if the process ends meanwhile.

    Raises:
        CartrlError: when a library asks Python to end the process.
    """
    if debug or is_child or sys.stderr is None:  # Python sets it to None where the caller has closed stderr
        with _no_exit():
            yield
        return
    file = _file()
    sys.stderr.flush()
    stderr = os.dup(STDERR)
    os.dup2(file, STDERR)
    try:
        with _no_exit():
            yield
    finally:
        with suppress(OSError):  # whatever happens, stderr comes back
            sys.stderr.flush()
        os.dup2(stderr, STDERR)
        os.close(stderr)
        with suppress(OSError):  # the null device cannot be emptied
            os.ftruncate(file, 0)


def _file() -> int:
    """Return the file that takes what is held back. It is in memory, so that no full disk matters."""
    global _held_back
    if _held_back is None:
        # The user's limit on the size of files (ulimit -f) holds for those in memory, and writing beyond it fails.
        limit, _ = resource.getrlimit(resource.RLIMIT_FSIZE)
        if limit != resource.RLIM_INFINITY and limit < MUCH:
            _held_back = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
        else:
            _held_back = os.memfd_create("held-back")
            fcntl.fcntl(_held_back, fcntl.F_SETFL, os.O_APPEND)  # after it is emptied, text begins at 0 again
    return _held_back


@contextmanager
def _no_exit() -> Iterator[None]:
    try:
        yield
    except SystemExit as end:
        raise CartrlError(f"a library asked to end the process: SystemExit({end.code!r})") from end
