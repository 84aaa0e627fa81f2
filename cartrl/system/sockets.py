"""The TCP sockets of this process, also those that a library has opened and gives nobody access to.

Reverb's server listens on every network interface and has no setting for it. Its listening socket is a descriptor of
this process like any other, so cartrl can bind it to the loopback device, and shut it down once all that is to connect
has connected.
"""

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

from cartrl.errors import CartrlError

LOOPBACK = ((socket.AF_INET, "127.0.0.1", "127.0.0.1"), (socket.AF_INET6, "::1", "[::1]"))
TRY_SECONDS = 1.0
LISTENS = "0A"  # the state of a socket that listens, as /proc/net/tcp writes it


def loopback() -> str:
    """Return the address at which this process can connect to itself, as it is written in front of a port.

    Unlike ``localhost``, an address needs neither a hosts file nor a name server.

    Raises:
        CartrlError: when there is none.
    """
    for family, address, written in LOOPBACK:
        with suppress(OSError), socket.socket(family) as server, socket.socket(family) as client:
            client.settimeout(TRY_SECONDS)
            server.bind((address, 0))
            server.listen(1)
            client.connect(server.getsockname())
            return written
    raise CartrlError(
        "this process cannot connect to itself, neither at 127.0.0.1 nor at ::1, and Reverb needs that; "
        "the loopback device may be down (ip link set lo up)"
    )


def is_shared(port: int) -> bool:
    """Return whether more than one socket listens on ``port``; the kernel then gives a connection to any of them."""
    count = 0
    for table in ("tcp", "tcp6"):
        with suppress(OSError):
            for line in Path(f"/proc/self/net/{table}").read_text().splitlines()[1:]:
                _, local, _, state, *_ = line.split()
                count += state == LISTENS and int(local.rsplit(":", 1)[1], 16) == port
    return count > 1


def keep_to_loopback(port: int) -> bool:
    """Refuse connections from other machines to ``port`` of this process; return whether the kernel allows that.

    Linux allows it from 5.7 on.
    """
    return _do(port, lambda listener: listener.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lo\0"))


def stop_listening(port: int) -> bool:
    """Refuse new connections to ``port`` of this process, keep the present ones; return whether that was possible."""
    return _do(port, lambda listener: listener.shutdown(socket.SHUT_RDWR))


def strangers(port: int) -> int:
    """Return how many connections to ``port`` of this process come from other processes."""
    served, ours = set(), set()
    for end in _sockets():
        with suppress(OSError):  # one that is not connected
            local, remote = end.getsockname(), end.getpeername()
            if local[1] == port:
                served.add(remote)
            elif remote[1] == port:
                ours.add(local)
    return len(served - ours)


def _do(port: int, what: Callable[[socket.socket], None]) -> bool:
    """Call ``what`` with each listening socket of ``port``; return False if there is none, or the kernel refuses."""
    count = 0
    try:
        for found in _sockets():
            if found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) and found.getsockname()[1] == port:
                what(found)
                count += 1
    except OSError:
        return False
    return count > 0


def _sockets() -> Iterator[socket.socket]:
    """Yield a copy of every TCP socket among this process's descriptors."""
    for descriptor in Path("/proc/self/fd").iterdir():
        try:
            if not descriptor.is_socket():
                continue
            copy = socket.socket(fileno=os.dup(int(descriptor.name)))
        except OSError:  # closed meanwhile
            continue
        with closing(copy):
            if copy.family in (socket.AF_INET, socket.AF_INET6) and copy.type == socket.SOCK_STREAM:
                yield copy
