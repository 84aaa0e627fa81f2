"""The trees of files that a power cut may leave."""

import functools
import hashlib
import random
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from tests.powercut.disk import MODELS, ROOT, Moment, Said, Sync, Trace, count_undone, moment, undone

BLOCK = 4096  # bytes that a disk writes whole
MOST_CUTS = 12  # of one content
UNREAD = (".draft-", ".old-", "tensorboard", "learning_curve.png")  # what cartrl never reads back
WRITER = re.compile(r"(\.(?:draft|old)-[^-/]+-)[0-9]+-")  # of a draft, by the number of its process
NOBODY = 9_999_999_999  # no process has such a number

Tree = Mapping[str, Optional[bytes]]  # path -> content, None for a directory


@dataclass(frozen=True)
class State:
    """What is on disk after a power cut."""

    tree: Tree
    said: tuple[int, ...]  # what had been reported as safe by then
    model: str  # the strictest that allows it

    def digest(self) -> str:
        """Return a hash of all that cartrl reads of it, and of the names of the rest."""
        found = hashlib.sha256()
        for path, content in sorted(self.tree.items()):
            is_unread = any(part.startswith(UNREAD) for part in Path(path).parts)
            shown = "directory" if content is None else "" if is_unread else _sha256(content)
            found.update(repr((path, shown)).encode())
        return found.hexdigest()

    def write(self, home: Path) -> None:
        """Make it below ``home``, an empty directory.

        The power was cut, so no process that wrote drafts is there any more. Another one may have its number by now.
        """
        for written, content in sorted(self.tree.items()):
            path = WRITER.sub(rf"\g<1>{NOBODY}-", written)
            if content is None:
                (home / path).mkdir()
            else:
                (home / path).write_bytes(content)


@functools.lru_cache(maxsize=4096)
def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def moments(trace: Trace) -> list[Moment]:
    """Return the moments just before something becomes certain, and just after something has been reported."""
    operations = trace.operations
    counts = {count for count, operation in enumerate(operations) if isinstance(operation, (Sync, Said))}
    counts |= {count + 1 for count, operation in enumerate(operations) if isinstance(operation, Said)}
    return [moment(trace, count) for count in sorted({*counts, len(operations)})]


def states(trace: Trace, most: int, seed: int) -> Iterator[State]:
    """Yield states that a power cut may leave, for each moment up to ``most`` for each model, drawn with ``seed``."""
    rng = random.Random(seed)
    for now in moments(trace):
        torn = {node: variants(contents) for node, contents in now.contents.items() if len(contents) > 1}
        for model in MODELS:
            choices = list(dict.fromkeys(undone(now, model, most, rng)))
            contents = list(_contents(torn, rng))
            others = [(without, content) for without in choices for content in contents[1:]]
            drawn = others[:1] + rng.sample(others[1:], min(most, len(others[1:])))
            for without, content in [*((without, contents[0]) for without in choices), *drawn]:
                yield State(_tree(trace, now, without, content), now.said, model)


def distinct(found: Iterable[State], most: Optional[int], seed: int) -> list[State]:
    """Return one of each that are equal to a reader and had the same reported before; at most ``most``, drawn."""
    every = {(state.digest(), max(state.said, default=0)): state for state in reversed(list(found))}
    return random.Random(seed).sample(list(every.values()), min(len(every), most or len(every)))


def count(trace: Trace) -> dict[str, int]:
    """Return for each model how many states it allows, those that are equal counted each."""
    totals = dict.fromkeys(MODELS, 0)
    for now in moments(trace):
        torn = 1
        for contents in now.contents.values():
            torn *= len(variants(contents))
        for model in MODELS:
            totals[model] += count_undone(now, model) * torn
    return totals


def variants(contents: Sequence[bytes]) -> list[bytes]:
    """Return what a file may hold: the first of ``contents`` is on disk, the others were written without an fsync.

    The last of them comes first and the one on disk second. The rest are torn: a beginning alone; the size of the new
    one without its data, zeros or what lay on the disk before in their place; one block lost; one block alone.
    """
    old = contents[0]
    found = dict.fromkeys([contents[-1], old, *contents])
    for new in contents[1:]:
        empty = (old + bytes(max(0, len(new) - len(old))))[: len(new)]
        start = next((at for at, (a, b) in enumerate(zip(old, new)) if a != b), min(len(old), len(new)))
        garbage = random.Random(len(new)).getrandbits(8 * len(new)).to_bytes(len(new), "little") if new else b""
        found.update(dict.fromkeys([empty, new[:start] + garbage[start:]]))
        found.update(dict.fromkeys(new[:cut] for cut in _cuts(new, start)))
        found.update(dict.fromkeys(new[:cut] + empty[cut:] for cut in _cuts(new, start)))
        blocks = [slice(at, at + BLOCK) for at in range(start // BLOCK * BLOCK, len(new), BLOCK)][:MOST_CUTS]
        found.update(dict.fromkeys(new[: b.start] + empty[b] + new[b.stop :] for b in blocks))
        found.update(dict.fromkeys(empty[: b.start] + new[b] + empty[b.stop :] for b in blocks))
    return list(found)


def _cuts(new: bytes, start: int) -> list[int]:
    """Return where a write of all from ``start`` on may be torn: in lines, at their ends, at blocks."""
    ends = [at + 1 for at in range(start, len(new)) if new[at : at + 1] == b"\n"][:MOST_CUTS]
    blocks = list(range(start // BLOCK * BLOCK + BLOCK, len(new), BLOCK))[:MOST_CUTS]
    cuts = {start, start + 1, (start + len(new)) // 2, len(new) - 1, *ends, *(end - 2 for end in ends), *blocks}
    return sorted(cut for cut in cuts if start <= cut < len(new))


def _contents(torn: Mapping[int, Sequence[bytes]], rng: random.Random) -> Iterator[dict[int, bytes]]:
    """Yield contents of the files that are not certain: all written, none, each alone in each variant, and drawn."""
    written = {node: found[0] for node, found in torn.items()}
    yield written
    if torn:
        yield {node: found[-1 if len(found) == 1 else 1] for node, found in torn.items()}
    for node, found in torn.items():
        yield from ({**written, node: content} for content in found[1:])
    if len(torn) > 1:
        yield from ({node: rng.choice(found) for node, found in torn.items()} for _ in torn)


def _names(trace: Trace, now: Moment, without: frozenset[int]) -> dict[tuple[int, str], int]:
    names: dict[tuple[int, str], Optional[int]] = dict(trace.names)
    for position, change in enumerate(now.names):
        if position not in without:
            names.update(change.changes)
    return {place: node for place, node in names.items() if node is not None}


def _tree(trace: Trace, now: Moment, without: frozenset[int], contents: Mapping[int, bytes]) -> Tree:
    """Return the files that can be reached from the root."""
    below: dict[int, list[tuple[str, int]]] = {}
    for (directory, name), node in _names(trace, now, without).items():
        below.setdefault(directory, []).append((name, node))
    tree: dict[str, Optional[bytes]] = {}

    def walk(directory: int, path: str) -> None:
        for name, node in below.get(directory, []):
            if node in trace.directories:
                tree[path + name] = None
                walk(node, f"{path}{name}/")
            else:
                tree[path + name] = contents.get(node, now.contents.get(node, (b"",))[-1])

    walk(ROOT, "")
    return tree
