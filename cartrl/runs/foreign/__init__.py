"""Studies of other tools, for `compare` and `plot`: a reader for each kind of file."""

from collections.abc import Sequence
from pathlib import Path
from typing import Optional

from cartrl.runs.foreign.cleanrl import CleanRl
from cartrl.runs.foreign.reader import Reader
from cartrl.runs.foreign.sb3_evaluations import Sb3Evaluations
from cartrl.runs.foreign.sb3_monitor import Sb3Monitor
from cartrl.runs.foreign.study import ForeignStudy

# Where a directory has files of several kinds, those of the first are read: greedy evaluations before training returns.
READERS: tuple[Reader, ...] = (Sb3Evaluations(), Sb3Monitor(), CleanRl())


def load_study(path: Path, readers: Sequence[Reader] = READERS) -> Optional[ForeignStudy]:
    """Read the study, or the single run, of another tool in ``path``; return None where no reader finds one.

    Raises:
        UsageError: when a file of it cannot be read.
    """
    return next((study for study in (reader.read(path) for reader in readers) if study is not None), None)
