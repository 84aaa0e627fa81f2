"""Holds an exported policy against the original, before anybody gets to see it."""

from dataclasses import dataclass
from typing import Any, Callable, Optional

import numpy as np
from numpy.typing import NDArray

from cartrl.errors import CartrlError
from cartrl.policies.sidecar import FLOATS, SavedPolicy, bounds

COUNT, COUNT_OF_IMAGES = 10_000, 1_000  # observations; 1,000 images take some seconds
AT_ONCE = 100  # images that numpy plays in one call, because it writes down every window of a convolution
TOLERANCE = 1e-5  # in units of half the range of actions; of a probability; of a value, in units of the greatest

Answers = dict[str, NDArray[Any]]  # action; and probabilities, or mean and stddev


@dataclass(frozen=True)
class Parity:
    """What the comparison found.

    Attributes:
        observations: how many there were.
        identical: of how many the greedy action is the same, to the last bit.
        ties: of how many it is another one whose value is the same but for rounding; 0 for continuous actions.
        greatest_difference: of greedy actions, in units of half their range; 0 for discrete actions.
        greatest_difference_of_distributions: of the probabilities, or of means and deviations in such units.
    """

    observations: int
    identical: int
    ties: int
    greatest_difference: float
    greatest_difference_of_distributions: float


def count(saved: SavedPolicy) -> int:
    """Return how many observations a policy's export is held against the original with."""
    return COUNT if saved.observation_dtype == FLOATS else COUNT_OF_IMAGES


def in_parts(answer: Callable[[NDArray[Any]], Answers], observations: NDArray[Any]) -> Answers:
    """Return what ``answer`` says of ``observations`` [N, *observation]; images are given to it a few at a time."""
    size = AT_ONCE if observations.dtype == np.uint8 else len(observations)
    parts = [answer(observations[start : start + size]) for start in range(0, len(observations), size)]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def require(saved: SavedPolicy, original: Answers, exported: Answers, values: Optional[NDArray[Any]]) -> Parity:
    """Compare what two policies answer to the same observations.

    Args:
        saved: the policy.
        original: its answers.
        exported: those of the exported one.
        values: of discrete actions [N, A], of which the greedy one has the greatest; where this is None, none may tie.

    Raises:
        CartrlError: when an answer differs by more than `TOLERANCE`, or a discrete action is another one.
    """
    least, greatest = bounds(saved)
    half = 1.0 if saved.is_discrete else np.maximum((greatest - least) / 2, np.finfo(np.float32).tiny)
    same = (original["action"] == exported["action"]).reshape(len(original["action"]), -1).all(-1)
    is_tied = np.zeros_like(same) if values is None or not saved.is_discrete else ~same & near(values)
    counted = ~is_tied  # where values tie, all of DQN's probabilities change places
    difference, *others = (
        _greatest((original[name][counted] - exported[name][counted].astype(np.float64)) / half) for name in original
    )
    found = Parity(len(same), int(same.sum()), int(is_tied.sum()), difference, max(others))
    if not max(difference, *others) <= TOLERANCE:
        raise CartrlError(
            f"{saved.directory}: not exported, because it would act otherwise than the original: of {len(same):,} "
            f"observations {int(same.sum()):,} have the same action, and the greatest difference is "
            f"{max(difference, *others):.3g}, where {TOLERANCE:g} is allowed"
        )
    return found


def near(values: NDArray[Any]) -> NDArray[Any]:
    """Return for each row of ``values`` [N, A] whether the two greatest are the same but for rounding."""
    if values.shape[-1] == 1:
        return np.zeros(len(values), bool)
    second, first = np.sort(values.astype(np.float64), -1)[:, -2:].T
    return np.asarray(first - second <= TOLERANCE * np.abs(values).max(-1))


def _greatest(differences: NDArray[Any]) -> float:
    return float(np.abs(differences).max(initial=0.0))
