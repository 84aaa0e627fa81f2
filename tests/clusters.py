"""A Dask cluster of this machine: a scheduler and workers in processes of their own, as users start them.

With hosts that are network namespaces, it is one of several machines.
"""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple, Optional

from tests.helpers import clean_environment, wait_until


class Host(NamedTuple):
    """A machine, or a network namespace that stands for one."""

    address: str = "127.0.0.1"
    enter: tuple[str, ...] = ()  # the command that starts another one there


THIS = Host()


@contextmanager
def two_hosts() -> Iterator[list[Host]]:
    """Two network namespaces with a cable between them.

    Raises:
        subprocess.CalledProcessError: where that is not allowed.
    """
    with ExitStack() as opened:
        hosts = []
        for number in (1, 2):
            name = f"cartrl-{os.getpid()}-{number}"
            ip("netns", "add", name)
            opened.callback(ip, "netns", "delete", name)
            hosts.append(Host(f"10.77.0.{number}", ("ip", "netns", "exec", name)))
        first, second = (host.enter[-1] for host in hosts)
        ip("-n", first, "link", "add", "cable", "type", "veth", "peer", "name", "cable", "netns", second)
        for host in hosts:
            name = host.enter[-1]
            ip("-n", name, "address", "add", f"{host.address}/24", "dev", "cable")
            for device in ("lo", "cable"):
                ip("-n", name, "link", "set", device, "up")
        yield hosts


def ip(*arguments: str) -> None:
    """Call the command of that name, of iproute2."""
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


class Dask:
    """A scheduler, found by its scheduler file, and workers of one thread each. Entered, it runs; left, it ends.

    With ``tls``, the files of an authority, of a certificate and of its key, they speak TLS.
    ``env`` is of the scheduler.
    """

    def __init__(self, home: Path, host: Host = THIS, tls: Sequence[Path] = (), env: Optional[dict] = None):
        self.home = home
        self.env = env
        self.host = host  # of the scheduler
        names = ("--tls-ca-file", "--tls-cert", "--tls-key")
        self.tls = [word for pair in zip(names, tls) for word in pair] + (["--protocol", "tls"] if tls else [])
        self.file = home / "scheduler.json"
        self.workers: list[subprocess.Popen] = []

    def __enter__(self) -> "Dask":
        self._opened = ExitStack()
        options = ("--port", "0", "--scheduler-file", self.file)
        self.scheduler = self._start(self.host, "dask_scheduler", *options, env=self.env)
        wait_until(self.file.exists, "the scheduler had written its file", process=self.scheduler)
        return self

    def worker(self, env: Optional[dict] = None, host: Host = THIS) -> subprocess.Popen:
        """Start a worker."""
        options = ("--nthreads", "1", "--no-nanny", "--scheduler-file", self.file, "--local-directory", self.home)
        process = self._start(host, "dask_worker", *options, env=env)
        self.workers.append(process)
        return process

    def _start(self, host, program, *options, env=None) -> subprocess.Popen:
        log = self._opened.enter_context((self.home / f"{program}-{len(self.workers)}.log").open("w"))
        process = subprocess.Popen(
            [*host.enter, sys.executable, "-m", f"distributed.cli.{program}", *map(str, options),
             "--host", host.address, "--no-dashboard", "--dashboard-address", f"{host.address}:0", *map(str, self.tls)],
            env={**clean_environment(), **(env or {})}, stdout=log, stderr=log, cwd=self.home,
        )  # fmt: skip
        self._opened.callback(process.wait)
        self._opened.callback(process.kill)
        return process

    def __exit__(self, *_: object) -> None:
        self._opened.close()
