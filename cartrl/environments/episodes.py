"""Episodes as arrays: what collectors make, the replay carries, and the agent learns from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cartrl.errors import CartrlError

# What learning computes with: sums of squares of larger numbers soon leave float32, which ends at 3.4e38.
LARGEST = 1e15
# Smaller numbers make gradients that vanish beside the 1e-7 which Adam and the normalisation of returns add.
SMALLEST = 1e-12


class Concerns(NamedTuple):
    """What stands in the way of learning from numbers, in words; empty where nothing does."""

    too_large: str = ""  # what is too large
    vanishing: str = ""  # what is so small that next to nothing is learned from it

    @classmethod
    def about(
        cls,
        observations: NDArray[Any],
        final_observations: NDArray[Any],
        rewards: NDArray[Any],
        returns: NDArray[Any],
    ) -> "Concerns":
        """Look at the numbers of what was played; each array may have any shape."""
        numbers = {
            "an observation": observations,
            "a final observation": final_observations,
            "a reward": rewards,
            "a return": returns,
        }
        too_large = filter(None, (_too_large(values, what) for what, values in numbers.items()))
        return cls(next(too_large, ""), _vanishing({"observations": observations, "rewards": rewards}))


class Played(NamedTuple):
    """What a turn of collecting played, in the few numbers that are counted and checked."""

    steps: int  # of the environments
    returns: NDArray[Any]  # [E] float64, undiscounted, of the episodes that ended; E may be 0
    terminated: NDArray[Any]  # [E] bool; False where the time limit ended the episode
    concerns: Concerns = Concerns()


@dataclass(frozen=True)
class Episode:
    """One episode of T steps.

    An episode ends by termination (the pole fell, the goal was reached) or by truncation (the time limit).
    """

    observations: NDArray[Any]  # [T, *observation]: what the policy saw before each step
    actions: NDArray[Any]  # [T, *action]: as drawn, before clipping to the environment's bounds
    rewards: NDArray[Any]  # [T] float32
    terminated: bool
    final_observation: NDArray[Any]  # [*observation]: what followed the last step

    def __len__(self) -> int:
        return len(self.rewards)

    @property
    def episode_return(self) -> float:
        """Sum of the rewards, undiscounted."""
        return episode_return(self.rewards)


def episode_return(rewards: NDArray[Any]) -> float:
    """Sum of the rewards [T] of an episode, undiscounted."""
    return float(rewards.sum(dtype=np.float64))


@dataclass(frozen=True)
class EpisodeBatch:
    """B whole episodes, padded with zeros to T steps; ``lengths`` tells the real steps from the padding."""

    observations: NDArray[Any]  # [B, T, *observation] float32
    actions: NDArray[Any]  # [B, T, *action]
    rewards: NDArray[Any]  # [B, T] float32
    lengths: NDArray[Any]  # [B] int32
    terminated: NDArray[Any]  # [B] bool; False where the time limit ended the episode
    final_observations: NDArray[Any]  # [B, *observation] float32

    @classmethod
    def pad(cls, episodes: Sequence[Episode], num_steps: int) -> "EpisodeBatch":
        """Pad ``episodes``, each at most ``num_steps`` long, to ``num_steps``."""
        batch = len(episodes)
        first = episodes[0]
        observations = np.zeros((batch, num_steps, *first.observations.shape[1:]), first.observations.dtype)
        actions = np.zeros((batch, num_steps, *first.actions.shape[1:]), first.actions.dtype)
        rewards = np.zeros((batch, num_steps), np.float32)
        for row, episode in enumerate(episodes):
            length = len(episode)
            observations[row, :length] = episode.observations
            actions[row, :length] = episode.actions
            rewards[row, :length] = episode.rewards
        lengths = np.array([len(episode) for episode in episodes], np.int32)
        terminated = np.array([episode.terminated for episode in episodes])
        final_observations = np.array([episode.final_observation for episode in episodes])
        return cls(observations, actions, rewards, lengths, terminated, final_observations)

    def played(self) -> Played:
        """Return the numbers of these episodes that are counted and checked."""
        returns = self.returns
        concerns = Concerns.about(self.observations, self.final_observations, self.rewards, returns)
        return Played(int(self.lengths.sum()), returns, self.terminated, concerns)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays by name."""
        return dict(vars(self))

    @property
    def returns(self) -> NDArray[Any]:
        """Undiscounted return of each episode, float64 [B]."""
        returns: NDArray[Any] = self.rewards.sum(axis=1, dtype=np.float64)
        return returns


@dataclass(frozen=True)
class Evaluation:
    """Episodes of a policy on the real environment."""

    returns: NDArray[Any]  # [N] float64, undiscounted
    lengths: NDArray[Any]  # [N] int64, steps
    terminated: NDArray[Any]  # [N] bool; False where the time limit ended the episode

    @property
    def mean(self) -> float:
        """Mean return."""
        return float(self.returns.mean())

    @property
    def std(self) -> float:
        """Sample standard deviation of the returns, 0 for a single episode."""
        return float(self.returns.std(ddof=1)) if len(self.returns) > 1 else 0.0


def require_moderate(values: NDArray[Any], whose: str, what: str) -> None:
    """Refuse numbers that are too large to learn from.

    Raises:
        CartrlError: saying ``whose`` they are, ``what`` they are, and the first of them.
    """
    if found := _too_large(np.asarray(values), what):
        raise too_large(whose, found)


def too_large(whose: str, found: str) -> CartrlError:
    """Return the error about a number that is too large to learn from, ``found``, which is of ``whose``."""
    return CartrlError(
        f"{whose} {found}; squares of numbers beyond {LARGEST:g} "
        "do not fit into float32, and nothing can be learned from them: scale them in the environment"
    )


def _too_large(values: NDArray[Any], what: str) -> str:
    """Return ``what`` and the first number that is too large to learn from; empty where there is none."""
    return f"{what} of {values[np.abs(values) > LARGEST].flat[0]:g}" if magnitude(values) > LARGEST else ""


def _vanishing(numbers: Mapping[str, NDArray[Any]]) -> str:
    for what, values in numbers.items():
        if 0 < (largest := magnitude(values)) < SMALLEST:
            return f"{what} of at most {largest:g}"
    return ""


def magnitude(values: NDArray[Any]) -> float:
    """Return the largest magnitude among ``values``, without a copy of them; 0 where there are none."""
    return max(float(values.max()), -float(values.min())) if values.size else 0.0
