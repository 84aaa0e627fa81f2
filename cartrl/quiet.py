"""Start-up without noise: what TensorFlow, gym, Reverb and SDL say when nothing is wrong.

A run of the notebook opens with a page of warnings. Here they are held back while libraries load and servers start,
and given back, in full, when that fails. Outside those moments stderr is untouched.
"""

import functools
import logging
import os
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Callable, TypeVar

from cartrl.errors import CartrlError

STDERR = 2
Result = TypeVar("Result")


def prepare() -> None:
    """Set what the libraries read from the process's environment; call before the first of them is imported."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
    # gym renders through pygame, which opens a display unless told not to; cartrl never shows a window.
    os.environ["SDL_VIDEODRIVER"] = "dummy"
    os.environ["SDL_AUDIODRIVER"] = "dummy"
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    logging.getLogger("absl").setLevel(logging.ERROR)
    if not sys.warnoptions:
        warnings.filterwarnings("ignore", module=r"(gym|tensorflow|tf_agents|keras|pygame|imageio|flatbuffers)\b")


def at_first(function: Callable[..., Result]) -> Callable[..., Result]:
    """Return ``function`` with stderr held back in its first call, in which XLA compiles it and says so."""
    called = False

    @functools.wraps(function)
    def quiet_at_first(*arguments: Any) -> Result:
        nonlocal called
        if called:
            return function(*arguments)
        with held_back():
            result = function(*arguments)
        called = True
        return result

    return quiet_at_first


@contextmanager
def held_back() -> Iterator[None]:
    """Hold back stderr, of Python and of C++ code alike; on an unexpected error, write it out after all."""
    sys.stderr.flush()
    stderr = os.dup(STDERR)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), STDERR)
        try:
            yield
        except (CartrlError, KeyboardInterrupt):
            raise  # what the user needs to know is known
        except BaseException:
            sys.stderr.flush()
            held.seek(0)
            os.write(stderr, held.read())
            raise
        finally:
            sys.stderr.flush()
            os.dup2(stderr, STDERR)
            os.close(stderr)
