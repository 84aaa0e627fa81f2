"""A directory with a directory for each seed, as most tools leave them."""

import re
from pathlib import Path
from typing import NamedTuple, Optional

from cartrl.errors import UsageError

TRAILING = re.compile(r"([0-9]{1,9})$")
OF_ZOO = re.compile(r"(.+-v[0-9]+)_[0-9]+$")  # a run's directory in rl-zoo3: ENVIRONMENT_NUMBER

OF_NAMES = "seeds: the numbers that end the names in it"


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
        seeds, inferred = numbered([path])
        return Folders((Folder(path, seeds[path], own),), inferred)
    there = {inner: _files(inner, pattern) for inner in _inner(path)}
    runs = [inner for inner in there if there[inner]]
    if not runs:
        return None
    seeds, inferred = numbered(runs)
    found = (Folder(inner, seeds[inner], there[inner]) for inner in runs)
    return Folders(tuple(sorted(found, key=lambda folder: folder.seed)), inferred)


class Numbered(NamedTuple):
    """The seed of each path, and a sentence that says how it is known."""

    seeds: dict[Path, int]
    inferred: str


def numbered(paths: list[Path]) -> Numbered:
    """Return the seeds of ``paths``: the numbers that end their names, if these are all different."""
    if len(paths) == 1:
        return Numbered({paths[0]: _number(paths[0]) or 0}, "a single run")
    numbers = [_number(path) for path in paths]
    if None in numbers or len(set(numbers)) < len(paths):
        return Numbered(dict(zip(paths, range(len(paths)))), "seeds: what is in it, numbered by the order of the names")
    return Numbered({path: number or 0 for path, number in zip(paths, numbers)}, OF_NAMES)


def _inner(path: Path) -> list[Path]:
    try:
        return sorted(inner for inner in path.iterdir() if inner.is_dir()) if path.is_dir() else []
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None


def _files(path: Path, pattern: str) -> tuple[Path, ...]:
    return tuple(sorted(path.glob(pattern)))


def _number(path: Path) -> Optional[int]:
    found = TRAILING.search(path.resolve().name.removesuffix(".csv"))
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
