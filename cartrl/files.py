"""Writing so that no reader ever sees half of a file, and a machine that fails loses nothing that was there."""

import ctypes
import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cartrl.paths import new_directories

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
    if not directory.exists():
        draft.replace(directory)
    elif _exchange(draft, directory):
        shutil.rmtree(draft)
    else:
        old = directory.with_name(f"{OLD}{os.getpid()}-{directory.name}")
        directory.replace(old)
        draft.replace(directory)
        shutil.rmtree(old)
    sync(directory.parent)


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
