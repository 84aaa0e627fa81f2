"""The SHA-256 of the variables of a saved policy, without TensorFlow.

Beside the variables the file holds a graph of objects with the names of layers, which Keras counts in each process: two
runs of the same numbers have different files. So only the variables are read here, by TensorFlow's own index of them
(tensorflow/core/util/tensor_bundle), which is a table as LevelDB has them.
"""

import hashlib
import struct
from collections.abc import Iterator
from pathlib import Path

from cartrl.errors import UsageError
from cartrl.runs.directory import RunDirectory
from cartrl.system import reading

DATA, INDEX = Path("variables", "variables.data-00000-of-00001"), Path("variables", "variables.index")
LARGEST_INDEX = 1 << 24  # bytes; a policy has tens of variables
MAGIC, FOOTER = 0xDB4775248B80FB57, 48  # of a table, and the bytes of its end
OFFSET, SIZE = 4, 5  # the fields of an entry
GRAPH = b"_CHECKPOINTABLE_OBJECT_GRAPH"
DAMAGE = (IndexError, KeyError, ValueError, RuntimeError, struct.error, OSError)


def digests(run: RunDirectory) -> dict[str, str]:
    """Return the SHA-256 of the variables of a run's best and of its final policy, as far as they are there.

    Raises:
        UsageError: when a file is damaged.
    """
    policies = {"best": run.best_policy, "final": run.final_policy}
    return {name: digest(policy) for name, policy in policies.items() if (policy / INDEX).is_file()}


def digest(policy: Path) -> str:
    """Return the SHA-256 of the names and the values of a policy's variables, in the order of their names.

    Raises:
        UsageError: when a file is damaged.
    """
    found = hashlib.sha256()
    try:
        places = dict(_entries(reading.read_bytes(policy / INDEX, LARGEST_INDEX)))
        with reading.open_regular(policy / DATA, reading.LARGEST_BINARY) as file:
            for name, (offset, size) in sorted(places.items()):
                file.seek(offset)
                found.update(name + b"\0" + file.read(size))
    except DAMAGE as error:
        raise UsageError(f"{policy}: not the variables of a policy: {error}") from None
    return found.hexdigest()


def _entries(index: bytes) -> Iterator[tuple[bytes, tuple[int, int]]]:
    """Yield the name of each variable, and where it is: (offset, size) in the data, in bytes."""
    if struct.unpack("<Q", index[-8:])[0] != MAGIC:
        raise ValueError("no table")
    _, _, *listing = _varints(index[-FOOTER:], 4)  # where the block of metadata is, and that which lists the others
    for _, place in _block(index, *listing):
        for name, entry in _block(index, *_varints(place, 2)):
            if name not in (b"", GRAPH):  # the header has no name
                fields = _fields(entry)
                yield name, (fields.get(OFFSET, 0), fields.get(SIZE, 0))


def _block(table: bytes, offset: int, size: int) -> Iterator[tuple[bytes, bytes]]:
    """Yield the keys and values of a block, in which each key says how many bytes it shares with the one before."""
    if table[offset + size] != 0:
        raise ValueError("a compressed table")
    block = table[offset : offset + size]
    (restarts,) = struct.unpack("<I", block[-4:])
    place, end, key = 0, size - 4 * (restarts + 1), b""
    while place < end:
        shared, place = _varint(block, place)
        own, place = _varint(block, place)
        length, place = _varint(block, place)
        key = key[:shared] + block[place : place + own]
        yield key, block[place + own : place + own + length]
        place += own + length


def _fields(message: bytes) -> dict[int, int]:
    """Return the whole numbers in a protocol buffer, by their field."""
    found, place = {}, 0
    while place < len(message):
        tag, place = _varint(message, place)
        field, kind = divmod(tag, 8)
        if kind == 0:
            found[field], place = _varint(message, place)
        elif kind == 2:
            length, place = _varint(message, place)
            place += length
        else:
            place += {5: 4, 1: 8}[kind]
    return found


def _varints(content: bytes, count: int) -> list[int]:
    """Return the ``count`` numbers with which ``content`` begins."""
    found, place = [], 0
    for _ in range(count):
        number, place = _varint(content, place)
        found.append(number)
    return found


def _varint(content: bytes, place: int) -> tuple[int, int]:
    """Return the number at ``place``, in base 128 with the lowest digits first, and where the next one begins."""
    number = shift = 0
    while True:
        byte = content[place]
        number, shift, place = number | (byte & 127) << shift, shift + 7, place + 1
        if byte < 128:
            return number, place
