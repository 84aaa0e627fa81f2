"""What the best settings of a sweep are worth, by fresh seeds: a table, and a verdict."""

from typing import Any, Optional

from cartrl.analysis.numbers import NOTHING
from cartrl.analysis.summaries import certain, of_json, share_said
from cartrl.report.numbers import number, with_minus
from cartrl.runs.study import named
from cartrl.settings.writing import scalar

BADGES = {True: "holds", False: "does not hold", None: "undecided"}
CLASSES = {True: "solved", False: "not-solved", None: "undecided"}  # of the style sheet


def confirmation_part(found: dict[str, Any], threshold: Optional[float]) -> dict[str, Any]:
    """Return the content of the part, from the ``confirmation`` in the JSON of ``cartrl sweep``."""
    last = "seeds" if threshold is None else "solved"
    return {
        "note": f"Trained again with {len(found['seeds'])} seeds that took no part in the choice: "
        f"{named(found['seeds'])}.",
        "headers": ["setting", "in the sweep", "with fresh seeds", "95 % interval", last],
        "rows": [_row(entry) for entry in found["settings"]],
        "verdict": BADGES[found["holds"]],
        "style": CLASSES[found["holds"]],
        "conclusion": found["conclusion"],
        "comparison": found["comparison"],
    }


def _row(entry: dict[str, Any]) -> list[str]:
    name = ", ".join(f"{key.partition('.')[2]} {scalar(value)}" for key, value in entry["values"].items())
    if not entry["final_return"]:
        return [name, number(entry["in_the_sweep"]), NOTHING, NOTHING, "; ".join(entry["notes"])]
    seeds = share_said(entry["solved"]) if entry["solved"] else str(len(entry["seeds"]))
    return [name, number(entry["in_the_sweep"]), *map(with_minus, certain(of_json(entry["final_return"]))), seeds]
