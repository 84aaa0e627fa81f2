"""What a reader of another tool's files does."""

from pathlib import Path
from typing import Optional, Protocol

from cartrl.runs.foreign.study import ForeignStudy


class Reader(Protocol):
    """Reads files of one kind."""

    def read(self, path: Path) -> Optional[ForeignStudy]:
        """Return the study, or the single run, in ``path``; None where there is no file of this kind.

        Raises:
            UsageError: when a file of this kind cannot be read; it is named.
        """
