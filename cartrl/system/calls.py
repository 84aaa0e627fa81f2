"""Command lines of cartrl for people to type: words are quoted, and the modules of this process are asked for."""

import shlex
import sys
from collections.abc import Sequence
from typing import Any

from cartrl.system import imports

MAKE_ENVIRONMENTS = ("train", "sweep", "eval", "record", "env", "config", "report", "reproduce")


def call(command: str, *words: Any) -> str:
    """Return the command line that calls ``command`` with ``words``, and with the modules of this process."""
    return call_with(imports.given, command, *words)


def call_with(modules: Sequence[str], command: str, *words: Any) -> str:
    """Return the command line that calls ``command`` with ``words``, and with ``modules`` if it makes environments."""
    options = imports.options(modules) if command in MAKE_ENVIRONMENTS else []
    return quoted("cartrl", command, *words, *options)


def quoted(*words: Any) -> str:
    """Return ``words`` as a command line for a shell."""
    return shlex.join(map(str, words))


def again_with(modules: Sequence[str]) -> str:
    """Return the command line of this process, with options that import ``modules`` added."""
    return quoted("cartrl", *sys.argv[1:], *imports.options(modules))
