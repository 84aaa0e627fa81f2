"""What tests share: the command line, called as a user calls it."""

import json
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


HEAVY = ("tensorflow", "tensorflow_probability", "tf_agents", "reverb", "gym", "matplotlib", "imageio")

# Runs the command line as `cartrl` does, and writes down how it ended and what it had imported by then.
WATCHED_MAIN = """
import json, sys
report, heavy, sys.argv = sys.argv[1], sys.argv[2].split(","), ["cartrl", *sys.argv[3:]]
from cartrl.cli import main
code = 0
try:
    main()
except SystemExit as end:
    code = end.code or 0
with open(report, "w") as file:
    json.dump([code, [name for name in heavy if name in sys.modules]], file)
"""


def run_and_list_imports(*arguments: Any, cwd: Path, report: Path) -> "tuple[Done[str], list[str]]":
    """Run ``cartrl`` as `run_cartrl` does; return that, and which of ``HEAVY`` its process had imported.

    ``report`` is a file outside ``cwd`` through which the process says so, so that both its streams stay its own.
    """
    done = subprocess.run(
        [sys.executable, "-c", WATCHED_MAIN, str(report), ",".join(HEAVY), *map(str, arguments)],
        cwd=cwd,
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=300,
        stdin=subprocess.DEVNULL,
    )
    assert report.is_file(), f"the process died before it could report: {done.stderr}"
    code, imported = json.loads(report.read_text(encoding="utf-8"))
    return subprocess.CompletedProcess(done.args, code, done.stdout, done.stderr), imported


def everything_below(directory: Path) -> "dict[str, Optional[bytes]]":
    """Return what is below ``directory``: the content of every regular file by relative path, None for the rest."""
    return {
        str(path.relative_to(directory)): path.read_bytes() if path.is_file() else None
        for path in sorted(directory.rglob("*"))
    }


def assert_one_sentence(done: "Done[str]", place: str) -> str:
    """Check that ``done`` ended as a refusal must, with one sentence about ``place``; return what it says of it."""
    assert done.returncode == 2, f"exit code {done.returncode}: {done.stderr}"
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert done.stderr.endswith("\n")
    assert len(done.stderr.splitlines()) == 1, done.stderr
    start = f"error: {place}: "
    assert done.stderr.startswith(start), f"{done.stderr!r} does not start with {start!r}"
    return done.stderr[len(start) :].rstrip("\n")
