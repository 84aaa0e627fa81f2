"""The sentence that ends a comparison: which study is better, or that it cannot be told and what would tell."""

from collections.abc import Sequence
from typing import Any

from cartrl.display.numbers import p_value, percent

POWER = 0.8
PRIMARY = "final_return"


def conclusion(names: Sequence[str], comparisons: Sequence[dict[str, Any]]) -> str:
    """Return one plain sentence: which study is better, or that it cannot be told and what would tell."""
    leader = _leader(len(names), comparisons)
    own = [pair for pair in comparisons if leader in (pair["first"], pair["second"])]
    beaten = [pair for pair in own if pair["better"] is not None]
    undecided = [pair for pair in own if pair["better"] is None]

    def rivals(some: Sequence[dict[str, Any]], joint: str) -> str:
        *most, last = [names[pair["first"] + pair["second"] - leader] for pair in some]
        return f"{', '.join(most)} {joint} {last}" if most else last

    sentences = []
    if beaten:
        shown = "its final return is more often higher"
        if len(names) == 2:
            shares = comparisons[0]["pairs_of_seeds"][PRIMARY]
            shown = f"its final return is {_shares(shares, leader == comparisons[0]['first'])}"
            shown += f" (p {p_value(comparisons[0]['p_value_holm'])})"
        sentences.append(f"{names[leader]} is better than {rivals(beaten, 'and')}: {shown}")
    if undecided:
        hardest = max(undecided, key=lambda pair: pair["more_seeds"])
        needed, shown = hardest["more_seeds"], f"a probability of improvement of {hardest['more_seeds_show']:.2f}"
        advice = (
            f"run {needed} more seed{'s' if needed > 1 else ''} of each for an {percent(POWER)} chance to show {shown}"
            if needed
            else f"{shown} would probably have shown with so many seeds"
        )
        doubt = f"cannot tell by final return whether {names[leader]} is better than {rivals(undecided, 'or')}"
        sentences.append(f"{doubt}: {advice}" if beaten else f"{doubt[0].upper()}{doubt[1:]}: {advice}")
    return "; ".join(sentences) + "."


def _shares(shares: dict[str, float], is_first: bool) -> str:
    """Say in how many pairs of seeds the better study is above, equal and below; what never happens is left out."""
    above, below = (shares["better"], shares["worse"])[:: 1 if is_first else -1]
    rest = (("equal", shares["equal"]), ("lower", below))
    return f"higher in {percent(above)} of the pairs of seeds" + "".join(
        f", {word} in {percent(share)}" for word, share in rest if share
    )


def _leader(studies: int, comparisons: Sequence[dict[str, Any]]) -> int:
    """Return the study that is least often beaten and most often above the others; of equals the first."""
    wins = [0.0] * studies
    for pair in comparisons:
        probability = pair["probability_of_improvement"][PRIMARY]
        wins[pair["first"]] += probability
        wins[pair["second"]] += 1 - probability
        if pair["better"] is not None:
            wins[pair["first"] + pair["second"] - pair["better"]] -= studies  # outweighs all that can be won
    return wins.index(max(wins))
