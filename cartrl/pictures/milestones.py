"""The policies that show how a run learned: some of those kept along the way, and the best."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Optional

from cartrl.errors import UsageError
from cartrl.policies import sidecar
from cartrl.policies.sidecar import SavedPolicy
from cartrl.runs import metrics
from cartrl.runs.directory import RunDirectory

MOST = 4  # policies; more panels side by side cannot be told apart


@dataclass(frozen=True)
class Milestone:
    """A policy that shows how far a run had come, and its title in a film."""

    title: str
    saved: SavedPolicy


def of_run(run: RunDirectory) -> list[Milestone]:
    """Return the first policy, the best, and between them some of those kept, chosen by return: they show the climb.

    Raises:
        UsageError: when none were kept, or one is damaged or for another environment than the best.
    """
    kept = sorted(int(path.name) for path in run.kept_policies.glob("[0-9]" * 8))
    if not kept:
        raise UsageError(
            f"{run.kept_policies}: holds no policies from along the way; train the run again to film its progress"
        )
    best = sidecar.read(run.best_policy)
    returns = {int(row["iteration"] or 0): row["greedy_return_mean"] for row in metrics.read(run.metrics)}
    others = climb([iteration for iteration in kept if iteration != best.step], best.step, returns, MOST - 1)
    found = [Milestone(f"best, iteration {best.step}", best)]
    for iteration in others:
        saved = sidecar.read(run.kept_policy(iteration))
        if saved.environment != best.environment:
            raise UsageError(f"{saved.directory}: not a policy for the same episodes as {best.directory}")
        found.append(Milestone(f"iteration {saved.step}", saved))
    return sorted(found, key=lambda milestone: milestone.saved.step)


def climb(iterations: list[int], best: int, returns: Mapping[int, Optional[float]], most: int) -> list[int]:
    """Return at most ``most`` of ``iterations``: the first, and others whose returns divide the climb to the best."""
    if len(iterations) <= most:
        return iterations
    first, *between = iterations
    before = [iteration for iteration in between if iteration < best] or between
    low, high = returns.get(first) or 0.0, returns.get(best) or 0.0
    chosen = [first]
    for part in range(1, most):
        left = [iteration for iteration in before if iteration > chosen[-1]]
        if left:
            wanted = low + (high - low) * part / most
            chosen.append(min(left, key=lambda iteration: abs((returns.get(iteration) or 0.0) - wanted)))
    return chosen
