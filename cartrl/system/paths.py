"""Checks the paths of new files and directories, before anything slow happens."""

import os
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from cartrl.errors import UsageError

LONGEST_NAME, LONGEST_PATH = 255, 4095  # bytes: Linux's NAME_MAX, and PATH_MAX without its final NUL
# Unicode's control characters, lone surrogates (bytes that are no UTF-8 become those), and separators of lines.
FORBIDDEN = ("Cc", "Cs", "Zl", "Zp")


def require_creatable(path: Path) -> None:
    """Check, without leaving a trace, that something new could be made at ``path``.

    Raises:
        UsageError: for a name that is too long or would upset a terminal, or a place where nothing can be made.
    """
    for name in path.parts:
        if any(unicodedata.category(character) in FORBIDDEN for character in name):
            raise UsageError(f"{str(path)!r}: a name without control characters is needed")
        if (size := len(os.fsencode(name))) > LONGEST_NAME:
            raise UsageError(f"{name[:40]}…: a name of {size} bytes; the longest has {LONGEST_NAME}")
    if (size := len(os.fsencode(path.absolute()))) > LONGEST_PATH:
        raise UsageError(f"{str(path)[:40]}…: a path of {size} bytes; the longest has {LONGEST_PATH}")
    folder = next((parent for parent in path.parents if os.path.lexists(parent)), path)
    if not folder.is_dir():
        raise UsageError(f"{folder}: is not a directory")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise UsageError(f"{folder}: nothing can be written there")


def require_writable(output: Path, kind: str, suffixes: Sequence[str]) -> None:
    """Check the path of a file of a ``kind`` (a film, a picture) before anything is made for it.

    Raises:
        UsageError: for a suffix that cannot be written, or a place where no file can be.
    """
    if output.suffix.lower() not in suffixes:
        raise UsageError(f"{output}: the name of a {kind} ends in one of {', '.join(suffixes)}")
    require_creatable(output)
    if output.is_dir():
        raise UsageError(f"{output}: this is a directory; give the name of a file")
