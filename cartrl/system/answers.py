"""Stdout for what a command answers: an environment that prints, in Python or in C, does not come between."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

STDOUT, STDERR = 1, 2


def stream(is_alone: bool) -> IO[str]:
    """Return the stream for a command's answer. If it ``is_alone`` there, all else on stdout goes to stderr.

    It stays so until the process ends, because what was loaded may print while it is taken down, too.
    """
    if not is_alone:
        return sys.stdout
    sys.stdout.flush()
    answers = os.fdopen(os.dup(STDOUT), "w", encoding="utf-8", errors="surrogateescape")
    os.dup2(STDERR, STDOUT)
    return answers


@contextmanager
def nothing_printed() -> Iterator[None]:
    """Let what the block prints on stdout go to stderr."""
    sys.stdout.flush()
    kept = os.dup(STDOUT)
    os.dup2(STDERR, STDOUT)
    try:
        yield
    finally:
        sys.stdout.flush()
        os.dup2(kept, STDOUT)
        os.close(kept)
