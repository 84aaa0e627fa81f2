"""Commands of cartrl as people can type them: words quoted, and with the modules that this process was given."""

import shlex
import sys
from collections.abc import Sequence
from typing import Any

from cartrl.system import imports

MAKE_ENVIRONMENTS = ("train", "sweep", "eval", "record", "env", "config", "report", "reproduce")


def call(command: str, *words: Any) -> str:
    """Return the line that calls ``command`` with ``words``."""
    return call_with(imports.given, command, *words)


def call_with(modules: Sequence[str], command: str, *words: Any) -> str:
    """Return the line that calls ``command`` with ``words``, and asks for ``modules`` if it makes environments."""
    options = imports.options(modules) if command in MAKE_ENVIRONMENTS else []
    return quoted("cartrl", command, *words, *options)


def quoted(*words: Any) -> str:
    """Return ``words`` as a line for a shell."""
    return shlex.join(map(str, words))


def again_with(modules: Sequence[str]) -> str:
    """Return the line that this process was called with, and ``modules`` asked for."""
    return quoted("cartrl", *sys.argv[1:], *imports.options(modules))
