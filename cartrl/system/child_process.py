"""The Python processes that this one starts: workers, the drawer, a run that is reproduced."""

import faulthandler
import importlib
import os
import subprocess
import sys
from pathlib import Path
from typing import IO, Any

from cartrl.system import exits, quiet, surroundings
from cartrl.system.frames import with_room

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
