"""A Dask cluster of this machine: a scheduler and workers in processes of their own, as users start them."""

import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Optional

from tests.helpers import clean_environment, wait_until

ON_LOOPBACK = ("--host", "127.0.0.1", "--no-dashboard")


class Dask:
    """A scheduler, found by its scheduler file, and workers of one thread each. Entered, it runs; left, it ends."""

    def __init__(self, home: Path):
        self.home = home
        self.file = home / "scheduler.json"
        self.workers: list[subprocess.Popen] = []

    def __enter__(self) -> "Dask":
        self._opened = ExitStack()
        scheduler = self._start("dask_scheduler", "--port", "0", "--scheduler-file", self.file)
        wait_until(self.file.exists, "the scheduler had written its file", process=scheduler)
        return self

    def worker(self, env: Optional[dict] = None, before: tuple = ()) -> subprocess.Popen:
        """Start a worker; ``before`` is a command that starts it."""
        options = ("--nthreads", "1", "--no-nanny", "--scheduler-file", self.file, "--local-directory", self.home)
        process = self._start("dask_worker", *options, env=env, before=before)
        self.workers.append(process)
        return process

    def _start(self, program, *options, env=None, before=()) -> subprocess.Popen:
        log = self._opened.enter_context((self.home / f"{program}-{len(self.workers)}.log").open("w"))
        process = subprocess.Popen(
            [*before, sys.executable, "-m", f"distributed.cli.{program}", *map(str, options), *ON_LOOPBACK],
            env={**clean_environment(), **(env or {})}, stdout=log, stderr=log, cwd=self.home,
        )  # fmt: skip
        self._opened.callback(process.wait)
        self._opened.callback(process.kill)
        return process

    def __exit__(self, *_: object) -> None:
        self._opened.close()
