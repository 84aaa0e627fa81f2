"""A second signal ends a process, whatever it is busy with."""

import signal
import subprocess
import sys

import pytest

from tests.helpers import REPO, clean_environment, has_handler, wait_until

# Inside the interpreter for ever: Python's own handlers have to wait for it, as they do for TensorFlow.
BUSY = """
import collections, itertools
from cartrl.system.signals import StopRequest
with StopRequest():
    print("begun", flush=True)
    collections.deque(itertools.repeat(0), maxlen=0)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_a_second_signal_does_not_wait_for_python(number):
    """It finds a first signal that ends the process, and a second one that only Python itself could handle."""
    with subprocess.Popen(
        [sys.executable, "-c", BUSY], cwd=REPO, env=clean_environment(), stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "begun\n"
        process.send_signal(number)
        try:
            wait_until(lambda: not has_handler(process.pid, number), "the first signal was delivered")
            assert process.poll() is None, "the first signal lets an iteration end"
            process.send_signal(number)
            assert process.wait(timeout=60) == -number
        finally:
            process.kill()
