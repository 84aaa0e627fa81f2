"""The packages that an extra of cartrl brings, and what to type where one is missing."""

from importlib.util import find_spec


def is_installed(package: str) -> bool:
    """Tell whether Python finds a package by its name, without importing it."""
    return find_spec(package) is not None


def command(extra: str) -> str:
    """Return what to type to install an extra of cartrl."""
    return f"in a checkout of cartrl: pip install '.[{extra}]'"


def missing(what: str, package: str, extra: str) -> str:
    """Return the sentence that ``what`` needs a package that is not installed, and what to type."""
    return f"{what} needs {package}, which is not installed; {command(extra)}"
