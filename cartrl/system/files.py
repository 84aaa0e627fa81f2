"""Writes files and directories whole or not at all: no reader sees half of one, no power cut damages an old one."""

import ctypes
import errno
import hashlib
import os
import platform
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Optional

from cartrl.errors import CartrlError, UsageError
from cartrl.system.paths import LONGEST_NAME

AT_FDCWD = -100  # Linux: paths are relative to the working directory
RENAME_EXCHANGE = 2
DRAFT, OLD = ".draft-", ".old-"  # prefixes of the names of files that readers ignore
_WRITER = re.compile(r"\.(draft|old)-(?P<host>[^-]+)-(?P<pid>[0-9]{1,10})-")
LONGEST_PAUSE = 24 * 60 * 60  # seconds; a draft that was not written to for longer is abandoned
# Errors of file systems (NFS, FUSE, containers) that have no locks, or cannot sync a directory to disk.
UNSUPPORTED = (
    errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOLCK, errno.EPERM, errno.EACCES, errno.EBADF,
)  # fmt: skip


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield the path of a draft. If the block succeeds, the draft replaces ``path``, on disk; if not, it is removed."""
    draft = draft_of(path)
    with new_directories(path.parent):
        try:
            with naming(path, draft):
                yield draft
                sync(draft)
                draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
    sync(path.parent)


@contextmanager
def output(path: Path) -> Iterator[Path]:
    """Yield the draft of a file that the user asked for; see `whole_file`.

    Raises:
        CartrlError: when it cannot be written, saying why.
    """
    try:
        with whole_file(path) as draft:
            yield draft
    except OSError as error:
        raise CartrlError(f"{path}: cannot be written: {error.strerror or error}") from error


def write_text(path: Path, text: str) -> None:
    """Write ``text`` to ``path`` as UTF-8, whole or not at all."""
    with whole_file(path) as draft:
        draft.write_text(text, encoding="utf-8")


@contextmanager
def new_directories(directory: Path) -> Iterator[None]:
    """Make ``directory`` and its missing parents, on disk; if the block fails, remove those of them that are empty.

    Raises:
        UsageError: when one cannot be made.
    """
    missing = [folder for folder in (directory, *directory.parents) if not folder.is_dir()]
    made: list[Path] = []
    try:
        for folder in reversed(missing):
            try:
                make_directory(folder)
                made.insert(0, folder)
            except OSError as error:
                if not folder.is_dir():  # another run may have made runs/ in the same moment
                    raise UsageError(f"{folder}: cannot be made: {error.strerror}") from None
        yield
    except BaseException:
        for folder in made:
            try:
                folder.rmdir()
            except OSError:  # not empty: something of value is in it
                break
        raise


def make_directory(directory: Path, exist_ok: bool = False) -> None:
    """Make ``directory`` and sync its name to disk; without that, a power cut can remove it with all that is in it."""
    directory.mkdir(exist_ok=exist_ok)
    try:
        sync(directory.parent)
    except OSError:
        with suppress(OSError):  # another process has written into it
            directory.rmdir()
        raise


@contextmanager
def naming(path: Path, draft: Optional[Path] = None) -> Iterator[None]:
    """Let an OSError of the block name ``path``, if it names no file, or only the ``draft`` of ``path``."""
    try:
        yield
    except OSError as error:
        if error.filename not in (None, str(draft)):
            raise
        raise OSError(error.errno or errno.EIO, error.strerror or str(error), str(path)) from error


def draft_of(path: Path) -> Path:
    """Return the path of this process's draft of ``path``: a hidden file beside it, with the same suffix.

    The name holds the host as well as the process number: processes on other computers and in other containers may
    write to the same directory, and may have the same number.
    """
    return path.with_name(_name(DRAFT, path))


def _name(kind: str, path: Path) -> str:
    """Return the name of this process's draft or old copy (``kind``) of ``path``; `_WRITER` parses it."""
    start = f"{kind}{_host()}-{os.getpid()}-"
    if len(os.fsencode(start + path.name)) <= LONGEST_NAME:
        return start + path.name
    return f"{start}{hashlib.sha256(os.fsencode(path.name)).hexdigest()[:32]}{path.suffix}"


def _host() -> str:
    """Return a name of that within which process numbers are unique: this computer, or a container on it."""
    name = re.sub("[^A-Za-z0-9.]", "_", platform.node())[:64]
    try:
        return f"{name}.{Path('/proc/self/ns/pid').stat().st_ino}"
    except OSError:
        return name


def clear_drafts(directory: Path) -> None:
    """Remove the drafts below ``directory`` whose processes have ended; other processes may be writing theirs."""
    for path in [*directory.rglob(f"{DRAFT}*"), *directory.rglob(f"{OLD}*")]:
        if not _is_abandoned(path):
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def _is_abandoned(draft: Path) -> bool:
    """Whether nobody will finish ``draft``: its process has ended, or has not written to it for `LONGEST_PAUSE`."""
    writer = _WRITER.match(draft.name)
    if writer and writer["host"] == _host():
        number = int(writer["pid"])
        is_gone = number == os.getpid() or not Path("/proc", str(number)).exists()  # this process has no draft now
    else:
        is_gone = False
    try:
        return is_gone or time.time() - draft.lstat().st_mtime > LONGEST_PAUSE
    except FileNotFoundError:  # finished meanwhile
        return False


def replace_directory(draft: Path, directory: Path) -> None:
    """Put the finished directory ``draft`` in the place of ``directory``, on disk and in one step."""
    for path in (*draft.rglob("*"), draft):
        sync(path)
    old = draft  # an exchange gives the old directory the name of the draft
    if not directory.exists():
        draft.replace(directory)
    elif not exchange(draft, directory):
        old = directory.with_name(_name(OLD, directory))
        directory.replace(old)
        draft.replace(directory)
    # Sync before the old directory is removed. Without that, a power cut during the removal can undo the exchange, and
    # the half removed old directory would be back in place.
    sync(directory.parent)
    if old.exists():
        shutil.rmtree(old)


@contextmanager
def whole_directory(path: Path) -> Iterator[Path]:
    """Yield a new directory. If the block succeeds, it becomes ``path``, on disk; if not, it is removed."""
    draft = draft_of(path)
    shutil.rmtree(draft, ignore_errors=True)
    with new_directories(path.parent):
        try:
            with naming(path, draft):
                draft.mkdir()
            yield draft
            replace_directory(draft, path)
        except CartrlError as error:
            error.args = (str(error).replace(draft.name, path.name),)
            raise
        finally:
            shutil.rmtree(draft, ignore_errors=True)


def discard(path: Path) -> None:
    """Remove the draft of a directory, for a process that ends at once in the midst of `whole_directory`."""
    shutil.rmtree(draft_of(path), ignore_errors=True)


def remove_directory(directory: Path) -> None:
    """Remove ``directory``, its name first: a process that is killed meanwhile leaves no half of it under that name."""
    old = directory.with_name(_name(OLD, directory))
    directory.replace(old)
    shutil.rmtree(old)


def link_or_copy(source: str, target: str) -> None:
    """Give a file that never changes a second name; copy the file where the file system has no links."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def sync(path: Path) -> Optional[str]:
    """Wait until a file's content, or a directory's entries, are on disk.

    Returns:
        None, or the reason why this file system cannot sync: a power cut may then undo what was written.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        return _unsupported(error, path)
    try:
        return sync_descriptor(descriptor, path)
    finally:
        os.close(descriptor)


def sync_descriptor(descriptor: int, path: Path) -> Optional[str]:
    """Wait until what was written to an open file, ``path``, is on disk; see `sync`."""
    try:
        os.fsync(descriptor)
    except OSError as error:
        return _unsupported(error, path)
    return None


def _unsupported(error: OSError, path: Path) -> str:
    """Return the message of ``error`` if the file system of ``path`` does not support a call; raise it if not."""
    if error.errno not in UNSUPPORTED:
        with naming(path):
            raise error
    return error.strerror


def exchange(one: Path, other: Path) -> bool:
    """Swap two paths in one step, renameat2(2); return False where the file system cannot."""
    try:
        renameat2 = ctypes.CDLL(None, use_errno=True).renameat2
    except AttributeError:  # a C library before glibc 2.28
        return False
    if renameat2(AT_FDCWD, os.fsencode(one), AT_FDCWD, os.fsencode(other), RENAME_EXCHANGE) == 0:
        return True
    number = ctypes.get_errno()
    if number in UNSUPPORTED:
        return False
    raise OSError(number, os.strerror(number), str(other))
