"""The Python processes that this one starts: workers, the drawer, a run that is reproduced."""

import argparse
import faulthandler
import importlib
import os
import select
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

from cartrl.system import exits, imports, quiet, surroundings
from cartrl.system.frames import with_room

SECONDS_TO_END = 5.0
# `python -c` and `python -m` both look for modules in the working directory first, where anybody's files may be: a
# matplotlib.py, or a folder cartrl. (The option -P, which forbids that, came with Python 3.11.) So the child takes the
# working directory out of its path before it imports anything, and imports cartrl from the directory of this package.
START = """\
import sys
sys.path = [entry for entry in sys.path if entry]
sys.path.insert(0, sys.argv[1])
import cartrl
del sys.path[0]
from cartrl.system.child_process import become
become(*sys.argv[2:])
"""


def start(target: str, *arguments: str, stderr: IO[str], **options: Any) -> "subprocess.Popen[str]":
    """Start a process that calls ``target``, written ``module:function``, with ``arguments`` in ``sys.argv``.

    The child holds back nothing of its stderr. The caller reads it, and shows what a user needs of it.
    """
    package = Path(__file__).resolve().parent
    return subprocess.Popen(
        [sys.executable, "-c", START, str(package.parent), target, *arguments],
        stderr=stderr,
        env=_environment(),
        text=True,
        **options,
    )


def start_serving(target: str, descriptors: Sequence[int], output: IO[str]) -> "subprocess.Popen[str]":
    """Start a process that serves this one at ``descriptors``, which `served_at` returns there.

    It has imported the modules that this one was given. What it prints goes into the file ``output``. Ctrl-C is for the
    command alone, which lets the process go.
    """
    return start(
        target,
        *(["--debug"] if quiet.debug else []),
        *imports.options(imports.given),
        *map(str, descriptors),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        pass_fds=descriptors,
        start_new_session=True,
    )


def let_end(process: "subprocess.Popen[str]") -> None:
    """Wait until ``process``, which was told to end, has done so; kill it if that takes too long."""
    try:
        process.wait(SECONDS_TO_END)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def served_at() -> list[int]:
    """Do what the process has asked for that has started this one; return the descriptors at which it is served."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--debug", action="store_true")
    parser.add_argument(imports.OPTION, action="append", default=[], dest="modules")
    parser.add_argument("descriptors", type=int, nargs="+")
    options = parser.parse_args()
    quiet.debug = options.debug
    imports.import_environments(options.modules)
    return list(options.descriptors)


def end_with(*descriptors: int) -> None:
    """End this process, from now on, as soon as nobody is left at the other end of one of ``descriptors``."""
    poll = select.poll()
    for descriptor in descriptors:
        poll.register(descriptor, select.POLLRDHUP)

    def watch() -> None:
        poll.poll()
        os._exit(0)

    threading.Thread(target=watch, daemon=True).start()


@with_room
def become(target: str, *arguments: str) -> None:
    """Call the target of `start`; this runs in the child."""
    surroundings.settle_variables()  # those of a worker of a cluster, too, which this program has not started
    quiet.is_child = True
    faulthandler.enable(all_threads=False)
    sys.argv = ["cartrl", *arguments]
    module, function = target.split(":")
    getattr(importlib.import_module(module), function)()


def why_it_ended(process: "subprocess.Popen[str]", stderr: IO[str]) -> str:
    """Wait until ``process`` ends; return how it ended, as a sentence without its subject."""
    code = process.wait()
    stderr.seek(0)
    return exits.explain(code, stderr.read())


def _environment() -> "dict[str, str]":
    """Return this process's environment, without empty entries of PYTHONPATH: they mean the working directory."""
    entries = filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))
    return {**os.environ, "PYTHONPATH": os.pathsep.join(entries)}
