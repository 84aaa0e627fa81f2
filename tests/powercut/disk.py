"""File operations, and which of them a power cut may undo.

The models are those of Pillai et al. 2014, "All File Systems Are Not Created Equal" (OSDI). In all of them the data of
a file are certain to be on disk only after an fsync of the file, and a rename or an exchange happens whole or not at
all. They differ in when a change of names (a file or a directory made, renamed or removed) is on disk:

    journal    as on ext4 and XFS: in the order in which they happened; any fsync brings all earlier ones to disk
    directory  in order within each directory, but a directory may be ahead of another; only an fsync of it is certain
    any        in any order, each on its own; only an fsync of their directory is certain

What the first allows, the second allows too, and the third allows what both do.
"""

import itertools
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Optional, Union

ROOT = 0  # the node that a recording is of; it is on disk from the beginning
Place = tuple[int, str]  # a directory's node, and a name in it
MODELS = ("journal", "directory", "any")


@dataclass(frozen=True)
class Names:
    """A change of names in one step: what stands at each place afterwards, None for nothing."""

    changes: Mapping[Place, Optional[int]]

    @property
    def directories(self) -> frozenset[int]:
        """Return the directories in which names change."""
        return frozenset(directory for directory, _ in self.changes)


@dataclass(frozen=True)
class Data:
    """A file has new content."""

    node: int
    content: bytes


@dataclass(frozen=True)
class Sync:
    """An fsync of a file or a directory has returned."""

    node: int


@dataclass(frozen=True)
class Said:
    """Something has been reported as safe: from here on a power cut must not undo it."""

    what: int


Operation = Union[Names, Data, Sync, Said]


@dataclass
class Trace:
    """Files as they were, all on disk, and what happened to them."""

    directories: set[int] = field(default_factory=lambda: {ROOT})
    names: dict[Place, int] = field(default_factory=dict)
    contents: dict[int, bytes] = field(default_factory=dict)
    operations: list[Operation] = field(default_factory=list)


@dataclass(frozen=True)
class Moment:
    """What is certain, and what is not, when the power is cut after the first operations of a trace."""

    said: tuple[int, ...]
    names: tuple[Names, ...]  # all changes until then
    undoable: Mapping[str, tuple[int, ...]]  # model -> which of them may be undone, by position
    contents: Mapping[int, tuple[bytes, ...]]  # node -> the content on disk, then each later one


def moment(trace: Trace, count: int) -> Moment:
    """Return what is certain after the first ``count`` operations."""
    past = trace.operations[:count]
    changes = [(at, operation) for at, operation in enumerate(past) if isinstance(operation, Names)]
    last: dict[int, int] = {operation.node: at for at, operation in enumerate(past) if isinstance(operation, Sync)}
    latest = max(last.values(), default=-1)

    def is_on_disk(at: int, names: Names) -> bool:
        return all(last.get(directory, -1) > at for directory in names.directories)

    by_journal = tuple(position for position, (at, _) in enumerate(changes) if at > latest)
    by_directory = tuple(position for position, (at, names) in enumerate(changes) if not is_on_disk(at, names))
    contents: dict[int, tuple[bytes, ...]] = {node: (content,) for node, content in trace.contents.items()}
    for operation in past:
        if isinstance(operation, Data):
            contents[operation.node] = (*contents.get(operation.node, (b"",)), operation.content)
        elif isinstance(operation, Sync) and operation.node in contents:
            contents[operation.node] = contents[operation.node][-1:]
    return Moment(
        tuple(operation.what for operation in past if isinstance(operation, Said)),
        tuple(names for _, names in changes),
        {"journal": by_journal, "directory": by_directory, "any": by_directory},
        contents,
    )


def count_undone(now: Moment, model: str) -> int:
    """Return how many sets of changes may be undone."""
    undoable = now.undoable[model]
    if model == "journal":
        return len(undoable) + 1
    if model == "any":
        return int(2 ** len(undoable))
    total = 1
    for positions in _by_directory(now, undoable).values():
        total *= len(positions) + 1
    return total


def undone(now: Moment, model: str, most: int, rng: random.Random) -> Iterator[frozenset[int]]:
    """Yield sets of changes that a power cut may undo: all there are, or of many the plainest, and ``most`` drawn."""
    undoable = now.undoable[model]
    yield frozenset()
    yield frozenset(undoable)
    if model == "journal":
        yield from (frozenset(undoable[kept:]) for kept in range(len(undoable)))
    elif model == "directory":
        directories = list(_by_directory(now, undoable).values())
        every = itertools.product(*(range(len(positions) + 1) for positions in directories))
        drawn = (tuple(rng.randint(0, len(positions)) for positions in directories) for _ in range(most))
        yield from (frozenset(positions) for positions in directories)
        for kept in every if count_undone(now, model) <= most else drawn:
            yield frozenset(itertools.chain.from_iterable(p[k:] for p, k in zip(directories, kept)))
    elif 2 ** len(undoable) <= most:
        sizes = range(len(undoable) + 1)
        yield from map(frozenset, itertools.chain.from_iterable(itertools.combinations(undoable, n) for n in sizes))
    else:
        yield from (frozenset([position]) for position in undoable)
        for _ in range(most):
            yield frozenset(position for position in undoable if rng.random() < 0.5)


def _by_directory(now: Moment, undoable: Sequence[int]) -> dict[int, list[int]]:
    """Group changes by their directory; one that concerns two goes with the first."""
    groups: dict[int, list[int]] = {}
    for position in undoable:
        groups.setdefault(min(now.names[position].directories), []).append(position)
    return groups
