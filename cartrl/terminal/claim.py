"""What ``cartrl reproduce`` says of a claim."""

from pathlib import Path
from typing import Any, Optional

from rich.console import Console
from rich.text import Text

from cartrl.analysis.claims import DIFFERENT, IDENTICAL, WITHIN
from cartrl.analysis.numbers import counted, numbers
from cartrl.runs.claim import LETTERS
from cartrl.terminal import tables

STYLES = {IDENTICAL: "bold green", WITHIN: "bold yellow", DIFFERENT: "bold red"}


def print_verdict(console: Console, report: dict[str, Any], kept: Optional[Path]) -> None:
    """Print what was claimed, what became of each run that was trained again, and the verdict.

    ``report`` is the JSON of the command; ``kept`` is the directory with the new runs, if they are kept.
    """
    runs = report["runs"]
    changes = list(dict.fromkeys(change for run in runs for change in run["changes"]))
    rows: list[tuple[str, Any]] = [
        ("claim", report["sentence"]),
        *zip(LETTERS, report["names"]),
        *tables.titled("notes", report["notes"]),
        ("contents", "as they were sealed; the numbers and the sentence follow from the metrics"),
        *tables.since_then(changes),
        *((run["run"], Text.assemble((run["verdict"], STYLES[run["verdict"]]), f": {_said(run)}")) for run in runs),
        *(
            [("these runs", report["sentence_again"])]
            if report["sentence_again"] not in (None, report["sentence"])
            else []
        ),
        ("verdict", Text.assemble((report["verdict"], STYLES[report["verdict"]]), f": {_verdict(report)}")),
    ]
    tables.facts(console, rows)
    if kept is not None:
        tables.lines(console, "kept", [str(kept)])


def _said(run: dict[str, Any]) -> str:
    if run["verdict"] == IDENTICAL or run["interval"] is None:
        return str(run["said"])
    claimed, now, low, high = numbers([run["claimed"], run["now"], *run["interval"]])
    return f"{run['said']}; {claimed} was claimed, {now} was reached, one more seed lies in {low} to {high}"


def _verdict(report: dict[str, Any]) -> str:
    runs = report["runs"]
    like = sum(run["verdict"] == report["verdict"] for run in runs)
    drawn = f"{len(runs)} of {counted(report['of_runs'], 'run')}"
    if len(runs) < report["of_runs"]:
        drawn += ", drawn at random,"
    if like == len(runs):
        return f"{drawn} {'was' if like == 1 else 'were'} trained again"
    return f"so {'is' if like == 1 else 'are'} {like}, where {drawn} were trained again"
