"""How experience passes from a compiled collector to the agent: as tensors that never leave the device."""

from collections.abc import Iterator
from typing import Optional

import tensorflow as tf

from cartrl.randomness import Turn

Tensors = dict[str, tf.Tensor]


class Handover:
    """Holds what a turn has played until it is learned from, once."""

    def __init__(self) -> None:
        self._played: Optional[Tensors] = None

    def write(self, played: Tensors) -> None:
        """Take what a turn has played."""
        self._played = played

    def batches(self, turn: Turn) -> Iterator[Tensors]:
        """Yield what was played in ``turn``, once."""
        if self._played is not None:
            played, self._played = self._played, None
            yield played
