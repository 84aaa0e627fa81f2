"""What studies are claimed to show, and whether runs that are trained again bear it out."""

import math
from collections.abc import Sequence
from string import ascii_uppercase
from typing import Any, Optional

from numpy.typing import NDArray

from cartrl.analysis import comparison
from cartrl.analysis.seeds import Interval, prediction_interval
from cartrl.analysis.summaries import certainty, of_json
from cartrl.errors import cut
from cartrl.runs.gathering import common_threshold
from cartrl.runs.labelling import by_settings, differences
from cartrl.runs.results import Study
from cartrl.runs.study import named

SAME = 1e-9  # relative: another processor may add in another order
# The verdicts on a run that was trained again, the best first.
IDENTICAL, WITHIN, DIFFERENT = VERDICTS = ("identical", "within the interval", "different")


def shown(studies: Sequence[Study], names: Sequence[str], by: str) -> tuple[dict[str, Any], str]:
    """Return the numbers of studies called ``names``, as the JSON of ``cartrl compare``, and the sentence they bear.

    Raises:
        UsageError: as `comparison.compare`.
    """
    labels = by_settings(differences(studies) or {}, names)
    threshold = common_threshold(studies)
    report = comparison.compare(studies, labels, threshold, by)
    for letter, name, own in zip(ascii_uppercase, names, report["studies"]):
        own.update(path=letter, name=name)
    sentence = report.pop("conclusion")
    return report, sentence if len(studies) > 1 else _reached(studies[0], report, by)


def _reached(study: Study, report: dict[str, Any], by: str) -> str:
    """Return the sentence about one study."""
    metric = comparison.metric_named(by, report["reward_threshold"])
    (own,) = report["studies"]
    seeds = own["seeds"]
    found = ", ".join(certainty(of_json(own["metrics"][report["tested"]]), len(seeds), "seed"))
    which = f"seed {seeds[0]}" if len(seeds) == 1 else f"seeds {named(seeds)}"
    mean = "" if len(seeds) == 1 else " (interquartile mean)"
    return f"{study.settings.agent.kind.upper()} on {study.env_name}, {which}: {metric.title} {found}{mean}."


def notes(numbers: dict[str, Any]) -> list[str]:
    """Return what is to be known of the studies beside their ``numbers``, such as whether a plan was kept."""
    return [f"{study['name']}: {note}" for study in numbers["studies"] for note in study["notes"]]


def interval(values: NDArray[Any], count: int) -> Optional[Interval]:
    """Return where a run that is trained again on another machine has to be, as one of ``count`` such runs.

    All of them are there with a probability of 95 %, if they are like the seeds ``values`` [N] of the claim.
    """
    return prediction_interval(values, 1 - comparison.LEVEL / count)


def verdict(is_same: bool, reached: Optional[float], within: Optional[Interval]) -> str:
    """Return the verdict on a run, which if it is not the same may have ``reached`` a number ``within`` an interval."""
    if is_same:
        return IDENTICAL
    return WITHIN if reached is not None and within is not None and within[0] <= reached <= within[1] else DIFFERENT


def difference(claimed: Any, found: Any, place: str = "") -> Optional[str]:
    """Name the first number, text or entry that is ``claimed`` and not ``found``; None where there is none.

    Numbers may differ by rounding. Entries that another version of cartrl does not have, or has beside, do not count.
    """
    if isinstance(claimed, dict) and isinstance(found, dict):
        both = [(claimed[key], found[key], f"{place}.{key}" if place else key) for key in claimed if key in found]
    elif isinstance(claimed, list) and isinstance(found, list) and len(claimed) == len(found):
        both = [(one, other, f"{place}[{number}]") for number, (one, other) in enumerate(zip(claimed, found))]
    else:
        is_same = math.isclose(claimed, found, rel_tol=SAME) if _are_numbers(claimed, found) else claimed == found
        return None if is_same else f"{place} is {cut(repr(claimed))} there, and {cut(repr(found))} by the metrics"
    return next((said for said in (difference(*pair) for pair in both) if said is not None), None)


def _are_numbers(*values: Any) -> bool:
    return all(isinstance(value, (int, float)) for value in values)
