"""Where a learner listens for collectors, and the secret that they must know."""

import os
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, Optional

from cartrl.errors import UsageError, cut
from cartrl.system import reading

VARIABLE = "CARTRL_TOKEN"
SHORTEST, LONGEST = 16, 4096  # bytes of a token
WAITING = 64  # connections that the kernel keeps until they are taken


class Address(NamedTuple):
    """A host and a port of TCP."""

    host: str  # a name or an address
    port: int

    @classmethod
    def parse(cls, text: str, said: str) -> "Address":
        """Read HOST:PORT, or [ADDRESS]:PORT for an address of IPv6; ``said`` is what errors call it.

        Raises:
            UsageError: when it is none.
        """
        found = re.fullmatch(r"(?:\[([^\]]+)\]|([^:\s]+)):(\d{1,5})", text)
        if found is None or int(found[3]) > 65_535:
            raise UsageError(f"{said} {cut(text)}: an address is HOST:PORT, such as 192.168.1.5:7000 or [::1]:7000")
        return cls(found[1] or found[2], int(found[3]))

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class Invitation(NamedTuple):
    """Where collectors may join a run, and the secret that they must know; None for a new one."""

    address: Address
    token: Optional[bytes]


class Listening(NamedTuple):
    """A socket that listens, and the secret that whoever connects must know."""

    server: socket.socket
    token: bytes


@contextmanager
def listening(address: Address, token: bytes) -> Iterator[Listening]:
    """Listen at ``address`` alone while entered.

    Raises:
        UsageError: when that cannot be.
    """
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    try:
        server = socket.create_server((address.host, address.port), family=family, backlog=WAITING)
    except OSError as error:
        # Python repeats the address in the error of one that cannot be bound; that of an unknown name is negative.
        reason = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror
        raise UsageError(f"--listen {address}: {reason}") from None
    with server:
        yield Listening(server, token)


def read_token(file: Optional[Path]) -> Optional[bytes]:
    """Return the token in ``file``, or else in the environment variable CARTRL_TOKEN; None where there is neither.

    Raises:
        UsageError: when it cannot be read, or is too short to be a secret.
    """
    place, text = f"--token-file {file}", os.environ.get(VARIABLE, "").encode()
    if file is None:
        if not text:
            return None
        place = VARIABLE
    else:
        try:
            text = reading.read_bytes(file, LONGEST)
        except OSError as error:
            raise UsageError(f"{place}: cannot be read: {error.strerror}") from None
    token = text.strip()
    if not SHORTEST <= len(token) <= LONGEST:
        raise UsageError(f"{place}: a token has {SHORTEST} characters or more, this one has {len(token)}")
    return token
