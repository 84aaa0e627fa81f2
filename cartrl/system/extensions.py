"""What other installed packages add to cartrl, found by the names under which their entry points register it."""

import functools
import importlib
from collections.abc import Mapping
from typing import Any

from cartrl.errors import UsageError
from cartrl.system import answers, quiet


@functools.cache
def registered(group: str) -> Mapping[str, str]:
    """Return ``module:object`` by name for the entry points of ``group``; no package is imported for it.

    Of two packages that register one name, the one that stands first in Python's path is taken, as of two modules.
    """
    from importlib import metadata  # a tenth of a second, which no command pays that names nothing of others

    found: dict[str, str] = {}
    for distribution in metadata.distributions():
        for entry in distribution.entry_points:
            if entry.group == group:
                found.setdefault(entry.name, entry.value)
    return found


def imported(place: str) -> Any:
    """Return the object at ``place``, which is ``module:object``; the module is imported, and its code runs."""
    module, _, name = place.partition(":")
    return functools.reduce(getattr, name.split("."), importlib.import_module(module))


def load(place: str, said: str) -> Any:
    """Return the object at ``place`` as `imported` does, without what its module prints.

    Raises:
        UsageError: when it cannot be imported, for whatever reason of its own; ``said`` is what the sentence calls it.
    """
    quiet.prepare()
    with quiet.held_back(), answers.nothing_printed():
        try:
            return imported(place)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # it is another package's code, which may raise anything, and call sys.exit()
            reason = f"cannot be imported: {type(error).__name__}: {error}".rstrip(": ")
            raise UsageError(f"{said} is {place}, which {reason}") from error
