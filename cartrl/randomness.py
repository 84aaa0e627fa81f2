"""All randomness, stateless: every draw is a pure function of the run's seed and of what it is drawn for.

No generator carries state from one draw to the next, so tracing a function anew, resuming a run, or evaluating in
between changes no number. The hash is numpy's SeedSequence, which keeps streams of different words apart
(https://numpy.org/doc/stable/reference/random/parallel.html).
"""

from enum import IntEnum
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Stream(IntEnum):
    """What numbers are drawn for; one stream never repeats another's."""

    WEIGHTS = 0
    COLLECT_RESETS = 1
    COLLECT_ACTIONS = 2
    TRAIN_EVAL_RESETS = 3
    EVAL_RESETS = 4
    EVAL_ACTIONS = 5
    RECORD_RESETS = 6
    RECORD_ACTIONS = 7
    BOOTSTRAP = 8
    PERMUTATION = 9
    LEARNING = 10
    SAMPLES = 11
    OBSERVATION_NOISE = 12


def draw(count: int, seed: int, stream: Stream, *indices: int) -> NDArray[Any]:
    """Return ``count`` seeds, uint32 [count], for the draws of ``stream`` at ``indices`` (an iteration, say).

    The number of indices is hashed as well: SeedSequence pads its words with zeros, so that the indices () and (0,)
    would otherwise give the same seeds.
    """
    words = (len(indices), seed, stream, *indices)
    return np.random.SeedSequence(np.array(words, np.uint32)).generate_state(count)


class Turn(NamedTuple):
    """One turn of collecting and learning; all that is random in it is drawn from its seed, iteration and number."""

    seed: int
    iteration: int  # from 1 on
    number: int = 0  # of the turn in its iteration
    environment_steps: int = 0  # of the run before this turn


class ActionSeeds:
    """The seed of each sampling of a batch of actions: ``seeds[step]``, int32 [2], as tf.random.stateless_* take it."""

    def __init__(self, seed: int, stream: Stream, *indices: int):
        self._high, self._low = (int(word) for word in draw(2, seed, stream, *indices))

    def __getitem__(self, step: int) -> NDArray[Any]:
        return np.array([self._high, (self._low + step) & 0xFFFFFFFF], np.uint32).view(np.int32)
