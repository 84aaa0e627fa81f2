"""A run's directory: the name of every file in it, and how a new one is made."""

import itertools
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Optional

from cartrl.errors import UsageError
from cartrl.system import files
from cartrl.system.paths import require_creatable

RUNS = Path("runs")
MANIFEST = "manifest.json"  # of a run
STUDY = "study.json"  # of a study: many runs
SWEEP = "sweep.json"  # of a sweep: many studies
DECISION = "decision.json"  # of two studies that were trained until it was decided which is better
KINDS = {MANIFEST: "run", STUDY: "study", SWEEP: "sweep", DECISION: "decision"}  # what a directory is, by its manifest
MANIFESTS = tuple(KINDS)
SIDECAR = "policy.json"


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
        self.exports = root / "exports"

    def kept_policy(self, iteration: int) -> Path:
        """Return the path of the policy after ``iteration``, if that policy is kept."""
        return self.kept_policies / f"{iteration:08d}"

    def export(self, policy: Path, form: str) -> Path:
        """Return where ``cartrl export`` writes a policy of the run in the format ``form``."""
        return self.exports / f"{policy.resolve().name}-{form}"


def run_of(policy: Path) -> Optional[RunDirectory]:
    """Return the run in whose policies/, or policies/kept/, the directory ``policy`` is; None where it is in none."""
    policies = policy.parent
    above = (RunDirectory(directory) for directory in (policies.parent, policies.parent.parent))
    return next((run for run in above if run.manifest.is_file()), None)


def create(root: Optional[Path], env_name: str, agent: str, what: str) -> Path:
    """Make a new directory: ``root``, or one named after the run and the time below ``runs/``.

    Args:
        root: the directory, if the user names one.
        env_name: the first part of the name of a directory below ``runs/``.
        agent: the second part.
        what: the third part: a seed, or the number of seeds.

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
    """Make ``directory``; return False when there is a file, a directory or a symlink of that name."""
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
    """Remove the new directory ``root`` if the block fails before the ``manifest`` exists: no run has begun by then."""
    try:
        yield
    except BaseException:
        if not manifest.exists():
            shutil.rmtree(root, ignore_errors=True)
            if root.parent == RUNS:
                with suppress(OSError):  # there are others in it
                    RUNS.rmdir()
        raise
