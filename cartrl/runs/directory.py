"""A run's directory: every path inside it, its manifest, and how to find a run or a policy that was saved."""

import itertools
import json
import math
import os
import platform
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import Any, Optional

from cartrl import __version__
from cartrl.errors import UsageError, nearest
from cartrl.runs import formats
from cartrl.system import files, imports, notices, reading
from cartrl.system.paths import require_creatable

RUNS = Path("runs")
LATEST = "latest"
MANIFEST = "manifest.json"  # of a run
STUDY = "study.json"  # of a study: many runs
SWEEP = "sweep.json"  # of a sweep: many studies
KINDS = {MANIFEST: "run", STUDY: "study", SWEEP: "sweep"}  # what a directory is, by its manifest
MANIFESTS = tuple(KINDS)
SIDECAR = "policy.json"
MOST_NAMED = 10  # directories in one warning
CLOCKS_DIFFER_BY = timedelta(days=1)  # at most, of two computers: a run that began later has not begun
MOST_DIGITS = 100  # of a whole number in a JSON file
LIBRARIES = ("tensorflow", "tensorflow-probability", "tf-agents", "dm-reverb", "gym", "numpy", "pydantic")


class RunDirectory:
    """The paths inside ``root``."""

    def __init__(self, root: Path):
        self.root = root
        self.lock = root / ".lock"
        self.config = root / "config.yaml"
        self.manifest = root / MANIFEST
        self.metrics = root / "metrics.csv"
        self.tensorboard = root / "tensorboard"
        self.policies = root / "policies"
        self.kept_policies = self.policies / "kept"
        self.best_policy = self.policies / "best"
        self.earlier_policies = self.policies / ".earlier"
        self.final_policy = self.policies / "final"
        self.checkpoints = root / "checkpoints"
        self.learning_curve = root / "learning_curve.png"
        self.videos = root / "videos"

    def kept_policy(self, iteration: int) -> Path:
        """Return where the policy after ``iteration`` is kept, if it is."""
        return self.kept_policies / f"{iteration:08d}"


def create(root: Optional[Path], env_name: str, agent: str, what: str) -> Path:
    """Make a new directory: ``root``, or one named after the run and the time below ``runs/``.

    Args:
        root: the directory, if the user names one.
        env_name: of a name made up here the first part,
        agent: the second,
        what: and the third: a seed, or how many seeds.

    Raises:
        UsageError: when it exists already, or cannot be made.
    """
    if root is not None:
        if _make(root):
            return root
        raise UsageError(f"{root}: exists already, and a run never writes over another; give a new one")
    name = f"{env_name.replace('/', '-')}-{agent}-{what}-{datetime.now().strftime('%Y%m%d-%H%M%S')}"
    names = itertools.chain([name], (f"{name}-{number}" for number in itertools.count(2)))
    return next(RUNS / name for name in names if _make(RUNS / name))


def require_new(root: Path) -> None:
    """Check that a run's directory could be made at ``root``.

    Raises:
        UsageError: when it exists already, or cannot be made.
    """
    require_creatable(root)
    if os.path.lexists(root):
        raise UsageError(f"{root}: exists already, and a run never writes over another; give a new one")


def _make(directory: Path) -> bool:
    """Make ``directory``; return False when something is there already, be it a file or a symlink."""
    require_creatable(directory)
    with files.new_directories(directory.parent):
        try:
            files.make_directory(directory)
        except FileExistsError:
            return False
        except OSError as error:
            raise UsageError(f"{directory}: cannot be made: {error.strerror}") from None
    return True


@contextmanager
def beginning(root: Path, manifest: Path) -> Iterator[None]:
    """Remove the new directory ``root`` if the block fails before there is a ``manifest``: nothing has begun in it."""
    try:
        yield
    except BaseException:
        if not manifest.exists():
            shutil.rmtree(root, ignore_errors=True)
        raise


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
    """Refuse a study or a sweep where one run is wanted, and say which run of it to name: the best.

    Raises:
        UsageError: when ``place`` is one.
    """
    kind = next((KINDS[name] for name in (STUDY, SWEEP) if (place / name).is_file()), None)
    if kind is None:
        return
    runs = sorted(path.parent for pattern in (f"*/{MANIFEST}", f"*/*/{MANIFEST}") for path in place.glob(pattern))
    example = f", such as {max(runs, key=_best_return)}" if runs else ""
    raise UsageError(f"{place}: this is a {kind}; name one of its runs{example}")


def _best_return(run: Path) -> float:
    """Return the best evaluation's mean return of a run that has ended."""
    try:
        return float(read_json(run / MANIFEST)["result"]["best_greedy_return"]["mean"])
    except (UsageError, KeyError, TypeError, ValueError):
        return -math.inf


def remember_modules(place: Path) -> None:
    """Take note of the modules that were asked for when the run, the study or the sweep ``place`` was trained.

    Args:
        place: its directory, or a policy inside it.
    """
    folders = [place, *itertools.islice(place.absolute().parents, 3)]
    manifest = next((folder / name for folder in folders for name in MANIFESTS if (folder / name).is_file()), None)
    if manifest is not None:
        with suppress(UsageError):
            imports.remembered[:] = modules_of(read_json(manifest))


def modules_of(manifest: dict[str, Any]) -> list[str]:
    """Return the modules that were asked for with ``--import-module`` when it was trained."""
    modules = manifest.get("import_modules")
    return [name for name in modules if imports.is_name(name)] if isinstance(modules, list) else []


def latest(*manifests: str) -> Path:
    """Return what began last below ``runs/``, of the directories with one of these ``manifests``.

    A directory whose manifest is damaged, or of another program, is skipped, and named in a warning. A note says so if
    something of another kind, such as a sweep where a run is wanted, began later still.

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
    """Name the directories that were skipped among those of runs, if any were."""
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
    """Return when what ``manifest`` is of began; None where it is not what cartrl writes."""
    try:
        content = read_json(manifest)
    except UsageError:
        return None
    return started(content) if isinstance(content.get("outcome"), str) else None


def started(manifest: dict[str, Any]) -> Optional[datetime]:
    """Return when a run began, as its manifest has it; None for no time, or for one that has yet to come."""
    try:
        time = datetime.fromisoformat(manifest["started"])
    except (KeyError, TypeError, ValueError):
        return None
    time = time if time.tzinfo else time.replace(tzinfo=timezone.utc)
    return time if time < datetime.now(timezone.utc) + CLOCKS_DIFFER_BY else None


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object.

    Raises:
        UsageError: when the file cannot be read, is no page of text or holds anything else, or is of a newer cartrl.
    """
    try:
        content = json.loads(reading.read_text(path, reading.LARGEST_JSON), parse_int=_whole)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise UsageError(f"{path}: cannot be read: {error}") from None
    except RecursionError:
        raise UsageError(f"{path}: cannot be read: nested too deep") from None
    if not isinstance(content, dict):
        raise UsageError(f"{path}: not a JSON object")
    formats.require_readable(content.get(formats.KEY), path)
    return content


def _whole(digits: str) -> int:
    """Return a whole number; one of a million digits would take Python seconds."""
    if len(digits) > MOST_DIGITS:
        raise ValueError(f"a number of {len(digits)} digits")
    return int(digits)


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write a JSON object so that no reader ever sees half of it."""
    files.write_text(path, json.dumps(content, indent=2, allow_nan=False) + "\n")


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
