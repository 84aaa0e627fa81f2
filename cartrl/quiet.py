"""Start-up without noise: what TensorFlow, gym, Reverb and SDL say when nothing is wrong.

A run of the notebook opens with a page of warnings. Here they are held back while libraries load and servers start.
Outside those moments stderr is untouched; with ``--debug`` it is untouched in them too.
"""

import gc
import logging
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cartrl.stopping import at_once

STDERR = 2

debug = False  # the option --debug: hold nothing back, and show tracebacks


def prepare() -> None:
    """Set what the libraries read from the process's environment; call before the first of them is imported."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
    # On a GPU TensorFlow otherwise takes all the memory there is, and a second run beside the first finds none.
    os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
    # XLA's matrix products else share their sums among the cores, and the last bits depend on how many there are.
    # Products as small as these are faster in one thread.
    flags = os.environ.get("XLA_FLAGS", "")
    if "xla_cpu_multi_thread_eigen" not in flags:
        os.environ["XLA_FLAGS"] = f"{flags} --xla_cpu_multi_thread_eigen=false".strip()
    # gym renders through pygame, which opens a display unless told not to; cartrl never shows a window.
    os.environ["SDL_VIDEODRIVER"] = "dummy"
    os.environ["SDL_AUDIODRIVER"] = "dummy"
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    logging.getLogger("absl").setLevel(logging.ERROR)
    if not sys.warnoptions:
        warnings.filterwarnings("ignore", module=r"(gym|tensorflow|tf_agents|keras|pygame|imageio|flatbuffers)\b")


@contextmanager
def loading(last_words: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Hold back what libraries say while they are imported, and the garbage collector, which would find nothing.

    A signal ends the process at once meanwhile, after ``last_words``.

    TensorFlow and what stands on it make millions of objects that stay; looking through them again and again takes a
    fifth of the start-up.
    """
    gc.disable()
    try:
        with at_once(last_words), held_back():
            yield
        gc.freeze()
    finally:
        gc.enable()


@contextmanager
def held_back() -> Iterator[None]:
    """Hold back stderr, of Python and of C++ code alike."""
    if debug:
        yield
        return
    sys.stderr.flush()
    stderr = os.dup(STDERR)
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), STDERR)
    try:
        yield
    finally:
        sys.stderr.flush()
        os.dup2(stderr, STDERR)
        os.close(stderr)
