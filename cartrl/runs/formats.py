"""The number of the format in which cartrl writes manifests, checkpoints and sidecars.

It rises when an older cartrl would misread what a newer one writes. Files without a number are of the time before it.
"""

from pathlib import Path
from typing import Any

from cartrl import __version__
from cartrl.errors import UsageError

FORMAT = 1
KEY = "format"  # the name of the number in a file


def require_readable(found: Any, path: Path) -> None:
    """Refuse a file of the format ``found``, if that is newer than what this cartrl reads.

    Raises:
        UsageError: naming the file and both formats.
    """
    if isinstance(found, int) and found > FORMAT:
        raise UsageError(
            f"{path}: has format {found}, which a newer cartrl has written; cartrl {__version__} reads up to {FORMAT}"
        )
