"""What a command is about: named as a position or by an option, by its directory or as ``latest``."""

from pathlib import Path
from typing import Optional, TypeVar

from cartrl.errors import UsageError

LATEST = "latest"

Value = TypeVar("Value", str, Path)


def one_of(position: Optional[Value], option: Optional[Value], name: str) -> Optional[Value]:
    """Return what was given, in whichever of the two ways; ``name`` is the option's.

    Raises:
        UsageError: when it was given in both.
    """
    if position is not None and option is not None:
        raise UsageError(f"{position} is named, and {name} {option} as well; give one of them")
    return option if position is None else position


def resolved(reference: Path, *manifests: str, is_said: bool = True) -> Path:
    """Return the directory that ``reference`` names; for ``latest`` say which it is.

    Args:
        reference: a directory, or ``latest``.
        manifests: what the latest directory may hold: the manifest of a run, of a study, of a sweep.
        is_said: False where what the command prints says it anyway.
    """
    if reference != Path(LATEST):
        return reference
    from cartrl.runs.finding import latest
    from cartrl.system.console import Console, one_line, say

    found = latest(*manifests)
    if is_said:
        say(Console(), f"latest is {one_line(str(found))}")
    return found
