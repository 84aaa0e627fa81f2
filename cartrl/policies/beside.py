"""The export beside a run's policy, which plays in its place without TensorFlow, where every number stays the same.

Why only these policies, and how that is sure: docs/decisions/exports-beside.md.
"""

from typing import Any, Optional

from cartrl.errors import UsageError
from cartrl.policies import sidecar, variables
from cartrl.policies.sidecar import ARRAYS, FLOATS, SavedPolicy
from cartrl.runs.directory import SIDECAR, run_of
from cartrl.runs.json_files import read_json

VARIABLES = "variables"  # in the sidecar of an export: the SHA-256 of those that it was made from


def content(saved: SavedPolicy) -> dict[str, Any]:
    """Return the sidecar of an export of ``saved``, but for its own files.

    Raises:
        UsageError: when the variables of ``saved`` are damaged.
    """
    own = {name: value for name, value in read_json(saved.directory / SIDECAR).items() if name != "files"}
    return {**own, VARIABLES: variables.digest(saved.directory)}


def find(saved: SavedPolicy) -> Optional[SavedPolicy]:
    """Return the export of a run's policy as arrays, where ``cartrl export`` writes it; None where it cannot take part.

    It was made from these very variables. The actions are discrete, and the observations no images, whose convolutions
    TensorFlow plays faster.
    """
    run = run_of(saved.directory)
    if run is None or not saved.is_discrete or saved.observation_dtype != FLOATS:
        return None
    place = run.export(saved.directory, "npz")
    if not (place / ARRAYS).is_file():
        return None
    try:
        exported = sidecar.read(place)
        described = {name: value for name, value in read_json(place / SIDECAR).items() if name != "files"}
        return exported if described == content(saved) else None
    except UsageError:  # it is damaged; the policy itself is not
        return None


def rows(saved: SavedPolicy, is_greedy: bool) -> list[tuple[str, str]]:
    """Return what people read of an export that plays in the place of ``saved``; nothing where none does."""
    exported = find(saved) if is_greedy else None
    return [] if exported is None else [("played from", f"{exported.directory}, with the same actions")]
