"""Keeps stdout for the answer of a command: what an environment prints, in Python or in C, goes to stderr."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

STDOUT, STDERR = 1, 2


def stream(is_alone: bool) -> IO[str]:
    """Return the stream for a command's answer. With ``is_alone``, all else that is written to stdout goes to stderr.

    Stdout leads to stderr until the process ends, because libraries may still print while the process shuts down.
    """
    if not is_alone:
        return sys.stdout
    sys.stdout.flush()
    answers = os.fdopen(os.dup(STDOUT), "w", encoding="utf-8", errors="surrogateescape")
    os.dup2(STDERR, STDOUT)
    return answers


@contextmanager
def nothing_printed() -> Iterator[None]:
    """Send to stderr what the block prints on stdout."""
    sys.stdout.flush()
    kept = os.dup(STDOUT)
    os.dup2(STDERR, STDOUT)
    try:
        yield
    finally:
        sys.stdout.flush()
        os.dup2(kept, STDOUT)
        os.close(kept)
