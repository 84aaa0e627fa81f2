"""Compares methods over several environments: which one is better, and the numbers behind that."""

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cartrl.analysis import pairs, tasks
from cartrl.analysis.caveats import caveats
from cartrl.analysis.comparison import BY, LEVEL, across, metrics, more_seeds, more_seeds_show, round_numbers
from cartrl.analysis.conclusions import conclusion
from cartrl.analysis.curves import Curve
from cartrl.analysis.tasks import Scores
from cartrl.errors import UsageError
from cartrl.runs.methods import Methods
from cartrl.runs.references import Reference

POINTS = 200  # of a profile in a picture


def compare(found: Methods, references: Sequence[Reference], by: str) -> dict[str, Any]:
    """Return the JSON of ``cartrl compare`` for studies of several environments. Only the number ``by`` is tested.

    Raises:
        UsageError: when no run of a study has ended, or the number cannot be normalised.
    """
    names = [method.name for method in found.methods]
    if BY[by] not in metrics(None):
        raise UsageError(f"--by {by}: steps are not normalised over environments; compare by final, best or area")
    metric = metrics(None)[BY[by]]
    tested = metric.tested(BY[by])
    values = [_values(method.studies, metric.of) for method in found.methods]
    scores = normalised(values, references)
    comparisons = _pairs(scores, tested.name)
    doubts = _doubts(found, scores, tested.name)
    return {
        "environments": [
            {"env_name": env_name, "low": reference.low, "high": reference.high, "source": reference.source}
            for env_name, reference in zip(found.env_names, references)
        ],
        "level": LEVEL,
        "tested": tested.name,
        "methods": [
            {
                "name": method.name,
                **_summary(own),
                "studies": [
                    {
                        "env_name": env_name,
                        "path": str(study.path),
                        "seeds": [run.seed for run in study.ended],
                        "notes": study.notes(by),
                        tested.name: across(raw),
                        "normalised": list(map(float, score)),
                    }
                    for env_name, study, raw, score in zip(found.env_names, method.studies, of_method, own)
                ],
            }
            for method, of_method, own in zip(found.methods, values, scores)
        ],
        "comparisons": comparisons,
        "profile": _profile(scores),
        "environments_left_out": found.left_out,
        "caveats": doubts,
        "conclusion": " ".join([conclusion(names, comparisons, tested, len(found.env_names)), *doubts]),
    }


def _values(studies: Sequence[Any], of: Any) -> list[NDArray[Any]]:
    for study in studies:
        if not study.ended:
            raise UsageError(f"{study.path}: none of its runs has ended yet, so there is no final return to compare")
    return [np.array([of(run) for run in study.ended]) for study in studies]


def normalised(values: Sequence[Scores], references: Sequence[Reference]) -> list[Scores]:
    """Return ``values``, of each method in each environment, with 0 and 1 at the environment's reference returns."""
    return [
        [(own - reference.low) / (reference.high - reference.low) for own, reference in zip(of_method, references)]
        for of_method in values
    ]


def _summary(scores: Scores) -> dict[str, Any]:
    low, high = (None if np.isnan(end) else end for end in tasks.interval(scores))
    return {"interquartile_mean": tasks.interquartile_mean(scores), "interval_95": [low, high]}


def _pairs(scores: Sequence[Scores], tested: str) -> list[dict[str, Any]]:
    """Compare each method with each later one."""
    both = list(itertools.combinations(range(len(scores)), 2))
    tests = [tasks.difference_test(scores[a], scores[b]) for a, b in both]
    found = []
    for (a, b), p_value, adjusted in zip(both, tests, pairs.holm(tests)):
        first, second = scores[a], scores[b]
        shares = tasks.outcomes(first, second)
        improvement = shares.improvement
        is_told = adjusted <= LEVEL
        sizes = [(len(own), len(other)) for own, other in zip(first, second)]
        found.append(
            {
                "first": a,
                "second": b,
                "pairs_of_seeds": {tested: shares._asdict()},
                "probability_of_improvement": {tested: improvement},
                "interval_95": list(pairs.improvement_interval(improvement, *sizes)),
                "environments": [pairs.probability_of_improvement(own, other) for own, other in zip(first, second)],
                "p_value": p_value,
                "p_value_holm": adjusted,
                "better": None if not is_told else a if improvement > 0.5 else b,
                "more_seeds": 0 if is_told else more_seeds(first, second, LEVEL / len(both)),
                "more_seeds_show": more_seeds_show(improvement),
            }
        )
    return found


def _profile(scores: Sequence[Scores]) -> list[dict[str, Any]]:
    """Return the performance profile: the share of seeds with at least each of a few normalised returns."""
    pooled = np.concatenate([np.concatenate(own) for own in scores])
    places = round_numbers(float(pooled.min()), float(pooled.max()))
    return [{"normalised_return": place, "shares": [_share(own, place) for own in scores]} for place in places]


def _share(scores: Scores, place: float) -> dict[str, Any]:
    share, ends = tasks.shares(scores, place)
    return {"share": share, "interval_95": list(ends)}


def profiles(report: dict[str, Any]) -> list[Curve]:
    """Return the performance profiles to draw, from the JSON of `compare`."""
    scores = [[np.array(study["normalised"]) for study in method["studies"]] for method in report["methods"]]
    pooled = np.concatenate([np.concatenate(own) for own in scores])
    margin = 0.03 * (np.ptp(pooled) or 1.0)
    places = np.linspace(pooled.min() - margin, pooled.max() + margin, POINTS)
    drawn = []
    for method, own in zip(report["methods"], scores):
        found = [tasks.shares(own, place) for place in places]
        low, high = np.transpose([ends for _, ends in found])
        drawn.append(Curve(method["name"], places, np.array([share for share, _ in found]), low, high))
    return drawn


def _doubts(found: Methods, scores: Sequence[Scores], tested: str) -> list[str]:
    """Return a sentence for each reason why the methods may not be comparable."""
    said = []
    if found.left_out:
        said.append(f"Left out, as not all methods have a study there: {', '.join(found.left_out)}.")
    if any(len({len(own) for own in of_method}) > 1 for of_method in scores):
        said.append("The numbers of seeds differ between the environments, each of which counts the same.")
    names = [method.name for method in found.methods]
    for place, env_name in enumerate(found.env_names):
        studies = [method.studies[place] for method in found.methods]
        said += [f"{env_name}: {text}" for text in caveats(studies, names, tested, are_differences_listed=False)]
    return said
