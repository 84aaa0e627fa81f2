"""A collector and a replay with a state, as off-policy agents have: each checkpoint has one more file of rows."""

from pathlib import Path

import numpy as np

from cartrl.training.state_files import State

CAPACITY = 3  # rows that count; older ones are removed, a whole file at a time
WIDTH = 1500  # numbers in a row: some blocks of a disk


class Position:
    """A collector that knows which iteration it has reached."""

    def __init__(self) -> None:
        self.iteration = 0

    def state(self) -> State:
        """Return the iteration."""
        return {"iteration": np.array(self.iteration)}

    def restore(self, state: State) -> None:
        """Continue from the iteration that was saved."""
        self.iteration = state["iteration"].item()


class Log:
    """A replay of one row for each iteration, of which the number is in every cell."""

    def __init__(self) -> None:
        self.rows: dict[int, np.ndarray] = {}

    def reach(self, iteration: int) -> None:
        """Add the rows up to ``iteration``, and forget what is over the capacity."""
        for number in range(max(self.rows, default=0) + 1, iteration + 1):
            self.rows[number] = np.full(WIDTH, number, np.float32)
        self.rows = dict(list(self.rows.items())[-CAPACITY:])

    def save(self, directory: Path) -> None:
        """Write a file of the rows that are in none yet; remove the files without a row that counts."""
        ranges = {path: _range_of(path) for path in directory.iterdir()}
        for path, (_, end) in ranges.items():
            if end < min(self.rows):
                path.unlink()
        first = max((end for _, end in ranges.values()), default=0) + 1
        new = [row for number, row in self.rows.items() if number >= first]
        if new:
            np.save(directory / f"{first}-{max(self.rows)}.npy", np.stack(new))

    def restore(self, directory: Path) -> None:
        """Continue from the rows in ``directory``.

        Raises:
            ValueError: when a row is not what it was.
        """
        self.rows = {}
        for path in sorted(directory.iterdir(), key=_range_of):
            first, end = _range_of(path)
            self.rows.update(zip(range(first, end + 1), np.load(path)))
        self.reach(max(self.rows))
        for number, row in self.rows.items():
            if not (row == number).all():
                raise ValueError(f"row {number} holds {row}")


def _range_of(path: Path) -> "tuple[int, int]":
    """Return the first and the last row in a file."""
    first, end = path.stem.split("-")
    return int(first), int(end)
