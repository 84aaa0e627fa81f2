"""Facts about the machine for a manifest: the time, the processor, the versions of the libraries."""

import platform
from collections.abc import Mapping
from datetime import datetime, timezone
from functools import lru_cache
from importlib import metadata
from pathlib import Path

from cartrl import __version__

LIBRARIES = ("tensorflow", "tensorflow-probability", "tf-agents", "dm-reverb", "gym", "numpy", "pydantic")


def timestamp() -> str:
    """Return the time now, as ISO 8601 in UTC."""
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds")


@lru_cache
def versions() -> dict[str, str]:
    """Return the versions of Python, cartrl and the libraries that a result depends on."""
    found = {"python": platform.python_version(), "cartrl": __version__}
    return {**found, **{name: metadata.version(name) for name in LIBRARIES}}


SAME = ("cartrl", "tensorflow", "python")  # the versions in which processes that work together must not differ


def differing(other: Mapping[str, str]) -> list[str]:
    """Return those of ``SAME`` in which a process of the versions ``other`` differs from this one, in words.

    Of Python, 3.11.2 is the same as 3.11.7.
    """
    own = versions()
    return [
        f"{name} {other.get(name)} and not {own[name]}"
        for name in SAME
        if _significant(name, str(other.get(name))) != _significant(name, own[name])
    ]


def _significant(name: str, version: str) -> list[str]:
    return version.split(".")[: 2 if name == "python" else None]


def processor() -> str:
    """Return the processor's name, which Linux keeps in /proc/cpuinfo."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "")
