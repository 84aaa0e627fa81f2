"""Closes what a run has opened. A failure to close is a warning, because the result of the run stands by then."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager


@contextmanager
def closed_at_end(warn: Callable[[str], None]) -> Iterator[ExitStack]:
    """Yield a stack that is closed after the block; ``warn`` is called with a sentence if closing fails.

    An error of the block is raised even where closing fails too, because the error of the block explains the end.
    """
    stack = ExitStack()
    try:
        yield stack
    finally:
        try:
            stack.close()
        except (Exception, SystemExit) as error:  # an environment's close may raise whatever it likes
            warn(f"what the training had opened did not close: {type(error).__name__}: {error}")
