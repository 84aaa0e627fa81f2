"""A process that steps some of the environments of a run, as the process sees it that trains."""

import os
import socket
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Optional

import numpy as np

from cartrl.errors import CartrlError
from cartrl.experience.remote.channel import Arrays, Channel, LostError
from cartrl.settings import EnvironmentSettings
from cartrl.system import child_process, exits

MOST_READ = 1 << 20  # bytes of what the process has written to stderr


class Stepper:
    """A process that has some of the environments of a run, and steps and resets them when it is asked to.

    Args:
        number: of the process, as errors call it.
        settings: of the environments.
        rows: its environments, by their numbers among all.
        size: the number of all.
        memory: the descriptor of the `Outcomes` of all.
    """

    def __init__(self, number: int, settings: EnvironmentSettings, rows: range, size: int, memory: int):
        self.rows = rows
        self._name = f"process {number} of those that step {settings.env_name}"
        self._errors = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115
        here, there = socket.socketpair()
        with there:
            self._process = child_process.start_serving(
                "cartrl.experience.stepping.worker:main", (there.fileno(), memory), self._errors
            )
        self._channel = Channel(here)
        self._imported: Optional[int] = None  # bytes that its libraries have written to stderr as they were imported
        self._is_busy = False
        self._ask({"settings": settings.json(), "rows": [rows.start, rows.stop], "size": size})

    def reset(self, row: int, seed: int) -> None:
        """Begin an episode of the environment ``row``, and wait until that is done.

        Raises:
            CartrlError: when the environment fails, or the process has ended.
        """
        self._ask({"reset": row - self.rows.start, "seed": seed})
        self.wait()

    def step(self, rows: Sequence[int], moves: Sequence[Any]) -> None:
        """Begin a step of the environments ``rows``, each with its move.

        Raises:
            CartrlError: when the process has ended.
        """
        self._ask({"step": [row - self.rows.start for row in rows]}, {"moves": np.array(moves)})

    def wait(self) -> None:
        """Wait until the process has answered the last request.

        Raises:
            CartrlError: when an environment has failed, or the process has ended.
        """
        if not self._is_busy:
            return
        try:
            answer = self._channel.receive().facts
        except LostError:
            raise self._lost() from None
        self._is_busy = False
        if self._imported is None:
            self._imported = os.fstat(self._errors.fileno()).st_size
        if "failed" in answer:
            raise CartrlError(str(answer["failed"]))

    def _ask(self, request: dict[str, Any], arrays: Optional[Arrays] = None) -> None:
        self.wait()
        try:
            self._channel.send(request, arrays)
        except LostError:
            raise self._lost() from None
        self._is_busy = True

    def _lost(self) -> CartrlError:
        """Return the error that says how the process has ended."""
        child_process.let_end(self._process)
        said = os.pread(self._errors.fileno(), MOST_READ, self._imported or 0).decode(errors="replace")
        return CartrlError(f"{self._name} {exits.explain(self._process.returncode, said)}")

    def close(self) -> None:
        """Let the process close its environments and end, or end it if that takes too long."""
        with suppress(LostError):
            self._channel.send({"end": True})
        child_process.let_end(self._process)
        self._channel.connection.close()
        self._errors.close()
