"""What ``cartrl compare --until-decided`` says: after each look, and at the end."""

from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cartrl.analysis.numbers import NOTHING, percent
from cartrl.analysis.sequential import Look
from cartrl.runs.decision import NAMES
from cartrl.terminal import tables


def looked(look: Look) -> str:
    """Return a line about a look."""
    decided = "decided" if look.is_decided else "not decided yet"
    return f"after {look.seeds} seeds of each: A is above B with probability {look.improvement:.2f}, {decided}"


def print_decision(console: Console, report: dict[str, Any]) -> None:
    """Print the plan, the looks and the conclusion."""
    plan = report["plan"]
    most = plan["batch"] * plan["looks"]
    console.print()
    tables.facts(
        console,
        [
            ("environment", report["env_name"]),
            *zip(NAMES, report["labels"]),
            ("plan", f"{plan['tested']} return, a look after every {plan['batch']} seeds of each, at most {most}"),
            ("", f"error level {percent(plan['level'])} over all looks"),
            ("", f"written before the first run, and kept: {report['plan_sha256'][:12]}"),
        ],
    )
    console.print()
    console.print(_looks(report["looks"]))
    console.print()
    console.print(Text(report["conclusion"], style="bold"), highlight=False)


def _looks(looks: list[dict[str, Any]]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold", pad_edge=False)
    for header in ("seeds of each", "P(A above B)", "statistic", "decides beyond"):
        table.add_column(header, justify="right", no_wrap=True)
    for look in looks:
        boundary = NOTHING if look["boundary"] is None else f"{look['boundary']:.2f}"
        table.add_row(str(look["seeds"]), f"{look['improvement']:.2f}", f"{look['statistic']:.2f}", boundary)
    return table
