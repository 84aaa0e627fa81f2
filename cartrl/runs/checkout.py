"""Reads the state of the git checkout that a command is called in, without running a program that the checkout names.

The configuration of a checkout can name programs that ``git status`` calls: a monitor of its files, filters, hooks.
"""

import os
import re
import subprocess
from typing import Any, Optional

SECONDS = 5
NO_PROGRAMS = {"core.fsmonitor": "false", "core.hooksPath": os.devnull}
FILTER = re.compile(r"filter\..*\.(clean|smudge|process|required)", re.DOTALL)


def state() -> Optional[dict[str, Any]]:
    """Return the commit, and whether files differ from it (``dirty``); None outside of a checkout."""
    try:
        settings = NO_PROGRAMS
        commit = _ask(settings, "rev-parse", "HEAD").strip()
        names = _ask(settings, "config", "--list", "--name-only", "-z", "--includes").split("\0")
        filters = {name: "false" if name.endswith(".required") else "" for name in names if FILTER.fullmatch(name)}
        changes = _ask({**settings, **filters}, "status", "--porcelain", "--ignore-submodules=all")
        return {"commit": commit, "dirty": bool(changes.strip())}
    except (OSError, ValueError, subprocess.SubprocessError):
        return None


def _ask(settings: dict[str, str], *words: str) -> str:
    """Return the output of git, called with ``settings`` in the place of those of the checkout.

    Raises:
        ValueError: for a setting whose name cannot be told from its value.
    """
    if any("=" in name for name in settings):
        raise ValueError("the name of a setting holds an equals sign")
    options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    done = subprocess.run(
        ["git", *options, *words],
        env={**os.environ, "GIT_OPTIONAL_LOCKS": "0"},  # otherwise git writes the index anew, and calls a hook
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=True,
    )
    return done.stdout
