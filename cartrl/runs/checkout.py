"""The git checkout that a command is called in, looked at without running a program that the checkout names.

Its configuration can name some that ``git status`` calls: a monitor of its files, filters of their content, hooks.
"""

import os
import re
import subprocess
from typing import Any, Optional

SECONDS = 5
NO_PROGRAMS = {"core.fsmonitor": "false", "core.hooksPath": os.devnull}
FILTER = re.compile(r"filter\..*\.(clean|smudge|process|required)", re.DOTALL)


def state() -> Optional[dict[str, Any]]:
    """Return the commit, and whether files were changed since (``dirty``); None outside of a checkout."""
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
    """Return what git answers, with ``settings`` in place of its own.

    Raises:
        ValueError: for a setting whose name cannot be told from its value.
    """
    if any("=" in name for name in settings):
        raise ValueError("the name of a setting holds an equals sign")
    options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    done = subprocess.run(
        ["git", *options, *words],
        env={**os.environ, "GIT_OPTIONAL_LOCKS": "0"},  # else it writes the index anew, and calls a hook
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=True,
    )
    return done.stdout
