"""What a reader of another tool's files does."""

from pathlib import Path
from typing import NamedTuple, Optional, Protocol

from cartrl.runs.evaluated import Axis, Run


class Found(NamedTuple):
    """The runs in one place, of one environment."""

    runs: list[Run]  # of one seed, but in a table with a column of seeds
    env_name: Optional[str]  # as the files, or the directory's name, tell it


class Reader(Protocol):
    """Reads files of one kind.

    Attributes:
        said: a sentence on what is read.
        measure: what the returns are.
        axes: what a curve of the runs may run over.
    """

    @property
    def said(self) -> str: ...  # noqa: D102
    @property
    def measure(self) -> str: ...  # noqa: D102
    @property
    def axes(self) -> tuple[Axis, ...]: ...  # noqa: D102

    def has_run(self, path: Path) -> bool:
        """Return whether ``path``, a directory or a file, is a run with files of this kind."""

    def read(self, path: Path, seed: int) -> Found:
        """Return the run in ``path``, which is of this ``seed`` where no file says another.

        Raises:
            UsageError: when a file of this kind cannot be read; it is named.
        """
