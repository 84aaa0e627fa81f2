"""What the displays of a run and of a study have in common."""

from types import TracebackType
from typing import Optional, TypeVar

Shown = TypeVar("Shown", bound="Display")


class Display:
    """A display that is entered around a training, and shows nothing."""

    def __enter__(self: Shown) -> Shown:
        return self

    def __exit__(
        self, kind: Optional[type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        pass
