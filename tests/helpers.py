"""What tests share: the command line, called as a user calls it."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Optional

REPO = Path(__file__).resolve().parent.parent
CONFIGS = REPO / "configs"

Done = subprocess.CompletedProcess


def run_cartrl(*arguments: Any, cwd: Path, env: Optional[dict] = None, timeout: float = 300) -> "Done[str]":
    """Run ``cartrl`` with ``arguments`` in ``cwd``, without a terminal; return its exit code, stdout and stderr."""
    return subprocess.run(
        [sys.executable, "-m", "cartrl", *map(str, arguments)],
        cwd=cwd,
        env={**clean_environment(), **(env or {})},
        capture_output=True,
        text=True,
        timeout=timeout,
        stdin=subprocess.DEVNULL,
    )


def clean_environment() -> dict:
    """The environment without what would change how the output looks, or how quiet the libraries are."""
    unwanted = {"COLUMNS", "FORCE_COLOR", "NO_COLOR", "TERM", "TF_CPP_MIN_LOG_LEVEL", "SDL_VIDEODRIVER", "DISPLAY"}
    return {name: value for name, value in os.environ.items() if name not in unwanted}
