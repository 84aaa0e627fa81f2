"""Rollouts as arrays: steps of several environments side by side, over the ends of their episodes."""

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from cartrl.environments.episodes import Concerns, Played


@dataclass(frozen=True)
class Rollout:
    """T steps of N environments, each of which begins the next episode as soon as one has ended."""

    observations: NDArray[Any]  # [T, N, *observation] float32 or uint8: what the policy saw before each step
    actions: NDArray[Any]  # [T, N, *action]: as drawn, before clipping to the environment's bounds
    rewards: NDArray[Any]  # [T, N] float32
    terminated: NDArray[Any]  # [T, N] bool
    truncated: NDArray[Any]  # [T, N] bool
    next_observations: NDArray[Any]  # [T, N, *observation] likewise: what followed each step, before any reset
    returns: NDArray[Any]  # [T, N] float64: rewards of the running episode so far, undiscounted

    def played(self) -> Played:
        """Return the numbers of this rollout that are counted and checked."""
        ended = self.terminated | self.truncated
        returns = self.returns[ended]
        concerns = Concerns.about(self.observations, self.next_observations, self.rewards, returns)
        return Played(self.rewards.size, returns, self.terminated[ended], concerns)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return what is learned from, by name."""
        return {name: array for name, array in vars(self).items() if name != "returns"}
