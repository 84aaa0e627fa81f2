"""Stopping a run when asked to: at the end of the iteration, not in the middle of a library's C++ code."""

import signal
from types import FrameType
from typing import Optional

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class StopRequest:
    """While entered, the first SIGINT or SIGTERM is noted for the training loop to see; the second ends the process.

    Python raises KeyboardInterrupt wherever it happens to be, and inside TensorFlow that becomes another error, or
    none at all.
    """

    def __init__(self) -> None:
        self.signal: Optional[signal.Signals] = None

    def __enter__(self) -> "StopRequest":
        self._previous = {number: signal.signal(number, self._note) for number in SIGNALS}
        return self

    def __exit__(self, *_: object) -> None:
        self._restore()

    def __call__(self) -> bool:
        """Tell whether the run should stop."""
        return self.signal is not None

    @property
    def exit_code(self) -> int:
        """The exit code of a process that the signal ended, as shells have it."""
        return 128 + (self.signal or 0)

    def _note(self, number: int, frame: Optional[FrameType]) -> None:
        self.signal = signal.Signals(number)
        for other in SIGNALS:
            signal.signal(other, signal.SIG_DFL)

    def _restore(self) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)
