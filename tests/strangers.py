"""Whoever reaches the port of a learner without knowing the token, or knows it and means harm.

python -m tests.strangers HOST PORT TOKEN_FILE
"""

import os
import socket
import struct
import sys
from contextlib import suppress
from pathlib import Path

from cartrl.experience.remote.address import Address
from cartrl.experience.remote.door import knock
from cartrl.runs.machine import processor, versions

GARBAGE = (
    b"GET / HTTP/1.1\r\nHost: here\r\n\r\n",
    os.urandom(100_000),
    struct.pack("!i", 0x7FFFFFFF) + b"x" * 100_000,  # as multiprocessing announces two gigabytes
    struct.pack("!iQ", -1, 1 << 62) + b"x" * 100_000,  # and more than there is
    struct.pack("!i", -5) + b"x" * 100,
    struct.pack("!i", 20) + b"#WELCOME#" + bytes(11),
)
FLOOD = 200  # connections that say nothing


def main(host: str, port: str, token_file: str) -> None:
    address, token = Address(host, int(port)), Path(token_file).read_bytes()
    for garbage in GARBAGE:
        with suppress(OSError), socket.create_connection(address, 5) as connection:
            connection.sendall(garbage)
            connection.settimeout(2)
            while connection.recv(1 << 16):
                pass
    silent = []
    for _ in range(FLOOD):
        with suppress(OSError):
            connection = socket.socket()
            connection.setblocking(False)
            connection.connect_ex(address)
            silent.append(connection)
    for connection in silent:
        connection.close()
    traitor = knock(address, token)
    facts = {"processor": processor(), "versions": versions(), "modules": ["simulators"]}
    traitor.send(facts)
    assert "settings" in traitor.receive(1 << 20).facts
    traitor.send({"ready": True})
    print("in", flush=True)
    while "turn" not in traitor.receive(1 << 30).facts:
        pass
    with suppress(OSError):
        os.write(traitor.connection.fileno(), struct.pack("!iQ", -1, 1 << 40))
        while os.write(traitor.connection.fileno(), bytes(1 << 20)):
            pass


if __name__ == "__main__":
    main(*sys.argv[1:])
