"""How a command fails: with one sentence on stderr, and an exit code."""

import os
import signal
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import typer

from cartrl.cli.usage import USAGE_ERROR
from cartrl.errors import CartrlError, cut, of_system
from cartrl.system import notices, quiet

LONGEST = 400  # characters shown of a message that a library wrote; TensorFlow's can fill pages


@contextmanager
def failures_told() -> Iterator[None]:
    """End the process when the block fails, with one sentence on stderr; after ``--debug`` a traceback stands above."""
    try:
        yield
    except CartrlError as error:
        _fail(str(error), error.exit_code)
    except USAGE_ERROR as error:
        said = cut(error.format_message().rstrip("."), LONGEST)
        _fail(f"{said[:1].lower()}{said[1:]} (see {error.ctx.command_path} --help)", error.exit_code)
    except (KeyboardInterrupt, typer.Abort):  # which of them Ctrl-C raises depends on typer's version
        sys.exit(128 + signal.SIGINT)
    except BrokenPipeError:  # whoever read stdout has gone, as in `cartrl config … | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:  # such as a disk that is full; nothing that was saved before is lost
        _fail(of_system(error), 1)
    except Exception as error:
        said = f"{type(error).__name__}: {error}".rstrip(": ")
        _fail(
            f"unexpected {cut(said, LONGEST)}; run with --debug for the traceback (cartrl --debug COMMAND …)",
            1,
        )


def _fail(sentence: str, exit_code: int) -> NoReturn:
    if quiet.debug:
        traceback.print_exc()
    notices.error(sentence)
    sys.exit(exit_code)
