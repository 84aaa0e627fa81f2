"""Finds the run or the policy that the user names by its directory or as ``latest``."""

import math
import os
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Optional

from cartrl.errors import UsageError, nearest
from cartrl.runs.directory import KINDS, MANIFEST, MANIFESTS, RUNS, SIDECAR, RunDirectory
from cartrl.runs.json_files import read_json
from cartrl.runs.modules import remember_modules
from cartrl.system import notices

LATEST = "latest"
MOST_NAMED = 10  # directories in one warning
CLOCKS_DIFFER_BY = timedelta(days=1)  # at most, of two computers; no run has begun later than that from now


def find_policy(reference: Optional[str]) -> Path:
    """Return the policy directory that ``reference`` names: a run's best, a policy itself, or the latest run's best.

    Raises:
        UsageError: when there is none.
    """
    path = latest(MANIFEST) if reference in (None, LATEST) else Path(reference or LATEST)
    try:
        for candidate in (path, path / "best", RunDirectory(path).best_policy):
            if (candidate / SIDECAR).is_file():
                remember_modules(candidate)
                return candidate
        is_there = path.exists()
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None
    if not is_there:
        others = [str(run) for run in _runs()]
        raise UsageError(f"{path}: no such run or policy{nearest(str(path), others)}")
    refuse_many(path)
    raise UsageError(f"{path}: holds no saved policy; give a run directory or a policy directory inside it")


def find_run(reference: str) -> RunDirectory:
    """Return the run that ``reference`` names: its directory, or ``latest``.

    Raises:
        UsageError: when there is none.
    """
    path = latest(MANIFEST) if reference == LATEST else Path(reference)
    run = RunDirectory(path)
    if run.manifest.is_file() and run.config.is_file():
        remember_modules(path)
        return run
    refuse_many(path)
    if not path.exists():
        raise UsageError(f"{path}: no such run{nearest(str(path), [str(other) for other in _runs()])}")
    raise UsageError(f"{path}: not a run; give a directory that cartrl train has made")


def refuse_many(place: Path) -> None:
    """Refuse a directory of many runs where a single run is wanted, and name the best of its runs.

    Raises:
        UsageError: when ``place`` is one.
    """
    kind = next((KINDS[name] for name in MANIFESTS if name != MANIFEST and (place / name).is_file()), None)
    if kind is None:
        return
    runs = sorted(path.parent for pattern in (f"*/{MANIFEST}", f"*/*/{MANIFEST}") for path in place.glob(pattern))
    example = f", such as {max(runs, key=_best_return)}" if runs else ""
    raise UsageError(f"{place}: this is a {kind}; name one of its runs{example}")


def _best_return(run: Path) -> float:
    """Return the best evaluation's mean return of a run that has ended; minus infinity for any other."""
    try:
        return float(read_json(run / MANIFEST)["result"]["best_greedy_return"]["mean"])
    except (UsageError, KeyError, TypeError, ValueError):
        return -math.inf


def latest(*manifests: str) -> Path:
    """Return the directory below ``runs/`` with one of these ``manifests`` that began last.

    A directory whose manifest is damaged, or of another program, is skipped, and a warning names it. If a directory of
    another kind, such as a sweep where a run is wanted, began later, a note says so.

    Raises:
        UsageError: when there is none.
    """
    fitting: dict[Path, datetime] = {}
    others: dict[Path, datetime] = {}
    skipped: list[Path] = []
    for directory in _directories(RUNS):
        for name in (name for name in MANIFESTS if os.path.lexists(directory / name)):
            start = _start(directory / name)
            if start is not None:
                (fitting if name in manifests else others)[directory] = start
            elif name in manifests:
                skipped.append(directory)
    warn_of_skipped(skipped)
    newest = max(others, key=others.__getitem__, default=None)
    if not fitting:
        if newest is not None and MANIFEST in manifests:
            refuse_many(newest)
        raise UsageError(f"there is no {KINDS[manifests[0]]} below {RUNS}/ here; train one, or name one")
    found = max(fitting, key=fitting.__getitem__)
    if newest is not None and others[newest] > fitting[found]:
        kind = next(KINDS[name] for name in MANIFESTS if name not in manifests and (newest / name).exists())
        wanted = " or ".join(KINDS[name] for name in manifests)
        notices.note(f"the latest {wanted} is {found}; {newest} is newer, but a {kind}")
    return found


def warn_of_skipped(directories: Sequence[Path]) -> None:
    """Warn that ``directories`` were skipped, if there are any."""
    if directories:
        rest = f" and {len(directories) - MOST_NAMED} more" if len(directories) > MOST_NAMED else ""
        names = ", ".join(map(str, directories[:MOST_NAMED]))
        notices.warn(f"{names}{rest}: skipped, holding a manifest that cartrl has not written, or a damaged one")


def _directories(root: Path) -> list[Path]:
    """Return the directories directly below ``root``, in the order of their names; none where there is no ``root``.

    Raises:
        UsageError: when it cannot be read.
    """
    try:
        return sorted(child for child in root.iterdir() if child.is_dir())
    except FileNotFoundError:
        return []
    except OSError as error:
        raise UsageError(f"{root}: cannot be read: {error.strerror}") from None


def _runs() -> list[Path]:
    return [path.parent for path in RUNS.glob(f"*/{MANIFEST}")]


def _start(manifest: Path) -> Optional[datetime]:
    """Return the start that a manifest names; None where cartrl has not written the manifest, or it is damaged."""
    try:
        content = read_json(manifest)
    except UsageError:
        return None
    return started(content) if isinstance(content.get("outcome"), str) else None


def started(manifest: dict[str, Any]) -> Optional[datetime]:
    """Return when a run began, by its manifest; None where that is no time, or a time in the future."""
    try:
        time = datetime.fromisoformat(manifest["started"])
    except (KeyError, TypeError, ValueError):
        return None
    time = time if time.tzinfo else time.replace(tzinfo=timezone.utc)
    return time if time < datetime.now(timezone.utc) + CLOCKS_DIFFER_BY else None
