"""The sidecar of a saved policy: what it was trained for, and the fingerprints of its files.

A SavedModel does not name its environment, and loading one runs code from it. So each policy directory holds a
policy.json with the environment and the SHA-256 of every file; a policy is loaded only if all files match.
"""

import reprlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cartrl.errors import UsageError
from cartrl.runs import formats
from cartrl.runs.directory import SIDECAR
from cartrl.runs.json_files import read_json, write_json
from cartrl.settings import EnvironmentSettings
from cartrl.settings.section import ConstantName, has_type
from cartrl.settings.suites import GYM
from cartrl.system import fingerprints

ARRAYS = "policy.npz"  # of a policy that was exported as arrays
FLOATS = "float32"
DTYPES = (FLOATS, "uint8")  # of observations; uint8 are images


@dataclass(frozen=True)
class SavedPolicy:
    """A policy directory whose files are what its sidecar says."""

    directory: Path
    environment: EnvironmentSettings  # as policies are judged in it; with the time limit that held, also gym's own
    agent: str  # the kind of agent that learned it
    step: int  # updates of the policy before it was saved
    observation_shape: tuple[int, ...]
    observation_bounds: tuple[Any, Any]  # least and greatest, as those of actions
    observation_dtype: str  # one of DTYPES
    action_shape: tuple[int, ...]
    is_discrete: bool  # whether actions are whole numbers
    action_bounds: tuple[Any, Any]  # least and greatest, each a number or nested lists of them, as in the sidecar
    first_action: int  # what is added to the policy's whole number, which counts from 0, to get the environment's


def write(directory: Path, content: dict[str, Any]) -> None:
    """Write the sidecar of the policy in ``directory``, adding the fingerprints of its files."""
    write_json(
        directory / SIDECAR,
        {
            formats.KEY: formats.FORMAT,
            **content,
            "files": fingerprints.fingerprints(directory, but=SIDECAR),
        },
    )


def read(directory: Path) -> SavedPolicy:
    """Read the sidecar of the policy in ``directory`` and check its files against it.

    Raises:
        UsageError: when it is incomplete, or a file is missing, added or changed.
    """
    content = read_json(directory / SIDECAR)
    try:
        environment, specs = content["environment"], content["specs"]
        policy = SavedPolicy(
            directory=directory,
            environment=EnvironmentSettings(
                env_name=_text(environment["env_name"]),
                suite=_text(environment.get("suite", GYM)),
                max_episode_steps=_whole(environment["max_episode_steps"], 1),
                constants=_constants(environment.get("constants", {})),
                kwargs=_arguments(environment.get("kwargs", {})),
                wrappers=environment.get("wrappers", ()),
            ).judged(),
            agent=_text(content.get("agent", "reinforce")),
            step=_whole(content["step"], 0),
            observation_shape=_shape(specs["observation"]["shape"]),
            observation_bounds=(specs["observation"].get("minimum"), specs["observation"].get("maximum")),
            observation_dtype=_dtype(specs["observation"].get("dtype", FLOATS)),
            action_shape=_shape(specs["action"]["shape"]),
            is_discrete="int" in _text(specs["action"].get("dtype", "int64")),
            action_bounds=(specs["action"]["minimum"], specs["action"]["maximum"]),
            first_action=_number(specs["action"].get("start", 0)),
        )
        saved = {_text(name): _text(digest) for name, digest in content["files"].items()}
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UsageError(f"{directory / SIDECAR}: not the sidecar of a policy: {error!r}") from None
    _require_files(directory, saved)
    return policy


def bounds(saved: SavedPolicy) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the least and the greatest action.

    Raises:
        UsageError: when the sidecar holds something else.
    """
    try:
        least, greatest = (
            np.broadcast_to(np.asarray(bound, np.float64), saved.action_shape) for bound in saved.action_bounds
        )
    except (TypeError, ValueError):
        raise UsageError(f"{saved.directory}: the bounds of its actions are not numbers of their shape") from None
    return least, greatest


def _require_files(directory: Path, saved: dict[str, str]) -> None:
    """Check that the files in ``directory`` are those ``saved``, by their SHA-256.

    Raises:
        UsageError: naming the first that is not.
    """
    try:
        difference = fingerprints.difference(directory, SIDECAR, saved)
    except OSError as error:
        raise UsageError(f"{error.filename}: cannot be read: {error.strerror}") from None
    if difference is not None:
        raise UsageError(f"{directory}: {difference}; the policy is not loaded")


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{reprlib.repr(value)} is not a text")
    return value


def _number(value: Any) -> int:
    if type(value) is not int:
        raise TypeError(f"{reprlib.repr(value)} is not a whole number")
    return value


def _whole(value: Any, least: int) -> int:
    """Return ``value`` if it is a count that an int32 holds; ``true`` is none, nor is 2.5."""
    if type(value) is not int or not least <= value < 2**31:
        raise ValueError(f"{reprlib.repr(value)} is not a whole number from {least} to {2**31 - 1}")
    return value


def _constants(values: Any) -> dict[ConstantName, float]:
    if not has_type(values, dict[ConstantName, float]):
        raise TypeError(f"{reprlib.repr(values)} are not physical constants")
    return dict(values)


def _arguments(values: Any) -> dict[str, Any]:
    if not has_type(values, dict[str, Any]):
        raise TypeError(f"{reprlib.repr(values)} are not arguments of an environment")
    return dict(values)


def _dtype(name: Any) -> str:
    if name not in DTYPES:
        raise ValueError(f"{reprlib.repr(name)} is no type of observations")
    return str(name)


def _shape(sizes: Any) -> tuple[int, ...]:
    if not isinstance(sizes, list):
        raise TypeError(f"{reprlib.repr(sizes)} is not a shape")
    return tuple(_whole(size, 0) for size in sizes)
