"""A column of ``metrics.csv``: its name, what it holds, and its tag in TensorBoard."""

from typing import NamedTuple, Optional


class Column(NamedTuple):
    """A column, as the metrics file, TensorBoard and docs/metrics.md have it."""

    name: str
    meaning: str  # a clause that begins in lower case: "the loss that this update descended"
    tag: Optional[str] = None  # in TensorBoard: the part before the slash groups charts; None is not shown there
