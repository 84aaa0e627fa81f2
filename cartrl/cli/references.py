"""How the user names what a command works on: as an argument or by an option; by a directory or as ``latest``."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional, TypeVar

from cartrl.errors import UsageError
from cartrl.runs.finding import LATEST

if TYPE_CHECKING:
    from cartrl.runs.foreign import Layout

Value = TypeVar("Value", str, Path)


def one_of(position: Optional[Value], option: Optional[Value], name: str) -> Optional[Value]:
    """Return the argument or the value of the option ``name``, whichever was given; None where neither was.

    Raises:
        UsageError: when both were given.
    """
    if position is not None and option is not None:
        raise UsageError(f"{position} is named, and {name} {option} as well; give one of them")
    return option if position is None else position


def refuse_beside_resume(given: dict[str, Any]) -> None:
    """Refuse options beside ``--resume``, where ``given`` holds their values: None for each that was not given.

    Raises:
        UsageError: naming the first that was.
    """
    for option in (name for name, value in given.items() if value is not None):
        raise UsageError(f"{option} cannot be given with --resume: what goes on has its own")


def layout_of(csv: Optional[str], group: Optional[str]) -> "Layout":
    """Return how the files of other tools are laid out, by ``--csv`` and ``--group``; None where one is not given.

    Raises:
        UsageError: when one is misspelt.
    """
    from cartrl.runs.foreign import Layout
    from cartrl.runs.foreign.csv_table import parse_columns
    from cartrl.runs.foreign.template import Template

    return Layout(None if csv is None else parse_columns(csv), None if group is None else Template(group))


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
