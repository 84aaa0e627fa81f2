"""A memory of steps in the device's memory, from which batches are drawn with a seed.

Reverb's own selectors draw without a seed (https://github.com/google-deepmind/reverb/issues/25), so a run that samples
from Reverb could not be repeated. Reverb carries the steps here, where what is drawn is a function of the seed.
"""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Optional, Protocol

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from cartrl.experience.replay import segments
from cartrl.programs import Program
from cartrl.randomness import ActionSeeds, Stream, Turn

Tensors = Mapping[str, tf.Tensor]


class Ring:
    """The newest ``capacity`` steps; ``written`` counts all that were ever written.

    Args:
        capacity: steps that are kept.
        specs: of the parts of a step, by name.
    """

    def __init__(self, capacity: int, specs: Mapping[str, tf.TensorSpec]):
        self.capacity = capacity
        self.written = 0
        self.names = tuple(specs)
        self._columns = {
            name: tf.Variable(tf.zeros((capacity, *spec.shape), spec.dtype), trainable=False)
            for name, spec in specs.items()
        }
        # The programs that write and draw steps, one for each shape [T, N] that is written, and [K, B] that is drawn.
        # XLA would copy the whole memory in each call.
        self._puts: defaultdict[tuple[int, ...], Program] = defaultdict(lambda: Program(self._scatter, by_xla=False))
        self._draws: dict[tuple[int, int], Program] = {}

    def write(self, steps: Tensors) -> None:
        """Take in ``steps`` in the place of the oldest: tensors [B, …], or of a turn [T, N, …], by name."""
        dimensions = steps[self.names[0]].shape.rank - self._columns[self.names[0]].shape.rank + 1
        shape = tuple(steps[self.names[0]].shape[:dimensions])
        self._puts[shape]({name: steps[name] for name in self.names}, np.int32(self.written % self.capacity))
        self.written += math.prod(shape)

    def sample(self, updates: int, batch_size: int, seed: NDArray[Any]) -> Tensors:
        """Draw, uniformly and with replacement, ``batch_size`` steps for each update: tensors [K, B, …] by name.

        ``seed`` is int32 [2].
        """
        size = min(self.written, self.capacity)
        shape = (updates, batch_size)
        if shape not in self._draws:
            self._draws[shape] = Program(lambda seed, size: self._gather(seed, size, shape), by_xla=False)
        return self._draws[shape](seed, np.int32(size))  # type: ignore[no-any-return]

    def _scatter(self, steps: Tensors, first: tf.Tensor) -> None:
        for name, column in self._columns.items():
            values = tf.reshape(steps[name], [-1, *column.shape[1:]])
            places = tf.math.floormod(first + tf.range(values.shape[0]), self.capacity)
            column.scatter_update(tf.IndexedSlices(values, places))

    def _gather(self, seed: tf.Tensor, size: tf.Tensor, shape: tuple[int, int]) -> Tensors:
        chosen = tf.random.stateless_uniform(shape, seed, 0, size, tf.int32)
        return {name: tf.gather(column, chosen) for name, column in self._columns.items()}

    def clear(self) -> None:
        """Forget all steps."""
        self.written = 0

    def rows(self, first: int, most: Optional[int] = None) -> dict[str, NDArray[Any]]:
        """Return the steps from number ``first`` on, or so many of them, which must still be here, oldest first."""
        last = self.written if most is None else min(self.written, first + most)
        places = np.arange(first, last) % self.capacity
        return {name: tf.gather(column, places).numpy() for name, column in self._columns.items()}

    def put_back(self, rows: Mapping[str, NDArray[Any]], written: int) -> int:
        """Hold ``rows``, the newest of ``written`` steps, in the place of the oldest; return how many they are."""
        count = len(rows[self.names[0]])
        self._scatter(
            {name: tf.constant(rows[name]) for name in self.names}, np.int32((written - count) % self.capacity)
        )
        self.written = written
        return count


class Memory(segments.Memory, Protocol):
    """Remembers steps, whichever way it keeps them."""

    def write(self, steps: Tensors) -> None:
        """Take in the steps of a turn, tensors [T, N, …] by name."""

    def sample(self, updates: int, batch_size: int, seed: NDArray[Any]) -> Tensors:
        """Draw steps for each update: tensors [K, B, …] by name."""

    def clear(self) -> None:
        """Forget all steps."""


class Source(Protocol):
    """Carries what was played in a turn from the collector."""

    def batches(self, turn: Turn) -> Iterator[Tensors]:
        """Yield what was played in ``turn``, tensors [T, N, …] by name, once."""


class RingReplay:
    """Remembers the steps of all turns, and draws batches from them.

    Args:
        source: brings the steps.
        memory: remembers them.
        updates: of the agent in a turn, each of which has a batch of its own.
        batch_size: steps of a batch.
        warm_up_steps: of the run, in which nothing is learned.
    """

    def __init__(self, source: Source, memory: Memory, updates: int, batch_size: int, warm_up_steps: int):
        self._source = source
        self._memory = memory
        self._updates, self._batch_size = updates, batch_size
        self._warm_up_steps = warm_up_steps

    def batches(self, turn: Turn) -> Iterator[Tensors]:
        """Take in what was played in ``turn``; yield one batch for all of its updates, tensors [K, B, …] by name."""
        for played in self._source.batches(turn):
            self._memory.write(played)
        if turn.environment_steps >= self._warm_up_steps:
            seed = ActionSeeds(turn.seed, Stream.SAMPLES, turn.iteration)[turn.number]
            yield self._memory.sample(self._updates, self._batch_size, seed)

    def initialise(self) -> None:
        """Forget all steps."""
        self._memory.clear()

    def save(self, directory: Path) -> None:
        """Add the steps since the last save to the files in ``directory``."""
        segments.save(self._memory, directory)

    def restore(self, directory: Path) -> None:
        """Remember the steps of the files in ``directory``."""
        segments.restore(self._memory, directory)
