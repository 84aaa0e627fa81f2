"""Studies of other tools: a reader for each kind of file, and what the directories around the files tell."""

from pathlib import Path
from typing import NamedTuple, Optional

from cartrl.runs.foreign import tree
from cartrl.runs.foreign.cleanrl import CleanRl
from cartrl.runs.foreign.csv_table import SUFFIX, Columns, CsvTable
from cartrl.runs.foreign.reader import Reader
from cartrl.runs.foreign.sb3_evaluations import Sb3Evaluations
from cartrl.runs.foreign.sb3_monitor import Sb3Monitor
from cartrl.runs.foreign.study import ForeignStudy
from cartrl.runs.foreign.template import Template

# Where runs have files of several kinds, those of the first are read: greedy evaluations before training returns.
READERS: tuple[Reader, ...] = (Sb3Evaluations(), Sb3Monitor(), CleanRl())


class Layout(NamedTuple):
    """How the files of other tools are laid out, as far as the user says so.

    Attributes:
        columns: of CSV files; None reads no CSV files.
        group: what the paths of runs below a directory tell; None infers it.
    """

    columns: Optional[Columns] = None
    group: Optional[Template] = None


UNSAID = Layout()


def load_studies(path: Path, layout: Layout = UNSAID) -> list[ForeignStudy]:
    """Read the studies of other tools in ``path`` or below it; none where there are none.

    Args:
        path: a directory; a file of CSV; or the beginning of the names that the directories of one study have.
        layout: of the files.

    Raises:
        UsageError: when a file cannot be read, or what is there cannot be told apart.
    """
    tables: tuple[Reader, ...] = () if layout.columns is None else (CsvTable(layout.columns),)
    is_run = any(reader.has_run(path) for reader in READERS)
    is_table = path.is_file() or (any(path.glob(f"*{SUFFIX}")) and not is_run)
    order = (tables, READERS) if is_table else (READERS, tables)
    found = (tree.studies(path, readers, layout.group) for readers in order if readers)
    return next((studies for studies in found if studies), []) or tree.named(path, READERS)
