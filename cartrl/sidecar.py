"""The sidecar of a saved policy: what it was trained for, and the fingerprints of its files.

A SavedModel says nothing of its environment, and loading one runs what is in it. So each policy directory holds a
policy.json that says both, and nothing is loaded that does not match it.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cartrl.errors import UsageError
from cartrl.run_directory import SIDECAR, read_json, write_json


@dataclass(frozen=True)
class SavedPolicy:
    """A policy directory whose files are what its sidecar says."""

    directory: Path
    env_name: str
    max_episode_steps: int
    step: int  # updates of the policy before it was saved
    observation_shape: tuple[int, ...]


def fingerprints(directory: Path) -> dict[str, str]:
    """Return the SHA-256 of every file below ``directory`` but the sidecar, by relative path."""
    files = sorted(path for path in directory.rglob("*") if path.is_file() and path != directory / SIDECAR)
    return {str(path.relative_to(directory)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def write(directory: Path, content: dict[str, Any]) -> None:
    """Write the sidecar of the policy in ``directory``, adding the fingerprints of its files."""
    write_json(directory / SIDECAR, {**content, "files": fingerprints(directory)})


def read(directory: Path) -> SavedPolicy:
    """Read the sidecar of the policy in ``directory`` and check its files against it.

    Raises:
        UsageError: when it is incomplete, or a file is missing, added or changed.
    """
    content = read_json(directory / SIDECAR)
    try:
        policy = SavedPolicy(
            directory=directory,
            env_name=str(content["environment"]["env_name"]),
            max_episode_steps=int(content["environment"]["max_episode_steps"]),
            step=int(content["step"]),
            observation_shape=tuple(int(size) for size in content["specs"]["observation"]["shape"]),
        )
        saved = dict(content["files"])
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise UsageError(f"{directory / SIDECAR}: not the sidecar of a policy: {error!r}") from None
    found = fingerprints(directory)
    for name in sorted({*saved, *found}):
        if saved.get(name) != found.get(name):
            what = "is not what was saved (its SHA-256 differs)"
            if name not in found or name not in saved:
                what = "is missing" if name in saved else "was added"
            raise UsageError(f"{directory}: {name} {what}; the policy is not loaded")
    return policy
