"""The best two settings of a sweep, trained with fresh seeds: what the number that chose the best of them is worth."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Optional

from cartrl.analysis import comparison
from cartrl.analysis.numbers import counted, number
from cartrl.analysis.summaries import Summary, certainty, of_json
from cartrl.runs.gathering import load_studies
from cartrl.runs.labelling import labels
from cartrl.runs.outcome import Outcome
from cartrl.runs.plans import flat
from cartrl.runs.sweep import CONFIRMED, Plan, Setting, SweepDirectory, confirming
from cartrl.settings import load
from cartrl.sweeps import ranking
from cartrl.sweeps.grid import parse_ranges
from cartrl.sweeps.sensitivity import sensitivity

NOT_YET = "The best settings are still to be trained with fresh seeds."
VERDICTS = {
    True: "it holds",
    False: "it does not hold",
    None: "whether it holds cannot be told",
}


def report(sweep: SweepDirectory, plan: Plan, threshold: Optional[float], outcome: Outcome) -> dict[str, Any]:
    """Return the JSON of ``cartrl sweep``: the ranking, what the best is worth, and what was spent."""
    entries = ranking.rank(sweep, plan.settings, threshold)
    found = confirmation(sweep, plan, entries, threshold)
    confirmed = found["settings"] if found else []
    settings = load(sweep.config).settings
    varied = list(parse_ranges(plan.search.get("ranges", [])).values())
    return {
        "sweep": str(sweep.root),
        "outcome": outcome,
        "env_name": settings.environment.env_name,
        "reward_threshold": threshold,
        "ranked_by": ranking.RANKED_BY,
        "race": ranking.race_said(plan.settings, plan.seeds) or None,
        "settings": entries,
        "sensitivity": sensitivity(entries, flat(settings), varied),
        "caution": ranking.caution(plan),
        "confirmation": found,
        "spent": ranking.spent([*entries, *confirmed]),
    }


def best_settings(entries: Sequence[dict[str, Any]], settings: Sequence[Setting]) -> list[Setting]:
    """Return the best of ``settings`` by their ranked ``entries``, and the runner-up, as they are trained again."""
    of_names = {setting.name: setting for setting in settings}
    return [confirming(of_names[entry["name"]]) for entry in entries[:CONFIRMED] if entry["rank"] is not None]


def confirmation(
    sweep: SweepDirectory, plan: Plan, entries: Sequence[dict[str, Any]], threshold: Optional[float]
) -> Optional[dict[str, Any]]:
    """Return what the best settings reached with fresh seeds, beside what they reached in the sweep; None without any.

    The best holds where its number in the sweep is not above the 95 % interval of its fresh seeds, and the runner-up is
    not shown to be better by the test of ``cartrl compare`` on fresh seeds.
    """
    if not plan.fresh:
        return None
    found = [ranking.entry(sweep, setting, threshold) for setting in best_settings(entries, plan.settings)]
    for entry, before in zip(found, entries):
        entry.update(rank=before["rank"], in_the_sweep=before["final_return"]["interquartile_mean"])
    holds, conclusion, rivals = None, NOT_YET, None
    if found and all(entry["final_return"] for entry in found):
        studies = load_studies([Path(entry["path"]) for entry in found])
        names, summary = labels(studies), of_json(found[0]["final_return"])
        holds = _holds(found[0]["in_the_sweep"], summary)
        if len(found) > 1:
            compared = comparison.compare(studies, names, threshold)
            rivals = compared["conclusion"]
            holds = holds and compared["comparisons"][0]["better"] != 1
        name = names[0] if len(found) > 1 else found[0]["name"]
        conclusion = _said(name, found[0]["in_the_sweep"], summary, len(found[0]["seeds"]), holds)
    return {
        "seeds": plan.fresh,
        "settings": found,
        "holds": holds,
        "conclusion": conclusion,
        "comparison": rivals,
        "spent": ranking.spent(found),
    }


def _holds(before: float, fresh: Summary) -> Optional[bool]:
    """Whether the number ``before`` is not above what ``fresh`` seeds make likely; None for a single seed."""
    if fresh.differing is not None:
        return before <= fresh.middle
    return None if fresh.high is None else before <= fresh.high


def _said(name: str, before: float, fresh: Summary, seeds: int, holds: Optional[bool]) -> str:
    middle, certain = certainty(fresh, seeds, "seed")
    spread = (fresh.high - fresh.low) / 2 if fresh.high is not None and fresh.low is not None else None
    return (
        f"{name} reached {number(before, spread)} with the seeds that chose it, and {middle} with "
        f"{counted(seeds, 'fresh seed')} ({certain}): {VERDICTS[holds]}."
    )
