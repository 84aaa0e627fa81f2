"""SHA-256 of the files of a directory: a reader tells what was saved from what has changed since."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Optional

from cartrl.system import reading

NONE: Mapping[str, str] = MappingProxyType({})


def fingerprint(path: Path) -> str:
    """Return the SHA-256 of a file, which may be large."""
    digest = hashlib.sha256()
    with reading.open_regular(path, reading.LARGEST_BINARY) as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def fingerprints(directory: Path, but: str, known: Mapping[str, str] = NONE) -> dict[str, str]:
    """Return the SHA-256 of each file below ``directory`` except the file ``but``, by relative path.

    Those that are ``known`` are not computed again.
    """
    return {name: known.get(name) or fingerprint(path) for name, path in _files_of(directory, but).items()}


def difference(directory: Path, but: str, saved: dict[str, str]) -> Optional[str]:
    """Compare the files below ``directory`` with the fingerprints ``saved``.

    Returns:
        A clause that names the first file that is missing, was added or has changed; None where there is none.

    Raises:
        OSError: when a file cannot be read.
    """
    found = _files_of(directory, but)
    for name in sorted({*saved, *found}):
        if name not in found:
            return f"{name} is missing"
        if name not in saved:
            return f"{name} was added"
        if saved[name] != fingerprint(found[name]):
            return f"{name} is not what was saved (its SHA-256 differs)"
    return None


def _files_of(directory: Path, but: str) -> dict[str, Path]:
    bytecode = directory / "__pycache__"  # what importing the policy.py of an export leaves; cartrl never looks at it
    files = sorted(
        path for path in directory.rglob("*") if path.is_file() and path != directory / but and path.parent != bytecode
    )
    return {str(path.relative_to(directory)): path for path in files}
