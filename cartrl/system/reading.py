"""Reads files that anybody may have put there: no file makes the reader wait for ever, or fills the memory.

A run's directory may have been copied, mailed, shared or unpacked. Where a metrics file should be there may be a FIFO,
a device, a directory or ten gigabytes. So this module opens every file that the process has not just written itself.
"""

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

# The largest file of each kind that is read, in bytes.
LARGEST_JSON = 1 << 20  # a manifest or a sidecar has a few thousand
LARGEST_CONFIG = 1 << 20  # a config is a page of text
LARGEST_METRICS = 1 << 30  # five million iterations
LARGEST_BINARY = 8 << 30  # checkpoints, the files of a policy


def open_regular(path: Path, most: int) -> BinaryIO:
    """Open a regular file of at most ``most`` bytes, for reading.

    Raises:
        OSError: when it cannot be opened, or is anything else; it names the path, and its ``strerror`` says why.
    """
    try:
        _require_regular(path.stat(), path, most)  # opening a device or a FIFO may already do something
        # Another file may stand there by now. Without O_NONBLOCK, opening a FIFO waits for somebody to write to it.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except ValueError:  # a NUL, or half of a surrogate pair
        raise OSError(errno.EINVAL, "not a file name", str(path)) from None
    try:
        _require_regular(os.fstat(descriptor), path, most)
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def _require_regular(about: os.stat_result, path: Path, most: int) -> None:
    if stat.S_ISDIR(about.st_mode):
        raise IsADirectoryError(errno.EISDIR, "this is a directory, not a file", str(path))
    if not stat.S_ISREG(about.st_mode):
        raise OSError(errno.EINVAL, "not a regular file", str(path))
    if about.st_size > most:
        raise _too_large(path, most)


def _too_large(path: Path, most: int) -> OSError:
    return OSError(errno.EFBIG, f"larger than {most} bytes", str(path))


def read_bytes(path: Path, most: int) -> bytes:
    """Return the content of a regular file of at most ``most`` bytes; see `open_regular`."""
    with open_regular(path, most) as file:
        content = file.read(most + 1)
    if len(content) > most:  # it grew meanwhile, or is a file of /proc, whose size is said to be 0
        raise _too_large(path, most)
    return content


def read_text(path: Path, most: int) -> str:
    """Return the content of a regular file of at most ``most`` bytes as text; see `open_regular`.

    Raises:
        OSError: also for what is not UTF-8.
    """
    content = read_bytes(path, most)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise OSError(errno.EILSEQ, f"line {line} is not UTF-8 text", str(path)) from None
