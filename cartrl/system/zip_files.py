"""A directory as a zip file, and back. The file may be anybody's: nothing in it leads elsewhere, or fills a disk.

Two directories with the same files give the same zip file, to the last bit: there are no times and no owners in it.
"""

import re
import shutil
import zipfile
import zlib
from pathlib import Path

from cartrl.errors import UsageError, cut
from cartrl.system import files, reading

LARGEST_FILE = 1 << 30  # bytes
LARGEST_RATIO = 200  # of contents to file: text is packed to a tenth, and what is written to fill disks to a thousandth
NO_TIME = (1980, 1, 1, 0, 0, 0)  # the earliest of a zip file
MODE = 0o644 << 16
ENCRYPTED = 1  # the bit of it among a file's flags
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # bzip2 and lzma would need more memory than a file says
# All that zipfile raises for what is no zip file, or a damaged one.
DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError)


def pack(directory: Path, path: Path) -> None:
    """Write the regular files below ``directory`` into the zip file ``path``, whole or not at all.

    Raises:
        CartrlError: when it cannot be written.
    """
    with files.output(path) as draft, zipfile.ZipFile(draft, "w") as archive:
        for file in sorted(directory.rglob("*")):
            if file.is_file():
                entry = zipfile.ZipInfo(file.relative_to(directory).as_posix(), NO_TIME)
                entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, MODE
                archive.writestr(entry, file.read_bytes())


def unpack(path: Path, directory: Path, names: "re.Pattern[str]", most: int) -> None:
    """Write the files in the zip file ``path`` into ``directory``, if they are at most so many with such ``names``.

    Raises:
        UsageError: when it is no zip file, is damaged, or holds anything else, a name twice, or more than it may.
    """
    try:
        with reading.open_regular(path, LARGEST_FILE) as file, zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
            _require_modest(path, entries, most)
            for entry in entries:
                if not names.fullmatch(entry.filename) or entry.flag_bits & ENCRYPTED:
                    raise UsageError(f"{path}: holds {cut(entry.filename)!r}, which is no file that belongs there")
                target = directory / entry.filename
                target.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(entry) as source, target.open("xb") as written:
                    shutil.copyfileobj(source, written)
    except DAMAGE as error:
        raise UsageError(f"{path}: not a zip file, or a damaged one: {cut(str(error))}") from None
    except OSError as error:
        raise UsageError(f"{error.filename or path}: cannot be read: {error.strerror}") from None


def _require_modest(path: Path, entries: "list[zipfile.ZipInfo]", most: int) -> None:
    """Check what the file says of itself; no more than that is ever unpacked."""
    if len(entries) > most:
        raise UsageError(f"{path}: holds {len(entries):,} files, and {most:,} are the most that belong there")
    names = sorted(entry.filename for entry in entries)
    twice = next((name for name, other in zip(names, names[1:]) if name == other), None)
    if twice is not None:
        raise UsageError(f"{path}: holds {cut(twice)!r} twice")
    method = next((entry.compress_type for entry in entries if entry.compress_type not in METHODS), None)
    if method is not None:
        raise UsageError(f"{path}: is compressed by method {method}, and only 0 and 8 are read")
    size = sum(entry.file_size for entry in entries)
    if size > LARGEST_RATIO * path.stat().st_size:
        raise UsageError(f"{path}: would be unpacked to {size:,} bytes, over {LARGEST_RATIO} times as many as it has")
