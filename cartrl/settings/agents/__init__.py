"""The kinds of agents that a config can name: cartrl's own, and those of other installed packages.

Another package registers a kind through the entry-point group ``cartrl.agents``: the entry's name is the ``agent.kind``
of a config, and its value names a `Kind`, as in ``random-search = "my_package.light:KIND"``. Listing the names imports
none of these packages; a package is imported when a config names its kind.
"""

import functools
from collections.abc import Mapping
from importlib import metadata
from typing import Any

from cartrl.errors import UsageError
from cartrl.settings.agents.kind import AgentSettings, Kind
from cartrl.settings.agents.reinforce import KIND as REINFORCE
from cartrl.settings.agents.reinforce import ReinforceSettings

GROUP = "cartrl.agents"
DEFAULT = "reinforce"
OWN: Mapping[str, Kind] = {DEFAULT: REINFORCE}

__all__ = ["DEFAULT", "AgentSettings", "Kind", "ReinforceSettings", "kind", "names"]


def names() -> list[str]:
    """Return the names of all kinds, cartrl's own first."""
    return list(dict.fromkeys([*OWN, *sorted(_others())]))


def kind(name: str) -> Kind:
    """Return the kind of a name that `names` has.

    Raises:
        UsageError: when the package that registers it cannot be imported, or registers something else.
    """
    return OWN[name] if name in OWN else _load(_others()[name])


@functools.cache
def _others() -> dict[str, Any]:
    """Return the entry points of other packages, by name."""
    found = metadata.entry_points()
    entries = found.select(group=GROUP) if hasattr(found, "select") else found.get(GROUP, [])
    return {entry.name: entry for entry in entries}


@functools.cache
def _load(entry: Any) -> Kind:
    try:
        found = entry.load()
    except Exception as error:  # whatever the package's own code raises
        raise UsageError(f"the agent {entry.name!r} is {entry.value}, which cannot be imported: {error}") from error
    if not isinstance(found, Kind):
        raise UsageError(f"the agent {entry.name!r} is {entry.value}, which is no cartrl.settings.agents.Kind")
    return found
