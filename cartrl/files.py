"""Writing so that no reader ever sees half of a file, and a machine that fails loses nothing that was there."""

import ctypes
import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cartrl.errors import UsageError

AT_FDCWD = -100  # Linux: paths are relative to the working directory
RENAME_EXCHANGE = 2
DRAFT, OLD = ".draft-", ".old-"  # what names of files that are not for readers begin with


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give the name of a draft to write: it stands at ``path``, on disk, once the block succeeds, or else nowhere."""
    draft = draft_of(path)
    with new_directories(path.parent):
        try:
            yield draft
            sync(draft)
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
    sync(path.parent)


def write_text(path: Path, text: str) -> None:
    """Write ``text`` to ``path`` as UTF-8, whole or not at all."""
    with whole_file(path) as draft:
        draft.write_text(text, encoding="utf-8")


@contextmanager
def new_directories(directory: Path) -> Iterator[None]:
    """Make ``directory`` and what is missing above it, on disk; if the block fails, remove those that are empty.

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
    """Make ``directory``, and its name durable: a power cut could else take it away with all that is in it."""
    directory.mkdir(exist_ok=exist_ok)
    sync(directory.parent)


def draft_of(path: Path) -> Path:
    """Return where to draft ``path``: hidden beside it, with its suffix, apart from any other process's draft."""
    return path.with_name(f"{DRAFT}{os.getpid()}{path.suffix}")


def clear_drafts(directory: Path) -> None:
    """Remove what a process that was killed left half done below ``directory``; nobody else may be writing there."""
    for path in [*directory.rglob(f"{DRAFT}*"), *directory.rglob(f"{OLD}*")]:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def replace_directory(draft: Path, directory: Path) -> None:
    """Put the finished directory ``draft`` in the place of ``directory``, on disk and in one step."""
    for path in (*draft.rglob("*"), draft):
        sync(path)
    old = draft  # its name, after an exchange
    if not directory.exists():
        draft.replace(directory)
    elif not _exchange(draft, directory):
        old = directory.with_name(f"{OLD}{os.getpid()}-{directory.name}")
        directory.replace(old)
        draft.replace(directory)
    # Before the old one goes: a power cut could else undo the exchange, and leave in place what is half removed.
    sync(directory.parent)
    if old.exists():
        shutil.rmtree(old)


def sync(path: Path) -> None:
    """Wait until a file's content, or what was renamed or made in a directory, is on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _exchange(one: Path, other: Path) -> bool:
    """Swap two paths in one step, renameat2(2); return False where the file system cannot."""
    try:
        renameat2 = ctypes.CDLL(None, use_errno=True).renameat2
    except AttributeError:  # a C library before glibc 2.28
        return False
    if renameat2(AT_FDCWD, os.fsencode(one), AT_FDCWD, os.fsencode(other), RENAME_EXCHANGE) == 0:
        return True
    number = ctypes.get_errno()
    if number in (errno.EINVAL, errno.ENOSYS):
        return False
    raise OSError(number, os.strerror(number), str(other))
