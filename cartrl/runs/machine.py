"""Facts about the machine for a manifest: the time, the processor, the versions of the libraries."""

import platform
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


def processor() -> str:
    """Return the processor's name, which Linux keeps in /proc/cpuinfo."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "")
