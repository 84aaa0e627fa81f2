"""What ``cartrl eval --vary`` prints: a map of returns in blocks, with and without colour."""

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cartrl.analysis.numbers import counted, exact, numbers
from cartrl.analysis.summaries import certain, certainty, means_said, of_json
from cartrl.policies.variations import said
from cartrl.system.console import colours, say
from cartrl.system.lasting import columns
from cartrl.terminal import tables

SHADES = "·░▒▓█"  # from the least return to the greatest, told apart without colour
# From the least to the greatest: of viridis, which is told apart by those who see no red, and in grey.
COLOURS = ("#440154", "#472d7b", "#3b528b", "#2c728e", "#21918c", "#28ae80", "#5ec962", "#addc30", "#fde725")
BLOCK = 2  # columns
BAR = 24  # columns of the longest


def print_map(console: Console, report: dict[str, Any]) -> None:
    """Print the report of ``cartrl eval --vary``."""
    axes = report["axes"]
    trained = ", ".join(f"{said(axis['name'])} {exact(axis['trained'])}" for axis in axes)
    each = f"{report['episodes']:,} {report['actions']} in each of"
    reached = ", ".join(certainty(of_json(report["trained"], "mean"), report["episodes"], "episode"))
    tables.facts(
        console,
        [
            ("policy", f"{report['policy']} (step {report['step']})"),
            ("environment", report["env_name"]),
            ("episodes", f"{each} {counted(len(report['cells']), 'cell')}, seed {report['seed']}, the same starts"),
            ("as trained", f"{trained}: mean return {reached}"),
        ],
    )  # fmt: skip
    console.print()
    scale = Scale([cell["mean"] for cell in report["cells"]], colours(console) is not None)
    if len(axes) == 1:
        console.print(_line(report, scale))
    else:
        _print_grid(console, report, scale)


class Scale:
    """Blocks for returns between the least and the greatest of ``means``."""

    def __init__(self, means: Sequence[float], is_coloured: bool):
        self._low, self._high = min(means), max(means)
        self._is_coloured = is_coloured

    def share(self, mean: float) -> float:
        """Return where ``mean`` is, from 0 to 1."""
        span = self._high - self._low
        return (mean - self._low) / span if span else 1.0

    def block(self, mean: float, width: int = BLOCK) -> Text:
        """Return a block for ``mean``: in its colour, or as dark as it is great."""
        share = self.share(mean)
        if self._is_coloured:
            return Text("█" * width, style=COLOURS[round(share * (len(COLOURS) - 1))])
        return Text(SHADES[round(share * (len(SHADES) - 1))] * width)

    def legend(self) -> Text:
        """Return what the blocks mean."""
        low, high = numbers([self._low, self._high])
        return Text.assemble("mean return ", self.block(self._low), f" {low} to ", self.block(self._high), f" {high}")


def _line(report: dict[str, Any], scale: Scale) -> Table:
    """Return a table with a line for each value of the only axis."""
    (axis,) = report["axes"]
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold", pad_edge=False)
    for index, header in enumerate((said(axis["name"]), "mean return", "95 % interval", "")):
        table.add_column(header, justify="left" if index == 3 else "right", no_wrap=True)
    for value, cell in zip(short(axis["values"]), report["cells"]):
        width = max(round(scale.share(cell["mean"]) * BAR), 1)
        table.add_row(value, *certain(of_json(cell, "mean")), scale.block(cell["mean"], width))
    return table


def _print_grid(console: Console, report: dict[str, Any], scale: Scale) -> None:
    """Print a map: the first axis across, the second up; blocks alone where numbers beside them have no room."""
    across, up = report["axes"]
    heads, sides = short(across["values"]), short(up["values"])
    means = [cell["mean"] for cell in report["cells"]]
    texts = means_said(report["cells"])
    margin = max(map(len, (*sides, said(up["name"]))))
    width = max(BLOCK + 1 + max(map(len, texts)), *map(len, heads)) + 1  # of a block, a number, and a space before both
    is_numbered = margin + 1 + width * len(heads) <= columns(console)
    say(console, f"{said(up['name']):>{margin}}", style="bold")
    for row in reversed(range(len(sides))):
        line = Text(f"{sides[row]:>{margin}} ")
        for place in range(row, len(means), len(sides)):
            number = f"{texts[place]:>{width - BLOCK - 1}}" if is_numbered else ""
            line.append(" " if is_numbered else "").append_text(scale.block(means[place])).append(number)
        console.print(line, soft_wrap=True)
    below = "".join(f"{head:>{width}}" for head in heads) if is_numbered else f"{heads[0]} to {heads[-1]}"
    say(console, f"{'':>{margin}} {below}")
    say(console, f"{'':>{margin}} {said(across['name']):>{width if is_numbered else 0}}", style="bold")
    console.print(scale.legend())


def short(values: Sequence[float]) -> list[str]:
    """Return the values of an axis, which are evenly spaced, with digits that tell them apart."""
    return numbers(values, abs(values[-1] - values[0]) / max(len(values) - 1, 1))
