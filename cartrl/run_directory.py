"""A run's directory: every path inside it, its manifest, and how to find a run or a policy that was saved."""

import itertools
import json
import os
import platform
import subprocess
import sys
from datetime import datetime, timezone
from importlib import metadata
from pathlib import Path
from typing import Any, Optional

from cartrl import __version__
from cartrl.errors import UsageError, nearest

RUNS = Path("runs")
LATEST = "latest"
SIDECAR = "policy.json"
LIBRARIES = ("tensorflow", "tensorflow-probability", "tf-agents", "dm-reverb", "gym", "numpy", "pydantic")


class RunDirectory:
    """The paths inside ``root``."""

    def __init__(self, root: Path):
        self.root = root
        self.config = root / "config.yaml"
        self.manifest = root / "manifest.json"
        self.metrics = root / "metrics.csv"
        self.tensorboard = root / "tensorboard"
        self.policies = root / "policies"
        self.best_policy = self.policies / "best"
        self.final_policy = self.policies / "final"
        self.checkpoints = root / "checkpoints"
        self.learning_curve = root / "learning_curve.png"
        self.videos = root / "videos"

    @classmethod
    def create(cls, root: Optional[Path], env_name: str, agent: str, seed: int) -> "RunDirectory":
        """Make a new directory: ``root``, or one named after the run and the time below ``runs/``.

        Raises:
            UsageError: when it exists already, or cannot be made.
        """
        if root is not None:
            if _make(root):
                return cls(root)
            raise UsageError(f"{root}: exists already, and a run never writes over another; give a new one")
        name = f"{env_name.replace('/', '-')}-{agent}-{seed}-{datetime.now().strftime('%Y%m%d-%H%M%S')}"
        names = itertools.chain([name], (f"{name}-{number}" for number in itertools.count(2)))
        return cls(next(RUNS / name for name in names if _make(RUNS / name)))


def _make(directory: Path) -> bool:
    """Make ``directory``; return False when it is there already."""
    try:
        directory.mkdir(parents=True)
    except FileExistsError:
        return False
    except OSError as error:
        raise UsageError(f"{directory}: cannot be made: {error.strerror}") from None
    return True


def find_policy(reference: Optional[str]) -> Path:
    """Return the policy directory that ``reference`` names: a run's best, a policy itself, or the latest run's best.

    Raises:
        UsageError: when there is none.
    """
    path = _latest_run() if reference in (None, LATEST) else Path(reference or LATEST)
    for candidate in (path, path / "best", RunDirectory(path).best_policy):
        if (candidate / SIDECAR).is_file():
            return candidate
    if not path.exists():
        others = [str(run) for run in _runs()]
        raise UsageError(f"{path}: no such run or policy{nearest(str(path), others)}")
    raise UsageError(f"{path}: holds no saved policy; give a run directory or a policy directory inside it")


def _runs() -> list[Path]:
    return [path.parent for path in RUNS.glob("*/manifest.json")]


def _latest_run() -> Path:
    runs = _runs()
    if not runs:
        raise UsageError(f"there is no run below {RUNS}/ here; train one, or name one with --checkpoint")
    return max(runs, key=_started)


def _started(run: Path) -> str:
    started = read_json(run / "manifest.json").get("started")
    return started if isinstance(started, str) else ""


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object.

    Raises:
        UsageError: when the file cannot be read or holds anything else.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"{path}: cannot be read: {error}") from None
    if not isinstance(content, dict):
        raise UsageError(f"{path}: not a JSON object")
    return content


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write a JSON object so that no reader ever sees half of it."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text(json.dumps(content, indent=2, allow_nan=False) + "\n", encoding="utf-8")
    draft.replace(path)


def timestamp() -> str:
    """Return the time now, as ISO 8601 in UTC."""
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds")


def versions() -> dict[str, str]:
    """Return the versions of Python, cartrl and the libraries that a result depends on."""
    found = {"python": platform.python_version(), "cartrl": __version__}
    return {**found, **{name: metadata.version(name) for name in LIBRARIES}}


class Manifest:
    """What ran, where, and how it ended: written when the run starts, and again when it ends."""

    def __init__(self, path: Path, seed: int):
        self._path = path
        self._content: dict[str, Any] = {
            "command": [Path(sys.argv[0]).name, *sys.argv[1:]],
            "seed": seed,
            "started": timestamp(),
            "ended": None,
            "outcome": "running",
            "versions": versions(),
            "git": _git(),
            "host": {
                "system": platform.platform(),
                "machine": platform.machine(),
                "processor": _processor(),
                "cpus": os.cpu_count(),
                "pid": os.getpid(),
            },
        }
        write_json(path, self._content)

    def end(self, outcome: str, **facts: Any) -> None:
        """Record the outcome (finished, interrupted or failed) and what there is to say about it."""
        write_json(self._path, {**self._content, "ended": timestamp(), "outcome": outcome, **facts})


def _git() -> Optional[dict[str, Any]]:
    """Return commit and state of the git checkout that the command was called in, if it was in one."""

    def ask(*words: str) -> str:
        done = subprocess.run(["git", *words], capture_output=True, text=True, timeout=5, check=True)
        return done.stdout.strip()

    try:
        return {"commit": ask("rev-parse", "HEAD"), "dirty": bool(ask("status", "--porcelain"))}
    except (OSError, subprocess.SubprocessError):
        return None


def _processor() -> str:
    """Return the processor's name, which Linux keeps in /proc/cpuinfo."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "")
