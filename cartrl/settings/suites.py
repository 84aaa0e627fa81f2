"""The names of the suites of environments: cartrl's own, and those that other installed packages register.

Another package registers a suite through the entry-point group ``cartrl.suites``: the entry's name is the
``environment.suite`` of a config, and its value names an object that does what `cartrl.environments.suite.Suite` says,
as in ``tiny = "my_package:SUITE"``. Listing the names imports none of these packages.
"""

from typing import NamedTuple

from cartrl.errors import UsageError, closest, nearest
from cartrl.settings.environment_names import NAMES
from cartrl.system import extensions, extras

GROUP = "cartrl.suites"
GYM = "gym"  # of every config that names no suite


class OwnSuite(NamedTuple):
    """A suite that cartrl brings, mostly around a package of others."""

    place: str  # module:object
    package: str  # that package, by the name under which Python imports it
    extra: str  # of cartrl, which installs that package; empty where cartrl always does


OWN = {
    GYM: OwnSuite("cartrl.environments.gym:SUITE", "gym", ""),
    "gymnasium": OwnSuite("cartrl.environments.gymnasium:SUITE", "gymnasium", "gymnasium"),
    "atari": OwnSuite("cartrl.environments.atari:SUITE", "ale_py", "atari"),
    "dm_control": OwnSuite("cartrl.environments.dm_control:SUITE", "dm_control", "dm-control"),
    "cartrl": OwnSuite("cartrl.environments.catch:SUITE", "cartrl", ""),
}


class SuiteError(UsageError):
    """A suite that is not installed, or cannot be used."""


def names() -> list[str]:
    """Return the names of all suites, cartrl's own first."""
    return [*OWN, *sorted(extensions.registered(GROUP).keys() - OWN.keys())]


def place(name: str) -> str:
    """Return where the suite ``name`` is, as ``module:object``.

    The installed packages are searched only for a suite that is not cartrl's own.

    Raises:
        SuiteError: when there is none of that name, or the package that it needs is not installed.
    """
    if name in OWN:
        own = OWN[name]
        if not extras.is_installed(own.package):
            raise SuiteError(extras.missing(f"the suite {name!r}", own.package, own.extra))
        return own.place
    found = extensions.registered(GROUP).get(name)
    if found is None:
        known = names()
        raise SuiteError(f"there is no suite {name!r}{nearest(name, known)}; there are {', '.join(known)}")
    return found


def hint(env_name: str, suite: str, known: list[str]) -> str:
    """Say what may be meant by ``env_name``, which ``suite`` does not have; the environments that it has are ``known``.

    That is the environment of this name in another of cartrl's suites, or else that of the nearest name in any. Nothing
    is said if no name is near.
    """
    others = {name: other for other in reversed(NAMES) if other != suite for name in NAMES[other]}
    if env_name in others:
        return f"; {others[env_name]} has it: {_setting(others[env_name])}"
    near = closest(env_name, [*(others.keys() - set(known)), *known])
    if near is None or near in known:
        return "" if near is None else f", did you mean {near!r}?"
    return f", did you mean {others[near]}'s {near!r}? {_setting(others[near])}"


def _setting(suite: str) -> str:
    own = OWN[suite]
    return f"environment.suite: {suite}" + (
        "" if extras.is_installed(own.package) else f", once installed, {extras.command(own.extra)}"
    )
