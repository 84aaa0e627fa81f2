"""A learning curve drawn in text."""

from collections.abc import Sequence
from typing import Callable, Optional

from cartrl.analysis.numbers import numbers
from cartrl.training.journal import Progress

LABEL = 8  # columns, at least
BLOCKS = " ▁▂▃▄▅▆▇█"
POINT = "●"
THRESHOLD = "╌"

Points = Sequence[tuple[int, float]]


def learning_curve(progress: Progress, threshold: Optional[float], width: int, height: int) -> list[str]:
    """Draw mean collect returns as columns and greedy returns as points, over all iterations that are planned.

    Returns:
        ``height`` lines, each with its label on the left and at most ``width`` characters wide.
    """
    collect, greedy = list(progress.collect_returns), list(progress.greedy_returns)  # training appends meanwhile
    values = [value for _, value in (*collect, *greedy)] + ([] if threshold is None else [threshold])
    if not values:
        return []
    low, high = min(0.0, *values), max(0.0, *values)
    span = (high - low) or 1.0
    labels = axis_labels(low, high, height)
    columns = max(width - len(labels[0]), 1)
    grid = [[" "] * columns for _ in range(height)]

    def row_of(value: float) -> int:
        return min(int((high - value) / span * height), height - 1)

    def column_of(iteration: int) -> int:
        return min(iteration * columns // (progress.num_iterations + 1), columns - 1)

    if threshold is not None:
        grid[row_of(threshold)] = [THRESHOLD] * columns
    for column, value in _averaged(collect, column_of):
        eighths = round((value - low) / span * height * 8)
        for row in range(height):
            filled = min(max(eighths - 8 * (height - 1 - row), 0), 8)
            if filled:
                grid[row][column] = BLOCKS[filled]
    for iteration, value in greedy:
        grid[row_of(value)][column_of(iteration)] = POINT
    return [label + "".join(cells) for label, cells in zip(labels, grid)]


def axis_labels(low: float, high: float, height: int) -> list[str]:
    """Return what stands to the left of each of ``height`` rows: the greatest and the least value, and the axis."""
    top, bottom = numbers([high, low], (high - low) / 2)
    width = max(len(top), len(bottom), LABEL)
    return [f"{top:>{width}} ┤", *[" " * (width + 1) + "│"] * (height - 2), f"{bottom:>{width}} ┤"]


def _averaged(points: Points, column_of: Callable[[int], int]) -> list[tuple[int, float]]:
    """Average the points that share a column."""
    sums: dict[int, tuple[float, int]] = {}
    for iteration, value in points:
        total, count = sums.get(column_of(iteration), (0.0, 0))
        sums[column_of(iteration)] = (total + value, count + 1)
    return [(column, total / count) for column, (total, count) in sums.items()]
