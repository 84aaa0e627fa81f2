"""File systems that lack something, for processes that a test starts: `flock` and `fsync` fail as theirs do."""

import errno
import os
from pathlib import Path
from typing import Optional

# Python imports a module of this name when it starts; the one of coverage, if there is one, is in a .pth file.
SITE = """
import errno, fcntl, os, stat
real_flock, real_fsync = fcntl.flock, os.fsync

def flock(descriptor, how):
    fail("FAULT_FLOCK")
    return real_flock(descriptor, how)

def fsync(descriptor):
    fail("FAULT_FSYNC_DIRECTORY" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "FAULT_FSYNC")
    return real_fsync(descriptor)

def fail(name):
    number = int(os.environ.get(name, 0))
    if number:
        raise OSError(number, os.strerror(number))

fcntl.flock, os.fsync = flock, fsync
"""


def without(
    place: Path, flock: Optional[int] = None, directory: Optional[int] = None, file: Optional[int] = None
) -> dict[str, str]:
    """Return the environment of a process whose file systems fail with these numbers of `errno`.

    Args:
        place: a directory in which to put what makes them fail.
        flock: of a lock.
        directory: of bringing a directory to disk.
        file: of bringing a file to disk.
    """
    place.mkdir(exist_ok=True)
    (place / "sitecustomize.py").write_text(SITE)
    faults = {"FAULT_FLOCK": flock, "FAULT_FSYNC_DIRECTORY": directory, "FAULT_FSYNC": file}
    path = os.pathsep.join([str(place), *filter(None, [os.environ.get("PYTHONPATH")])])
    return {"PYTHONPATH": path, **{name: str(number) for name, number in faults.items() if number is not None}}


LACKING = [
    errno.ENOLCK,
    errno.ENOSYS,
    errno.EINVAL,
    errno.ENOTSUP,
    errno.EPERM,
    errno.EACCES,
]
