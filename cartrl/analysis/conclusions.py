"""The sentence that ends a comparison: which study is better, or how many more seeds may show it."""

from collections.abc import Sequence
from typing import Any, NamedTuple, Optional

from cartrl.analysis.numbers import p_value, percent
from cartrl.analysis.sequential import Look

POWER = 0.8


class Tested(NamedTuple):
    """The number that a comparison tests.

    Attributes:
        name: its name in the JSON.
        title: its name for people.
        verb: the verb that follows the title: ``is`` or ``are``.
        better, worse: the adjectives for the number of the better study and of the worse one, such as ``higher``.
    """

    name: str
    title: str
    verb: str
    better: str
    worse: str


def conclusion(
    names: Sequence[str], comparisons: Sequence[dict[str, Any]], tested: Tested, environments: int = 1
) -> str:
    """Return one sentence: which study is better, or how many more seeds may show it, over so many ``environments``."""
    over = "" if environments == 1 else f" over {environments} environments"
    leader = _leader(len(names), comparisons, tested.name)
    own = [pair for pair in comparisons if leader in (pair["first"], pair["second"])]
    beaten = [pair for pair in own if pair["better"] is not None]
    undecided = [pair for pair in own if pair["better"] is None]

    def rivals(some: Sequence[dict[str, Any]], joint: str) -> str:
        found: list[str] = [names[pair["first"] + pair["second"] - leader] for pair in some]
        *most, last = found
        return f"{', '.join(most)} {joint} {last}" if most else last

    sentences = []
    if beaten:
        own_number = f"its {tested.title} {tested.verb}"
        shown = f"{own_number} more often {tested.better}{over}"
        if len(names) == 2:
            shares = comparisons[0]["pairs_of_seeds"][tested.name]
            shown = f"{own_number} {_shares(shares, leader == comparisons[0]['first'], tested)}"
            shown += f"{over} (p {p_value(comparisons[0]['p_value_holm'])})"
        sentences.append(f"{names[leader]} is better than {rivals(beaten, 'and')}: {shown}")
    if undecided:
        hardest = max(undecided, key=lambda pair: pair["more_seeds"])
        needed, shown = hardest["more_seeds"], f"a probability of improvement of {hardest['more_seeds_show']:.2f}"
        each = "of each in each environment" if over else "of each"
        advice = (
            f"run {needed} more seed{'s' if needed > 1 else ''} {each} for an {percent(POWER)} chance to show {shown}"
            if needed
            else f"{shown} would probably have shown with so many seeds"
        )
        doubt = f"cannot tell by {tested.title}{over} whether {names[leader]} is better than {rivals(undecided, 'or')}"
        sentences.append(f"{doubt}: {advice}" if beaten else f"{doubt[0].upper()}{doubt[1:]}: {advice}")
    return "; ".join(sentences) + "."


def decision(names: Sequence[str], looks: Sequence[Look], tested: Tested, most_seeds: int) -> tuple[Optional[int], str]:
    """Return which of two studies is better, None where that cannot be told, and one sentence that says so."""
    last = looks[-1] if looks else None
    number = f"by {tested.title}"
    if last is None or not last.is_decided:
        seeds = last.seeds if last else 0
        end = "as many as were planned" if seeds == most_seeds else f"of at most {most_seeds}"
        return (
            None,
            f"Cannot tell {number} whether {names[0]} is better than {names[1]} after {seeds} seeds of each, {end}.",
        )
    better = 0 if last.improvement > 0.5 else 1
    share = percent(max(last.improvement, 1 - last.improvement))
    shown = f"with a probability of {share} its {tested.title} {tested.verb} {tested.better}"
    after = f"decided after {last.seeds} seeds of each, of at most {most_seeds}"
    return better, f"{names[better]} is better than {names[1 - better]}: {shown}; {after}."


def _shares(shares: dict[str, float], is_first: bool, tested: Tested) -> str:
    """Say in what share of the pairs of seeds the better study is better, equal and worse; shares of 0 are left out."""
    above, below = (shares["better"], shares["worse"])[:: 1 if is_first else -1]
    rest = (("equal", shares["equal"]), (tested.worse, below))
    return f"{tested.better} in {percent(above)} of the pairs of seeds" + "".join(
        f", {word} in {percent(share)}" for word, share in rest if share
    )


def _leader(studies: int, comparisons: Sequence[dict[str, Any]], tested: str) -> int:
    """Return the study that the fewest others beat; of several, the one that is most often above the others."""
    wins = [0.0] * studies
    for pair in comparisons:
        probability = pair["probability_of_improvement"][tested]
        wins[pair["first"]] += probability
        wins[pair["second"]] += 1 - probability
        if pair["better"] is not None:
            wins[pair["first"] + pair["second"] - pair["better"]] -= studies  # more than a study can gain above
    return wins.index(max(wins))
