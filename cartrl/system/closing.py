"""Closing what a run has opened: a failure to close is told, and changes nothing that was reached before."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager


@contextmanager
def closed_at_end(warn: Callable[[str], None]) -> Iterator[ExitStack]:
    """Give a stack of what is to be closed after the block; ``warn`` is told of an error while it is closed.

    Such an error takes the place of no error of the block, since that is the one which explains the end.
    """
    stack = ExitStack()
    try:
        yield stack
    finally:
        try:
            stack.close()
        except (Exception, SystemExit) as error:  # an environment's close may raise whatever it likes
            warn(f"what the training had opened did not close: {type(error).__name__}: {error}")
