"""Where environments stand between two turns, in the few numbers from which each can be brought there again."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Position(NamedTuple):
    """Where an environment stands: its episode is a function of the run's seed, its number, and the actions since."""

    episode: int
    actions: list[NDArray[Any]]  # [*action] each, taken since the episode began
    observation: NDArray[Any]  # [*observation], the last
    noise: NDArray[Any]  # [*action], in the last action; [0] where noise does not last

    def after(
        self, actions: NDArray[Any], ended: NDArray[Any], observation: NDArray[Any], noise: NDArray[Any]
    ) -> "Position":
        """Return where the environment stands after ``actions`` [T, *action]; ``ended`` [T] says after which of them
        its episode ended and the next one began. Of this position nothing may be used any more.
        """
        ends = np.flatnonzero(ended)
        if not len(ends):
            self.actions.extend(actions)
            return self._replace(observation=observation, noise=noise)
        return Position(self.episode + len(ends), list(actions[ends[-1] + 1 :]), observation, noise)


def packed(positions: Sequence[Position]) -> dict[str, NDArray[Any]]:
    """Return ``positions`` as arrays by name."""
    return {
        "episodes": np.array([one.episode for one in positions]),
        "steps": np.array([len(one.actions) for one in positions]),
        "actions": np.array([action for one in positions for action in one.actions]),
        "observations": np.array([one.observation for one in positions]),
        "noise": np.array([one.noise for one in positions]),
    }


def unpacked(arrays: Mapping[str, NDArray[Any]]) -> list[Position]:
    """Return the positions that `packed` has turned into ``arrays``."""
    ends = np.cumsum(arrays["steps"]).tolist()
    return [
        Position(int(episode), list(arrays["actions"][start:end]), observation, noise)
        for episode, start, end, observation, noise in zip(
            arrays["episodes"], [0, *ends], ends, arrays["observations"], arrays["noise"]
        )
    ]
