"""A directory tree of another tool's runs as a set of studies."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, Optional

from cartrl.errors import UsageError
from cartrl.runs.directory import MANIFESTS
from cartrl.runs.evaluated import Run
from cartrl.runs.foreign.reader import Reader
from cartrl.runs.foreign.study import ForeignStudy, one_environment
from cartrl.runs.foreign.template import OPTION, Template, Told, inferred

DEEPEST = 5  # levels of directories below the one that is given


class Placed(NamedTuple):
    """A run's directory or file, and what its path tells."""

    path: Path
    told: Told


def studies(root: Path, readers: Sequence[Reader], group: Optional[Template]) -> list[ForeignStudy]:
    """Return the studies below the directory ``root``, or in it; none where no reader finds a run.

    Args:
        root: a directory or a file.
        readers: of the kinds of files.
        group: what the paths of the runs tell; None infers it.

    Raises:
        UsageError: when a file cannot be read, or the runs cannot be told apart.
    """
    paths = list(_runs(root, readers, DEEPEST))
    if not paths:
        return []
    names = dict(zip(paths, _names(root, paths, group)))
    template = group or Template(_inferred(root, list(names.values())))
    told = [(path, template.told(name)) for path, name in names.items()]
    placed = [Placed(path, found) for path, found in told if found is not None]
    if not placed:
        raise UsageError(f"{root}: no run in it fits {OPTION} {template.text}; they are such as {names[paths[0]]}")
    groups: dict[tuple[Optional[str], Optional[str]], list[Placed]] = {}
    for one in placed:
        groups.setdefault((one.told.method, one.told.env_name), []).append(one)
    said = [_said(template, is_single=paths == [root])]
    if len(placed) < len(paths):
        said.append(f"left out: {len(paths) - len(placed)} of {len(paths)} runs that do not fit")
    return [
        _study(root if len(groups) == 1 else root / members[0].told.place, root, members, readers, said)
        for members in groups.values()
    ]


def named(path: Path, readers: Sequence[Reader]) -> list[ForeignStudy]:
    """Return the study whose directories have names that begin with that of ``path``, which is not there itself."""
    if path.exists() or not path.parent.is_dir():
        return []
    near = [inner for inner in _inner(path.parent) if inner.name.startswith(path.name)]
    runs = [inner for inner in near if any(reader.has_run(inner) for reader in readers)]
    if not runs:
        return []
    template = Template(_inferred(path.parent, [inner.name for inner in runs]))
    told = [(inner, template.told(inner.name)) for inner in runs]
    members = [Placed(inner, found) for inner, found in told if found is not None and found.place == path.name]
    return [_study(path, path.parent, members, readers, [_said(template)])] if members else []


def _runs(path: Path, readers: Sequence[Reader], levels: int) -> Iterator[Path]:
    """Yield the runs at ``path`` and below it, in the order of their names; cartrl's own are left alone."""
    if any(os.path.lexists(path / manifest) for manifest in MANIFESTS):
        return
    if any(reader.has_run(path) for reader in readers):
        yield path
    elif levels and path.is_dir():
        for inner in _inner(path):
            yield from _runs(inner, readers, levels - 1)


def _inner(path: Path) -> list[Path]:
    try:
        return sorted(inner for inner in path.iterdir() if not inner.name.startswith("."))
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None


def _names(root: Path, paths: Sequence[Path], group: Optional[Template]) -> list[str]:
    """Return the path of each run relative to ``root``; of a run on its own, the last levels of its path."""
    if list(paths) == [root]:
        own = root.resolve()
        levels = (*own.parts[:-1], own.stem if own.is_file() else own.name)
        return ["/".join(levels[-group.levels if group else -1 :])]
    relative = [path.relative_to(root) for path in paths]
    files = [path.is_file() for path in paths]
    if all(files) and len({path.name for path in paths}) == 1 and all(len(path.parts) > 1 for path in relative):
        return [path.parent.as_posix() for path in relative]  # PATH/progress.csv: what tells them apart is PATH
    return [(path.with_suffix("") if is_file else path).as_posix() for path, is_file in zip(relative, files)]


def _inferred(root: Path, names: Sequence[str]) -> str:
    found = inferred(names)
    if found is None:
        depths = {name.count("/"): name for name in names}
        shown = " and ".join(sorted(depths.values())[:2])
        raise UsageError(
            f"{root}: its runs are at several depths, such as {shown}; say what their names tell by {OPTION}"
        )
    return found


def _said(template: Template, is_single: bool = False) -> str:
    if is_single:
        return "a single run"
    numbered = "" if "{seed}" in template.text else ", seeds numbered by the order of the names"
    return f"grouped by the names of the runs as {template.text}{numbered}"


def _study(
    path: Path, root: Path, members: Sequence[Placed], readers: Sequence[Reader], said: Sequence[str]
) -> ForeignStudy:
    """Return the study of runs below ``root``, which ``path`` names. A method that is not told has the root's name."""
    told = members[0].told
    method = told.method or root.resolve().name
    reader = max(readers, key=lambda reader: sum(reader.has_run(one.path) for one in members))
    read = [one for one in members if reader.has_run(one.path)]
    found = [
        reader.read(one.path, number if one.told.seed is None else one.told.seed) for number, one in enumerate(read)
    ]
    runs = sorted((run for one in found for run in one.runs), key=lambda run: run.seed)
    _require_different(path, runs)
    env_name = told.env_name or one_environment(path, [one.env_name for one in found])
    rest = len(members) - len(read)
    left_out = [f"left out: {rest} of {len(members)} runs that have no such file"] if rest else []
    notes = (reader.said, *said, *left_out)
    return ForeignStudy(path, tuple(runs), env_name, method, reader.measure, notes, reader.axes)


def _require_different(path: Path, runs: Sequence[Run]) -> None:
    seeds = [run.seed for run in runs]
    twice = next((seed for seed in seeds if seeds.count(seed) > 1), None)
    if twice is not None:
        places = " and ".join(str(run.directory) for run in runs if run.seed == twice)
        raise UsageError(
            f"{path}: several of its runs are of seed {twice}: {places}; move those that are not to count, or say what "
            f"the names tell by {OPTION}"
        )
