"""Which episodes a saved policy plays when it is evaluated or filmed."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Rollouts:
    """Episodes to play."""

    count: int
    seed: int  # start states, and drawn actions, depend on it alone
    is_greedy: bool  # take the most probable action in each step; otherwise draw one
