"""Environments in the registries of gym and gymnasium: found by name, with what their constructors take and need."""

import inspect
from collections.abc import Mapping
from typing import Any, Callable, NamedTuple, TypeVar

from cartrl.errors import UsageError
from cartrl.settings import suites
from cartrl.system import calls, imports

Entry = TypeVar("Entry")


class Needed(NamedTuple):
    """A package that some environments need, which gym and gymnasium do not bring."""

    package: str  # by the name under which Python imports it
    extra: str  # of cartrl, which installs it


# By the module that has the environments. gymnasium's own advice, gymnasium[box2d], would bring pygame-ce, which
# overwrites the pygame that TF-Agents pins.
NEEDED = {
    "gym.envs.box2d": Needed("Box2D", "box2d"),
    "gymnasium.envs.box2d": Needed("Box2D", "box2d"),
    "gymnasium.envs.mujoco": Needed("mujoco", "mujoco"),
}


def entry(env_name: str, known: Mapping[str, Entry], suite: str, usual: str) -> Entry:
    """Return the entry for ``env_name`` among those that a registry knows.

    Args:
        env_name: an id, or ``module:id``.
        known: the entries by id.
        suite: whose registry it is.
        usual: some ids, for an answer where no other is near.

    Raises:
        UsageError: for an id that is not known, or a ``module:id`` whose module nobody asked to import.
    """
    module, colon, name = env_name.rpartition(":")
    wanted = dict.fromkeys([*imports.remembered, *([module] if colon else [])])
    lacking = [other for other in wanted if other not in imports.given]
    if colon and module in lacking:
        raise UsageError(
            f"{env_name!r} imports code, the module {module!r}; if you trust it, say so: {calls.again_with(lacking)}"
        )
    if name not in known and lacking:
        raise UsageError(
            f"{suite} has no environment {env_name!r}; it was trained with code of {' and '.join(lacking)}; "
            f"if you trust it, say so: {calls.again_with(lacking)}"
        )
    if name not in known:
        raise UsageError(f"{suite} has no environment {env_name!r}{suites.hint(name, suite, list(known)) or usual}")
    return known[name]


def require_installed(env_name: str, entry_point: Any) -> None:
    """Refuse an environment of gym's or gymnasium's own whose physics are not installed.

    Raises:
        UsageError: with what to type.
    """
    folder = ".".join(entry_point.split(":")[0].split(".")[:3]) if isinstance(entry_point, str) else ""
    needed = NEEDED.get(folder)
    if needed is not None and not suites.is_installed(needed.package):
        raise UsageError(f"{env_name} needs {needed.package}, which is not installed; {suites.command(needed.extra)}")


def takes(maker: Callable[..., Any], parameter: str) -> bool:
    """Tell whether a constructor has a parameter of this name."""
    try:
        return parameter in inspect.signature(maker).parameters
    except (TypeError, ValueError):  # it is not written in Python
        return False
