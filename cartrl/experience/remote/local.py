"""Collectors of this machine, which a run starts by itself: ``collect.workers``."""

import os
import socket
import tempfile
import threading
from collections.abc import Callable

from cartrl.errors import CartrlError
from cartrl.experience.remote.channel import Channel
from cartrl.system import child_process

MOST_READ = 1 << 20  # bytes of what the processes have written to stderr

Joined = Callable[[], None]
Meet = Callable[[str, Channel, Joined], None]


class LocalCollectors:
    """Processes of collectors, each at the end of a connection that no other process can open.

    Args:
        count: of them.
        meet: is called with a name and a channel for each, in a thread of its own; it says when the collector has
            joined, returns when it is lost, and raises CartrlError when it cannot join.
    """

    def __init__(self, count: int, meet: Meet):
        self._meet = meet
        self._settled = threading.Semaphore(0)  # counts those that have joined or failed to
        self._failures: list[str] = []
        self._errors = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115
        pairs = [socket.socketpair() for _ in range(count)]
        numbers = [there.fileno() for _, there in pairs]
        self._process = child_process.start_serving("cartrl.experience.remote.worker:main", numbers, self._errors)
        for _, there in pairs:
            there.close()
        self._channels = [Channel(here) for here, _ in pairs]
        for number, channel in enumerate(self._channels, 1):
            threading.Thread(target=self._attend, args=(number, channel), daemon=True).start()

    def _attend(self, number: int, channel: Channel) -> None:
        try:
            self._meet(f"collector {number} of this machine", channel, self._settled.release)
        except CartrlError as error:
            self._failures.append(str(error))
            self._settled.release()

    def wait(self, tell: Callable[[str], None]) -> None:
        """Wait until each has joined or failed to, and tell of those that failed."""
        for _ in self._channels:
            self._settled.acquire()
        if self._failures:
            said = os.pread(self._errors.fileno(), MOST_READ, 0).decode(errors="replace").split("\n")
            why = next((line for line in reversed(said) if line.strip()), self._failures[0])
            tell(f"{len(self._failures)} of the {len(self._channels)} collectors of this machine cannot play: {why}")

    def close(self) -> None:
        """End the processes."""
        for channel in self._channels:
            channel.end()
        child_process.let_end(self._process)
        self._errors.close()
