"""The state of a run, a study or a sweep, as displays and lists name it."""

from pathlib import Path
from typing import Any

from cartrl.runs.directory import RunDirectory
from cartrl.runs.lock import is_held
from cartrl.runs.outcome import Outcome, outcome_of

RUNNING, FINISHED, STOPPED, FAILED, DAMAGED, UNKNOWN = STATES = (
    "running", "finished", "stopped", "failed", "damaged", "unknown",
)  # fmt: skip
OF_OUTCOME = {
    Outcome.FINISHED: FINISHED,
    Outcome.SOLVED: FINISHED,
    Outcome.INTERRUPTED: STOPPED,
    Outcome.FAILED: FAILED,
}
OF_LOCK = {True: RUNNING, False: STOPPED, None: UNKNOWN}


def state_of(root: Path, manifest: dict[str, Any]) -> str:
    """Return the state of the run, the study or the sweep in ``root``, given the content of its ``manifest``.

    The manifest of a killed run says that it is running, but its lock is free, and so is the lock of a copy. Where the
    file system has no locks the state is unknown, unless the process is seen to be gone.
    """
    outcome = outcome_of(manifest)
    if outcome is Outcome.RUNNING:
        return OF_LOCK[is_held(RunDirectory(root).lock)]
    return DAMAGED if outcome is None else OF_OUTCOME.get(outcome, DAMAGED)
