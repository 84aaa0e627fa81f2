"""A turn of collecting and learning: what all randomness in it is drawn from."""

from typing import NamedTuple


class Turn(NamedTuple):
    """One turn of a run; everything random in it is a function of these numbers."""

    seed: int
    iteration: int  # from 1 on
    number: int = 0  # of the turn in its iteration
