"""Studies on a terminal: their learning curves drawn in text, and the tables of a comparison."""

import string
from collections.abc import Sequence
from typing import Any, Optional

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cartrl.analysis.comparison import LEVEL, metrics
from cartrl.analysis.curves import Curve
from cartrl.analysis.numbers import NOTHING, counted, exact, number, p_value, percent
from cartrl.analysis.summaries import Summary, certain, of_json, share_said
from cartrl.settings.writing import scalar
from cartrl.system.console import say
from cartrl.system.lasting import columns
from cartrl.terminal import tables
from cartrl.terminal.chart import THRESHOLD, axis_labels

HEIGHT = 16
WIDEST = 100  # columns of a chart on a terminal
BAND = "░"
POINTS = "●▲■◆○△□◇"  # one for each study, told apart without colour


def print_chart(
    console: Console, curves: Sequence[Curve], xlabel: str, ylabel: str, threshold: Optional[float]
) -> None:
    """Print learning curves as points and a legend; the band too where there is only one."""
    drawn = "\n".join(_chart(curves, threshold, _width(console), HEIGHT))
    console.print(Text(ylabel, style="bold"))
    say(console, drawn, style="cyan")
    console.print(Text(f"{xlabel:>{_width(console)}}", style="dim"))
    for index, curve in enumerate(curves):
        say(console, f"{POINTS[index % len(POINTS)]} {curve.label}")
    if _has_band(curves):
        console.print(Text(f"{BAND} 95 % interval"))
    if threshold is not None:
        console.print(Text(f"{THRESHOLD} reward threshold, {exact(threshold)}"))


def _width(console: Console) -> int:
    return min(columns(console), WIDEST)


def _has_band(curves: Sequence[Curve]) -> bool:
    return len(curves) == 1 and bool(np.isfinite(curves[0].low).all())


def _chart(curves: Sequence[Curve], threshold: Optional[float], width: int, height: int) -> list[str]:
    """Return ``height`` lines of at most ``width`` characters, and one with the least and the greatest place."""
    lines = [curve.middle for curve in curves]
    if _has_band(curves):
        lines += [curves[0].low, curves[0].high]
    values = np.concatenate([*lines, [] if threshold is None else [threshold]])
    low, high = float(values.min()), float(values.max())
    end = max(float(curve.places[-1]) for curve in curves)
    labels = axis_labels(low, high, height)
    margin = len(labels[0])
    columns = max(width - margin, 1)
    grid = [[" "] * columns for _ in range(height)]

    def row_at(curve: Curve, line: NDArray[Any], place: float) -> int:
        return row_of(float(np.interp(place, curve.places, line)))

    def row_of(value: float) -> int:
        return round((high - value) / ((high - low) or 1.0) * (height - 1))

    if threshold is not None:
        grid[row_of(threshold)] = [THRESHOLD] * columns
    for column, place in enumerate(np.linspace(0.0, end, columns)):
        if _has_band(curves) and place >= curves[0].places[0]:
            curve = curves[0]
            for row in range(row_at(curve, curve.high, place), row_at(curve, curve.low, place) + 1):
                grid[row][column] = BAND
        for index, curve in enumerate(curves):
            if curve.places[0] <= place <= curve.places[-1]:
                grid[row_at(curve, curve.middle, place)][column] = POINTS[index % len(POINTS)]
    axis = f"{'└':>{margin}}{'0':<{columns // 2}}{number(end):>{columns - columns // 2}}"
    return [*(label + "".join(cells) for label, cells in zip(labels, grid)), axis]


def shared_notes(studies: Sequence[dict[str, Any]]) -> list[str]:
    """Return what is to be said of each of ``studies``."""
    return [note for note in studies[0]["notes"] if all(note in study["notes"] for study in studies)]


def print_comparison(console: Console, report: dict[str, Any]) -> None:
    """Print what ``cartrl compare`` found."""
    threshold = report["reward_threshold"]
    solved = "no reward threshold" if threshold is None else f"solved from a return of {exact(threshold)}"
    studies = list(zip(string.ascii_uppercase, report["studies"]))
    rows: list[tuple[str, Any]] = [("environment", f"{report['env_name'] or 'not named'}, {solved}")]
    of_all = shared_notes(report["studies"]) if len(studies) > 1 else []
    rows += tables.titled("notes", of_all)
    for letter, study in studies:
        notes = "".join(f"\n{note}" for note in study["notes"] if note not in of_all)
        label = "" if study["label"] in study["path"] else f"{study['label']}: "
        rows.append((letter, f"{label}{study['path']}, {counted(len(study['seeds']), 'seed')}{notes}"))
    rows.append(("differ in", _differences(report["differences"])))
    tables.facts(console, rows)
    console.print()
    console.print(_across(studies, threshold))
    console.print()
    console.print(_pairs(report))
    console.print()
    console.print(outcomes_table(report))
    console.print()
    letters = [letter for letter, _ in studies]
    console.print(profile_table("seeds with a final return from", "return", report, letters))
    console.print()
    console.print(Text(report["conclusion"], style="bold"), highlight=False)


def _differences(found: Optional[dict[str, list[Any]]]) -> str:
    if found is None:
        return "not known, as not all name their settings"
    return "\n".join(f"{key}: {', '.join(map(scalar, values))}" for key, values in found.items()) or (
        "nothing but their seeds"
    )


def grid(*headers: str) -> Table:
    """Return a table without lines: the first column to the left, numbers to the right."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold", pad_edge=False)
    for index, header in enumerate(headers):
        table.add_column(header, justify="right" if index else "left", no_wrap=True)
    return table


def _across(studies: Sequence[tuple[str, dict[str, Any]]], threshold: Optional[float]) -> Table:
    table = grid("across seeds", "", "interquartile mean", "95 % interval")
    for name, metric in metrics(threshold).items():
        for index, (letter, study) in enumerate(studies):
            reached = _steps if name == "steps_to_threshold" else certain
            values = reached(of_json(study["metrics"][name]))
            table.add_row("" if index else metric.title, letter, *values)
    if threshold is not None:
        for index, (letter, study) in enumerate(studies):
            solved = study["solved"]
            table.add_row(
                "" if index else "solved at the end",
                letter,
                share_said(solved),
                " to ".join(map(percent, solved["interval_95"])),
            )
    return table


def _steps(summary: Summary) -> tuple[str, str]:
    """Write steps to the threshold: their mean is None, or its interval open, if too many seeds never reached it."""
    middle, low, high, _ = summary
    if middle is not None and (low is None or high is not None):
        return certain(summary)
    reached = "not reached" if middle is None else number(middle)
    return reached, NOTHING if low is None else f"{number(low)} {'or more' if high is None else f'to {number(high)}'}"


def pairs_table(report: dict[str, Any], title: str, others: Sequence[str]) -> Table:
    """Return a table of the probabilities of improvement by the number called ``title``, and by ``others``."""
    tested = report["tested"]
    several = len(report["comparisons"]) > 1
    table = grid("P(improvement)", title, *others, "p (Holm)" if several else "p")
    for pair in report["comparisons"]:
        found = pair["probability_of_improvement"]
        low, high = pair["interval_95"]
        table.add_row(
            _over(pair),
            f"{found[tested]:.2f} ({low:.2f} to {high:.2f})",
            *(f"{found[name]:.2f}" for name in found if name != tested),
            Text(
                p_value(pair["p_value_holm"]).replace("= ", ""), style="bold" if pair["p_value_holm"] <= LEVEL else ""
            ),
        )
    return table


def outcomes_table(report: dict[str, Any]) -> Table:
    """Return a table of how many pairs of seeds are better, equal and worse by the tested number."""
    tested = metrics(report.get("reward_threshold"))[report["tested"]].tested(report["tested"])
    table = grid(f"pairs of seeds by {tested.title}", tested.better, "equal", tested.worse)
    for pair in report["comparisons"]:
        shares = pair["pairs_of_seeds"][tested.name]
        table.add_row(_over(pair), *(percent(shares[name]) for name in ("better", "equal", "worse")))
    return table


def _pairs(report: dict[str, Any]) -> Table:
    compared = metrics(report["reward_threshold"])
    titles = [metric.title for name, metric in compared.items() if name != report["tested"]]
    short = [title.replace(" under curve", "").replace(" return", "") for title in titles]
    return pairs_table(report, compared[report["tested"]].title, short)


def _over(pair: dict[str, Any]) -> str:
    return f"{string.ascii_uppercase[pair['first']]} over {string.ascii_uppercase[pair['second']]}"


def profile_table(title: str, place: str, report: dict[str, Any], letters: Sequence[str]) -> Table:
    """Return a table of performance profiles: the shares of seeds from each return, which the JSON calls ``place``."""
    table = grid(title, *(exact(column[place]) for column in report["profile"]))
    for index, letter in enumerate(letters):
        table.add_row(letter, *(percent(column["shares"][index]["share"]) for column in report["profile"]))
    return table
