"""A directory with a directory for each seed, as most tools leave them."""

import re
from pathlib import Path
from typing import NamedTuple, Optional

from cartrl.errors import UsageError

TRAILING = re.compile(r"([0-9]{1,9})$")
OF_ZOO = re.compile(r"(.+-v[0-9]+)_[0-9]+$")  # a run's directory in rl-zoo3: ENVIRONMENT_NUMBER


class Folder(NamedTuple):
    """A run's directory, and the files in it."""

    path: Path
    seed: int
    files: tuple[Path, ...]


class Folders(NamedTuple):
    """The directories of runs, in the order of their seeds, and a sentence that says how the seeds are known."""

    runs: tuple[Folder, ...]
    inferred: str


def find(path: Path, pattern: str) -> Optional[Folders]:
    """Return the run directories, which have files of a ``pattern``: those in ``path``, or ``path`` itself.

    Raises:
        UsageError: when ``path`` cannot be listed.
    """
    own = _files(path, pattern)
    if own:
        return Folders((Folder(path, _number(path) or 0, own),), "a single run")
    there = {inner: _files(inner, pattern) for inner in _inner(path)}
    runs = [inner for inner in there if there[inner]]
    if not runs:
        return None
    numbers = [_number(inner) for inner in runs]
    if None in numbers or len(set(numbers)) < len(runs):
        seeds, inferred = dict(zip(runs, range(len(runs)))), "seeds: the directories in it, numbered by their order"
    else:
        seeds = {inner: number or 0 for inner, number in zip(runs, numbers)}
        inferred = "seeds: the numbers that end the names of the directories in it"
    found = (Folder(inner, seeds[inner], there[inner]) for inner in runs)
    return Folders(tuple(sorted(found, key=lambda folder: folder.seed)), inferred)


def _inner(path: Path) -> list[Path]:
    try:
        return sorted(inner for inner in path.iterdir() if inner.is_dir()) if path.is_dir() else []
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None


def _files(path: Path, pattern: str) -> tuple[Path, ...]:
    return tuple(sorted(path.glob(pattern)))


def _number(path: Path) -> Optional[int]:
    found = TRAILING.search(path.resolve().name)
    return int(found[1]) if found else None


def environment_in_name(path: Path) -> Optional[str]:
    """Return the environment that a run's directory is named after, as in rl-zoo3's ``CartPole-v1_2``."""
    found = OF_ZOO.match(path.resolve().name)
    return found[1] if found else None


def one_environment(path: Path, names: list[Optional[str]]) -> Optional[str]:
    """Return the environment of all runs in ``path``, of those that name one.

    Raises:
        UsageError: when there are several.
    """
    known = sorted({name for name in names if name is not None})
    if len(known) > 1:
        raise UsageError(f"{path}: holds runs of {' and '.join(known)}; returns compare within one environment only")
    return known[0] if known else None
