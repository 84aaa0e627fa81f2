"""The names of the suites of environments that are installed: cartrl's own, and those of other packages.

Another package registers a suite through the entry-point group ``cartrl.suites``: the entry's name is the
``environment.suite`` of a config, and its value names an object that does what `cartrl.environments.suite.Suite` says,
as in ``tiny = "my_package:SUITE"``. Listing the names imports none of these packages.
"""

from cartrl.errors import UsageError, nearest
from cartrl.system import extensions

GROUP = "cartrl.suites"
GYM = "gym"  # of every config that names no suite
OWN = {GYM: "cartrl.environments.gym:SUITE"}


class SuiteError(UsageError):
    """A suite that is not installed, or cannot be used."""


def names() -> list[str]:
    """Return the names of all suites, cartrl's own first."""
    return [*OWN, *sorted(extensions.registered(GROUP).keys() - OWN.keys())]


def place(name: str) -> str:
    """Return where the suite ``name`` is, as ``module:object``.

    The installed packages are searched only for a suite that is not cartrl's own.

    Raises:
        SuiteError: when none of that name is installed.
    """
    found = OWN.get(name) or extensions.registered(GROUP).get(name)
    if found is None:
        known = names()
        raise SuiteError(f"no suite {name!r} is installed{nearest(name, known)}; installed: {', '.join(known)}")
    return found
