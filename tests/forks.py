"""`cartrl`, many times, with TensorFlow imported once: a process that forks for each command line that it is given.

To import TensorFlow takes longer than most of what tests ask of a process. A fork has it already, and is from there on
`cartrl` as it is: the same `start`, in the working directory and with the environment and the streams that it is given.
What depends on how a process starts is tested with processes that start.
"""

import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import traceback
from pathlib import Path
from typing import Any

OFTEN = 0.005  # seconds between looks at the processes that run


class Forks:
    """The process that forks, as its callers know it."""

    def __init__(self) -> None:
        self._home = tempfile.TemporaryDirectory()
        self._address = str(Path(self._home.name, "socket"))
        # Its standard input ends when this process does, in whatever way, and it ends with it.
        self._process = subprocess.Popen(
            [sys.executable, __file__, self._address], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == b"ready\n"

    def run(
        self, arguments: list[str], directory: Path, environment: dict[str, str], timeout: float
    ) -> "subprocess.CompletedProcess[str]":
        """Run ``cartrl`` as `subprocess.run` would, and return the same."""
        with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.connect(self._address)
                socket.send_fds(connection, [b"."], [stdout.fileno(), stderr.fileno()])
                connection.sendall(json.dumps([arguments, str(directory), environment]).encode() + b"\n")
                code = self._answer(connection, arguments, timeout)
            texts = []
            for file in (stdout, stderr):
                file.seek(0)
                texts.append(file.read().decode())
        return subprocess.CompletedProcess(["cartrl", *arguments], code, *texts)

    @staticmethod
    def _answer(connection: socket.socket, arguments: list[str], timeout: float) -> int:
        """Wait for the exit code."""
        with connection.makefile() as answers:
            process = int(answers.readline())
            connection.settimeout(timeout)
            try:
                return int(answers.readline())
            except socket.timeout:
                os.kill(process, signal.SIGKILL)
                raise subprocess.TimeoutExpired(arguments, timeout) from None


_STARTED: dict[bool, Forks] = {}
_ONE_AT_A_TIME = threading.Lock()


def forks(is_measured: bool) -> Forks:
    """Start the process that forks on first use; those that measure the lines that they run have one of their own.

    Whether they do is in the environment of this process, as everything else is that cartrl finds there.
    """
    with _ONE_AT_A_TIME:  # tests call it in threads
        if is_measured not in _STARTED:
            _STARTED[is_measured] = Forks()
        return _STARTED[is_measured]


def serve(address: str) -> None:
    """Fork for each caller, and tell it the number of its process, and how that ended."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen()
        print("ready", flush=True)
        running: dict[int, socket.socket] = {}  # callers, by the numbers of their processes
        while True:
            ready, _, _ = select.select([listener, sys.stdin], [], [], OFTEN if running else None)
            if sys.stdin in ready:
                return
            if listener in ready:
                caller, _ = listener.accept()
                running[begin(caller)] = caller
            tell_ends(running)


def begin(caller: socket.socket) -> int:
    """Fork the process that ``caller`` asks for; return its number, and tell it."""
    _, streams, *_ = socket.recv_fds(caller, 1, 2)
    with caller.makefile() as words:
        asked = json.loads(words.readline())
    process = os.fork()
    if not process:
        become_cartrl(*asked, streams)
    for stream in streams:
        os.close(stream)
    caller.sendall(b"%d\n" % process)
    return process


def tell_ends(running: dict[int, socket.socket]) -> None:
    """Tell the exit codes of the processes that have ended to their callers, and forget them."""
    for process in list(running):
        is_over, status = os.waitpid(process, os.WNOHANG)
        if is_over:
            with running.pop(process) as caller:
                caller.sendall(b"%d\n" % os.waitstatus_to_exitcode(status))


def become_cartrl(arguments: list[str], directory: str, environment: dict[str, str], streams: list[int]) -> Any:
    """Run `cartrl`, which ends the process."""
    try:
        with Path(os.devnull).open() as nothing:
            for number, stream in enumerate((nothing.fileno(), *streams)):
                os.dup2(stream, number)
        os.chdir(directory)
        os.environ.clear()
        os.environ.update(environment)
        sys.argv = ["cartrl", *arguments]
        from cartrl.__main__ import start

        start()
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(70)


if __name__ == "__main__":
    sys.path.pop(0)  # the folder of the tests
    from cartrl.system import quiet

    quiet.prepare()
    with quiet.held_back():
        import cartrl.pictures.recording
        import cartrl.policies.evaluation
        import cartrl.training.experiment  # noqa: F401
    serve(sys.argv[1])
