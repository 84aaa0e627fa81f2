"""Compares studies: what the seeds of each reached, which study is better, and the numbers behind that."""

import itertools
import math
from collections.abc import Sequence
from typing import Any, Callable, NamedTuple, Optional

import numpy as np
from numpy.typing import NDArray

from cartrl.analysis import pairs, seeds
from cartrl.analysis.caveats import AREA, caveats
from cartrl.analysis.conclusions import POWER, Tested, conclusion
from cartrl.analysis.numbers import exact, round_step
from cartrl.errors import UsageError
from cartrl.runs.evaluated import Evaluated, Run
from cartrl.runs.gathering import common_environment
from cartrl.runs.labelling import differences, names

LEVEL = 0.05  # the probability of a wrong claim, for all pairs of one comparison together
FINAL = "final_return"
BY = {"final": FINAL, "best": "best_return", "area": AREA, "steps": "steps_to_threshold"}  # as --by names them
SMALLEST = 0.1  # seeds are counted for a probability of improvement this far from 0.5, or further


class Metric(NamedTuple):
    """A number for each seed."""

    title: str
    is_higher_better: bool
    of: Callable[[Run], float]

    def tested(self, name: str) -> Tested:
        """Return the words in which a conclusion speaks of this number; ``name`` is its name in the JSON."""
        words = ("is", "higher", "lower") if self.is_higher_better else ("are", "fewer", "more")
        return Tested(name, self.title, *words)


def metrics(threshold: Optional[float]) -> dict[str, Metric]:
    """Return the numbers to compare, by their names in the JSON; without a ``threshold`` no steps to it."""
    found = {
        FINAL: Metric("final return", True, lambda run: run.final),
        "best_return": Metric("best return", True, lambda run: run.best),
        AREA: Metric("area under curve", True, lambda run: run.area),
    }
    if threshold is not None:
        reached = threshold
        found["steps_to_threshold"] = Metric(f"steps to {exact(reached)}", False, lambda run: run.steps_to(reached))
    return found


def metric_named(by: str, threshold: Optional[float]) -> Metric:
    """Return the number that ``--by`` names.

    Raises:
        UsageError: when it is steps and there is no threshold to reach.
    """
    if BY[by] not in metrics(threshold):
        raise UsageError(f"--by {by}: there is no reward threshold to reach; compare by final, best or area")
    return metrics(threshold)[BY[by]]


def compare(
    studies: Sequence[Evaluated], labels: Sequence[str], threshold: Optional[float], by: str = "final"
) -> dict[str, Any]:
    """Return the JSON of ``cartrl compare``, whose conclusion calls the studies by ``labels``. Only ``by`` is tested.

    Raises:
        UsageError: when no run of a study has ended, or as `metric_named`.
    """
    tested = metric_named(by, threshold).tested(BY[by])
    for study in studies:
        if not study.ended:
            raise UsageError(f"{study.path}: none of its runs has ended yet, so there is no final return to compare")
    values = [
        {name: np.array([metric.of(run) for run in study.ended]) for name, metric in metrics(threshold).items()}
        for study in studies
    ]
    comparisons = _pairs(values, threshold, tested.name)
    doubts = caveats(studies, labels, tested.name)
    return {
        "env_name": common_environment(studies),
        "reward_threshold": threshold,
        "level": LEVEL,
        "tested": tested.name,
        "studies": [
            {
                "name": name,
                "label": label,
                "path": str(study.path),
                "seeds": [run.seed for run in study.ended],
                "notes": study.notes(by),
                "metrics": {metric: across(found) for metric, found in own.items()},
                "solved": _solved(own[FINAL], threshold),
            }
            for study, name, label, own in zip(studies, names(studies), labels, values)
        ],
        "differences": differences(studies),
        "comparisons": comparisons,
        "profile": _profile([own[FINAL] for own in values], threshold),
        "caveats": doubts,
        "conclusion": " ".join([conclusion(labels, comparisons, tested), *doubts]),
    }


def across(values: NDArray[Any]) -> dict[str, Any]:
    """Return the summary of the seeds ``values`` [N], by the names of the JSON."""
    found = seeds.summary(values)
    return {
        "values": [_finite(value) for value in values],
        "interquartile_mean": _finite(found.middle),
        "interval_95": [_finite(found.low), _finite(found.high)],
        "differing_95": found.differing,
    }


def _finite(value: Optional[float]) -> Optional[float]:
    """Return ``value``, or None, which JSON has as null, where it is infinite or not known."""
    return float(value) if value is not None and math.isfinite(value) else None


def _solved(final: NDArray[Any], threshold: Optional[float]) -> Optional[dict[str, Any]]:
    return None if threshold is None else share_of(final, threshold)


def share_of(final: NDArray[Any], threshold: float) -> dict[str, Any]:
    """Return how many of the final returns [N] are at least ``threshold``, and their share with Wilson's interval."""
    count, total = int(np.count_nonzero(final >= threshold)), len(final)
    return {
        "count": count,
        "seeds": total,
        "share": count / total,
        "interval_95": list(seeds.wilson_interval(count, total)),
    }


def _profile(finals: Sequence[NDArray[Any]], threshold: Optional[float]) -> list[dict[str, Any]]:
    """Return the performance profile (Agarwal et al., 2021): the share of seeds with at least each of a few returns."""
    pooled = np.concatenate(finals)
    places = round_numbers(float(pooled.min()), float(pooled.max()))
    places = sorted({*places, *([] if threshold is None else [threshold])})
    return [{"return": place, "shares": [share_of(final, place) for final in finals]} for place in places]


def round_numbers(low: float, high: float) -> list[float]:
    """Return three to seven round numbers from ``low`` to ``high``, or ``high`` alone when they are equal."""
    if high <= low:
        return [high]
    step = round_step(high - low)
    # Rounded again: 3 × 0.1 is not 0.3.
    return [float(f"{step * place:.10g}") for place in range(math.ceil(low / step), math.floor(high / step) + 1)]


def _pairs(values: Sequence[dict[str, NDArray[Any]]], threshold: Optional[float], tested: str) -> list[dict[str, Any]]:
    """Compare each study with each later one: a test of ``tested``, and the probability of improvement of every number.

    Seeds that never reached the threshold have infinitely many steps: they tie with each other, and lose against all
    that reached it.
    """
    both = list(itertools.combinations(range(len(values)), 2))
    tests = [pairs.difference_test(values[a][tested], values[b][tested]) for a, b in both]
    found = []
    for (a, b), p_value, adjusted in zip(both, tests, pairs.holm(tests)):
        first, second = values[a][tested], values[b][tested]
        shares = {
            name: pairs.outcomes(*((values[a][name], values[b][name])[:: 1 if up else -1]))
            for name, (_, up, _) in metrics(threshold).items()
        }
        improvement = {name: share.improvement for name, share in shares.items()}
        is_told = adjusted <= LEVEL
        found.append(
            {
                "first": a,
                "second": b,
                "pairs_of_seeds": {name: share._asdict() for name, share in shares.items()},
                "probability_of_improvement": improvement,
                "interval_95": list(pairs.improvement_interval(improvement[tested], (len(first), len(second)))),
                "p_value": p_value,
                "p_value_holm": adjusted,
                "better": None if not is_told else a if improvement[tested] > 0.5 else b,
                "more_seeds": 0 if is_told else more_seeds([first], [second], LEVEL / len(both)),
                "more_seeds_show": more_seeds_show(improvement[tested]),
            }
        )
    return found


def more_seeds(first: Sequence[NDArray[Any]], second: Sequence[NDArray[Any]], level: float) -> int:
    """Return how many more seeds two studies need to show the difference between ``first`` [N] and ``second`` [M].

    Both have such seeds in each of some environments, and need so many more in each.

    The seeds are those for a power of `POWER`, with the probability of improvement that was found. If that is nearer to
    0.5 than `SMALLEST`, they are those for a probability `SMALLEST` away from 0.5, without ties; 0 if there are enough.
    """
    both = list(zip(first, second))
    effect = abs(float(np.mean([pairs.probability_of_improvement(*pair) for pair in both])) - 0.5)
    tied = float(np.mean([_tied(np.concatenate(pair)) for pair in both]))
    fewest = min(min(len(a), len(b)) for a, b in both)
    least = 1
    if effect < SMALLEST:
        effect, tied, least = SMALLEST, 0.0, 0
    return max(pairs.seeds_needed(0.5 + effect, tied, level, POWER, len(both)) - fewest, least)


def more_seeds_show(improvement: float) -> float:
    """Return the probability of improvement that so many more seeds are to show, where ``improvement`` was found."""
    return max(improvement, 1 - improvement, 0.5 + SMALLEST)


def _tied(values: NDArray[Any]) -> float:
    """Return the probability that three of ``values`` [N], drawn without replacement, are equal."""
    _, counts = np.unique(values, return_counts=True)
    return float((counts**3 - counts).sum() / (len(values) ** 3 - len(values)))
