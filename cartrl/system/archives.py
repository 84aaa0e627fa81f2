"""A directory as one archive, checked by SHA-256, and put in place whole."""

import hashlib
import io
import shutil
import tarfile
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from cartrl.errors import CartrlError
from cartrl.system import files

LEFT_OUT = (files.DRAFT, files.OLD, ".lock")  # beginnings of the names of files that belong to a process


class Archive(NamedTuple):
    """The content of a directory."""

    content: bytes  # a tar file, compressed by gzip
    sha256: str

    def require_whole(self, whose: str) -> None:
        """Check that nothing has changed on the way.

        Raises:
            CartrlError: when something has, naming ``whose`` archive it is.
        """
        if sha256_of(self.content) != self.sha256:
            raise CartrlError(f"{whose}: its archive was damaged on the way: its SHA-256 differs")


def pack(directory: Path) -> Archive:
    """Return what is below ``directory``: directories and regular files, but no locks and drafts of processes."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz", compresslevel=1) as archive:
        for path in sorted(directory.rglob("*")):
            name = path.relative_to(directory)
            if any(part.startswith(LEFT_OUT) for part in name.parts) or path.is_symlink():
                continue
            entry = tarfile.TarInfo(name.as_posix())
            if path.is_dir():
                entry.type = tarfile.DIRTYPE
                archive.addfile(entry)
            elif path.is_file():
                with path.open("rb") as file:
                    entry.size = path.stat().st_size
                    archive.addfile(entry, file)
    return Archive(content.getvalue(), sha256_of(content.getvalue()))


def sha256_of(content: bytes) -> str:
    """Return the SHA-256 of ``content``."""
    return hashlib.sha256(content).hexdigest()


def unpack(archive: Archive, directory: Path) -> None:
    """Put the content of ``archive`` in the place of ``directory``, in one step.

    Raises:
        CartrlError: when the archive is damaged, or holds anything but files and directories below it.
    """
    archive.require_whole(str(directory))
    packed = io.BytesIO(archive.content)
    with files.whole_directory(directory) as draft, tarfile.open(fileobj=packed, mode="r:gz") as content:
        for entry in content:
            _extract(content, entry, draft, directory)


def _extract(content: tarfile.TarFile, entry: tarfile.TarInfo, draft: Path, directory: Path) -> None:
    name = PurePosixPath(entry.name)
    if name.is_absolute() or ".." in name.parts or not (entry.isreg() or entry.isdir()):
        raise CartrlError(f"{directory}: its archive holds {entry.name!r}, which is no file of a run")
    target = draft / name
    if entry.isdir():
        target.mkdir(parents=True, exist_ok=True)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    file = content.extractfile(entry)
    assert file is not None
    with file, target.open("wb") as written:
        shutil.copyfileobj(file, written)
