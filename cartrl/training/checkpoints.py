"""The checkpoints of a run: which are kept, which a resumed run goes on from, and which are set aside as damaged."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Optional

from cartrl.errors import CartrlError
from cartrl.runs import formats
from cartrl.system import files
from cartrl.training.checkpoint_format import Checkpoint, is_checkpoint, iteration_of, read, write
from cartrl.training.parts import Parts

KEPT = 2
DAMAGED = ".damaged"  # the suffix of a checkpoint that was set aside


class TrainingCheckpoints:
    """The checkpoints of a run, of which the newest two are kept."""

    def __init__(self, directory: Path):
        self._directory = directory

    def save(self, iteration: int, experiment: Any, parts: Parts) -> None:
        """Save the states of ``parts`` after ``iteration``: on disk, read back and checked, then put in place whole.

        Args:
            iteration: the number of the last iteration.
            experiment: the settings, as `resuming.identity` returns them.
            parts: whose states are saved.

        Raises:
            CartrlError: for a value that is not finite, or when a file does not read back the same.
        """
        path = self._directory / f"{iteration:08d}"
        before = max(self._paths(), key=iteration_of, default=None)
        with files.whole_directory(path) as draft:
            write(draft, path, experiment, parts, before)
        for old in self._paths()[:-KEPT]:
            _remove(old)

    def newest(self, warn: Callable[[str], None]) -> Optional[Checkpoint]:
        """Return the newest checkpoint that can be read; None where there are none.

        Args:
            warn: is told of each that is damaged, and set aside.

        Raises:
            NewerFormatError: when a newer cartrl has written one.
            CartrlError: when there are some, and none can be read.
        """
        paths = self._paths()
        damaged: list[Path] = []
        for path in reversed(paths):
            try:
                checkpoint = read(path)
            except formats.NewerFormatError:
                raise
            except CartrlError as error:
                warn(f"{error}; the one before it is taken")
                damaged.append(path)
                continue
            for other in damaged:
                _set_aside(other)
            return checkpoint
        if paths:
            raise CartrlError(
                f"{self._directory}: none of the {len(paths)} checkpoints can be read; nothing is resumed"
            )
        return None

    def oldest(self) -> int:
        """Return the iteration of the oldest checkpoint that is kept; 0 where there are none."""
        return min(map(iteration_of, self._paths()), default=0)

    def latest(self) -> Optional[int]:
        """Return the iteration of the newest checkpoint, read or not; None where there are none."""
        return max(map(iteration_of, self._paths()), default=None)

    def _paths(self) -> list[Path]:
        """Return the checkpoints in the order of their iterations."""
        try:
            paths = list(self._directory.iterdir())
        except FileNotFoundError:
            return []
        return sorted(filter(is_checkpoint, paths), key=lambda path: (iteration_of(path), path.suffix == ""))


def _set_aside(path: Path) -> None:
    """Rename a damaged checkpoint, in the place of an earlier one of that name."""
    aside = path.with_suffix(DAMAGED)
    if aside.exists():
        _remove(aside)
    path.replace(aside)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        files.remove_directory(path)
    else:
        path.unlink()
