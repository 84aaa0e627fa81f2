"""What a study says at its end."""

from collections.abc import Sequence
from typing import Optional

import numpy as np
from rich.console import Console

from cartrl.analysis.numbers import exact, percent
from cartrl.analysis.seeds import summary, wilson_interval
from cartrl.analysis.summaries import certainty
from cartrl.runs.outcome import Outcome
from cartrl.runs.study import StudyDirectory, StudyProgress, named
from cartrl.system.calls import call
from cartrl.terminal import tables


def print_summary(
    console: Console, study: StudyDirectory, progress: StudyProgress, threshold: Optional[float], said: str
) -> None:
    """Print what a study reached, with intervals over its seeds, and what to type next.

    ``threshold`` is the environment's reward threshold; ``said`` writes it out, or says why there is none.
    """
    states = progress.seeds
    over = [state for state in states.values() if state.outcome.is_over]
    rows = [("seeds", f"{named(list(states))}: {len(over)} of {len(states)} finished")]
    for outcome in (Outcome.INTERRUPTED, Outcome.FAILED, Outcome.WAITING):
        seeds = [seed for seed, state in states.items() if state.outcome == outcome]
        rows += [(str(outcome), named(seeds))] if seeds else []
    rows += _reached("best greedy return", [state.best for state in over])
    rows += _reached("final greedy return", [state.greedy for state in over])
    if threshold is not None and over:
        solved = sum(state.best is not None and state.best >= threshold for state in over)
        low, high = wilson_interval(solved, len(over))
        rows.append(
            (
                f"best from {exact(threshold)}",
                f"{solved} of {len(over)} seeds, 95 % interval {percent(low)} to {percent(high)}",
            )
        )
    if threshold is None:
        rows.append(("reward threshold", said))
    rows.append(("seconds", f"{progress.seconds:.1f}"))
    tables.facts(console, rows)
    tables.lines(console, "written", [str(study.root)])
    resume = [call("train", "--resume", study.root)] if len(over) < len(states) else []
    tables.lines(console, "next", [*resume, call("plot", study.root), call("report", study.root)])


def _reached(name: str, values: Sequence[Optional[float]]) -> list[tuple[str, str]]:
    known = np.array([value for value in values if value is not None])
    if not len(known):
        return []
    text = ", ".join(certainty(summary(known), len(known), "seed"))
    return [(name, f"{text} (interquartile mean)" if len(known) > 1 else text)]
