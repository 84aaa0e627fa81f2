"""The number of the format in which cartrl writes manifests, checkpoints and sidecars.

It rises when an older cartrl would misread what a newer one writes. A file without a number is older than format 1.
Since format 2 a checkpoint is a directory. A cartrl of format 1 sees only checkpoints that are files, and would go back
to the last of those.
"""

from pathlib import Path
from typing import Any

from cartrl import __version__
from cartrl.errors import UsageError

FORMAT = 2
KEY = "format"  # the name of the number in a file


class NewerFormatError(UsageError):
    """A newer cartrl has written a file, and nobody can say that the file is damaged."""


def require_readable(found: Any, path: Path) -> None:
    """Refuse a file of the format ``found``, if that is newer than what this cartrl reads.

    Raises:
        NewerFormatError: naming the file and both formats.
    """
    if isinstance(found, int) and found > FORMAT:
        raise NewerFormatError(
            f"{path}: has format {found}, which a newer cartrl has written; cartrl {__version__} reads up to {FORMAT}"
        )
