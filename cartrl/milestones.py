"""The policies that show how a run learned: some of those kept along the way, and the best."""

from dataclasses import dataclass

from cartrl import sidecar
from cartrl.errors import UsageError
from cartrl.run_directory import RunDirectory
from cartrl.sidecar import SavedPolicy

MOST = 4  # as many as can be told apart side by side


@dataclass(frozen=True)
class Milestone:
    """A policy on the way."""

    title: str
    saved: SavedPolicy


def of_run(run: RunDirectory) -> list[Milestone]:
    """Return the first policy, the best, and between them some evenly spread over those kept, by iteration.

    Raises:
        UsageError: when none were kept, or one is damaged or for another environment than the best.
    """
    kept = sorted(int(path.name) for path in run.kept_policies.glob("[0-9]" * 8))
    if not kept:
        raise UsageError(
            f"{run.kept_policies}: holds no policies from along the way; train the run again to film its progress"
        )
    best = sidecar.read(run.best_policy)
    others = _spread([iteration for iteration in kept if iteration != best.step], MOST - 1)
    found = [Milestone(f"best, iteration {best.step}", best)]
    for iteration in others:
        saved = sidecar.read(run.kept_policy(iteration))
        if saved.environment != best.environment:
            raise UsageError(f"{saved.directory}: not a policy for the same episodes as {best.directory}")
        found.append(Milestone(f"iteration {saved.step}", saved))
    return sorted(found, key=lambda milestone: milestone.saved.step)


def _spread(iterations: list[int], most: int) -> list[int]:
    """Return at most so many of ``iterations``, the first and the last among them."""
    if len(iterations) <= most:
        return iterations
    return [iterations[round(number * (len(iterations) - 1) / (most - 1))] for number in range(most)]
