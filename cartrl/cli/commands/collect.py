"""``cartrl collect``."""

import os

from cartrl.errors import CartrlError
from cartrl.experience.remote import door, worker
from cartrl.experience.remote.address import Address
from cartrl.system import quiet
from cartrl.system.console import Console, say


def run(address: Address, token: bytes, jobs: int) -> None:
    """Play with so many processes for the learner at ``address`` until it ends."""
    connections = []
    for _ in range(jobs):  # before anything is loaded, so that a refusal takes no time
        channel = door.knock(address, token)
        connections.append(os.dup(channel.connection.fileno()))
        channel.connection.close()
    quiet.prepare()
    failures = worker.run(connections)
    if failures:
        raise CartrlError("; ".join(failures))
    say(Console(), f"the run at {address} has ended")
