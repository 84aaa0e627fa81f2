"""A map of returns over what was varied around a policy: colours over two axes, a line over one."""

from pathlib import Path
from typing import Any

import numpy as np

from cartrl.analysis.numbers import counted, exact
from cartrl.analysis.summaries import means_said
from cartrl.pictures import canvas
from cartrl.pictures.legends import Entry, Words
from cartrl.pictures.plots import GREEDY, INK, THRESHOLD
from cartrl.policies.variations import said

COLOURS = "viridis"  # told apart by those who see no red, and in grey
MOST_NUMBERED = 12  # values of an axis beside which a number still has room in each cell
FONT_SIZE = 8  # points
MARK = {"color": "#D55E00", "markersize": 11, "markeredgecolor": "white", "clip_on": False, "linestyle": "none"}
EDGE = 0.98  # of the map, for marks
DARK = 0.6  # of the scale: below it white is read, above it black


def draw(report: dict[str, Any], target: Path) -> None:
    """Draw the report of ``cartrl eval --vary`` into the file ``target``.

    Raises:
        CartrlError: when the picture cannot be drawn or written.
    """
    title = f"{report['env_name']}: {counted(report['episodes'], 'episode')} for each value, {report['actions']}"
    axes = report["axes"]
    words = Words(title, said(axes[0]["name"]), "Mean return" if len(axes) == 1 else said(axes[1]["name"]))
    with canvas.drawing(target) as sheet:
        entries = _line(sheet.axes, report) if len(axes) == 1 else _map(sheet, report)
        sheet.save(words, entries)


def _line(axes: Any, report: dict[str, Any]) -> list[Entry]:
    (axis,) = report["axes"]
    means = np.array([cell["mean"] for cell in report["cells"]])
    ends = np.array([cell["interval_95"] or [cell["mean"]] * 2 for cell in report["cells"]])
    band = axes.fill_between(axis["values"], ends[:, 0], ends[:, 1], color=GREEDY, alpha=0.2, linewidth=0)
    (line,) = axes.plot(axis["values"], means, color=GREEDY, marker="o", linewidth=2)
    trained = axes.axvline(axis["trained"], color=INK, linewidth=1.2)
    entries = [Entry(line, "mean return"), Entry(band, "95 % interval")]
    entries.append(Entry(trained, f"as trained, {exact(axis['trained'])}"))
    threshold = report["reward_threshold"]
    if threshold is not None:
        drawn = axes.axhline(threshold, **THRESHOLD)
        entries.append(Entry(drawn, f"reward threshold as trained, {exact(threshold)}"))
    return entries


def _map(sheet: canvas.Sheet, report: dict[str, Any]) -> list[Entry]:
    across, up = report["axes"]
    shape = (len(across["values"]), len(up["values"]))
    means = np.array([cell["mean"] for cell in report["cells"]]).reshape(shape).T
    mesh = sheet.axes.pcolormesh(across["values"], up["values"], means, shading="nearest", cmap=COLOURS)
    sheet.figure.colorbar(mesh, ax=sheet.axes, label="Mean return")
    if max(shape) <= MOST_NUMBERED:
        sheet.axes.set(xticks=across["values"], yticks=up["values"])
        texts = np.array(means_said(report["cells"])).reshape(shape).T
        for (row, column), share in np.ndenumerate(mesh.norm(means)):
            colour = "white" if share < DARK else "black"
            place = (across["values"][column], up["values"][row])
            sheet.axes.text(*place, texts[row, column], color=colour, ha="center", va="center", fontsize=FONT_SIZE)
    # At the edges, where they cover no number: one for each axis.
    places = ((across, "v", "x", (across["trained"], EDGE)), (up, "<", "y", (EDGE, up["trained"])))
    marks = [
        sheet.axes.plot(*place, marker, transform=getattr(sheet.axes, f"get_{which}axis_transform")(), **MARK)[0]
        for axis, marker, which, place in places
        if axis["values"][0] <= axis["trained"] <= axis["values"][-1]
    ]
    return [Entry(mark, "as trained") for mark in marks[:1]]
