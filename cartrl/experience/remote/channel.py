"""Messages between a learner and a collector: facts as JSON and numpy arrays, of which nothing can run as code."""

import json
import math
import os
import socket
from collections.abc import Mapping, Sequence
from multiprocessing.connection import Connection
from typing import Any, NamedTuple, Optional

import numpy as np
from numpy.typing import NDArray

Arrays = Mapping[str, NDArray[Any]]

HEAD = 4  # bytes that hold the length of the JSON text
KINDS = "fiub"  # numpy's kinds that an array may be of: floats, whole numbers of both kinds, and booleans
SMALL = 1 << 16  # bytes: more than any message without arrays


class Message(NamedTuple):
    """What one side has sent."""

    facts: dict[str, Any]
    arrays: dict[str, NDArray[Any]]


class LostError(Exception):
    """The other side has gone, or has sent what is no message."""


class Channel:
    """One side of a connection between a learner and a collector.

    Args:
        connected: a socket, which belongs to the channel from now on.
        seconds: after which a message that the other side does not take is given up; None to wait for ever.
    """

    def __init__(self, connected: socket.socket, seconds: Optional[float] = None):
        connected.settimeout(None)
        if seconds is not None:
            limit = int(seconds).to_bytes(8, "little") + bytes(8)  # a struct timeval
            connected.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)
        self.connection = Connection(connected.detach())

    def send(self, facts: Mapping[str, Any], arrays: Optional[Arrays] = None) -> None:
        """Send ``facts``, which JSON can hold, and ``arrays``.

        Raises:
            LostError: when the other side has gone.
        """
        arrays = arrays or {}
        shapes = [[name, array.dtype.str, array.shape] for name, array in arrays.items()]
        head = json.dumps([facts, shapes]).encode()
        content = [len(head).to_bytes(HEAD, "little"), head, *(array.tobytes() for array in arrays.values())]
        try:
            self.connection.send_bytes(b"".join(content))
        except OSError as error:
            raise LostError(f"the connection has ended: {error}") from None

    def receive(self, largest: int = SMALL) -> Message:
        """Wait for the next message, of at most ``largest`` bytes.

        Raises:
            LostError: when the other side has gone, or sends something else.
        """
        try:
            content = self.connection.recv_bytes(largest)
        except EOFError:
            raise LostError("the connection has ended") from None
        except OSError as error:
            raise LostError(f"the connection has ended: {error}") from None
        try:
            return _read(content)
        except (ValueError, TypeError, RecursionError) as error:
            raise LostError(f"it sent what is no message: {error}") from None

    def end(self) -> None:
        """Let both sides know that nothing more comes, also a thread that waits in `receive`."""
        try:
            with socket.socket(fileno=os.dup(self.connection.fileno())) as shared:
                shared.shutdown(socket.SHUT_RDWR)
        except OSError:  # it has ended
            pass


def _read(content: bytes) -> Message:
    first = HEAD + int.from_bytes(content[:HEAD], "little")
    facts, shapes = json.loads(content[HEAD:first])
    arrays = {}
    for name, kind, shape in shapes:
        dtype = np.dtype(str(kind))
        if dtype.kind not in KINDS or not all(type(size) is int and size >= 0 for size in shape):
            raise ValueError(f"an array of {dtype} and shape {shape}")
        last = first + dtype.itemsize * math.prod(shape)
        arrays[str(name)] = np.frombuffer(content[first:last], dtype).reshape(shape)
        first = last
    if not isinstance(facts, dict) or first != len(content):
        raise ValueError("more or less than it says")
    return Message(facts, arrays)


def numbered(arrays: Sequence[NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Return ``arrays`` by their numbers, as a message can hold them."""
    return {str(number): array for number, array in enumerate(arrays)}
