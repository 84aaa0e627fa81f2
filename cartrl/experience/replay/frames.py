"""A memory of steps whose observations are stacks of frames, in which each frame is kept once.

V. Mnih et al. (2015) observe the last four frames of Atari. A step has two observations, which share three of them, and
so does the next step: as stacks a million steps would take 56 GB, while their frames take 7.

Each environment has a row of frames for itself. An episode of L steps has L + 1 of them: the first, and one that
followed each step, also the last step, although the environment observes the next episode then.
"""

from collections.abc import Mapping
from typing import Any, Optional

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from cartrl.experience.replay.ring import Ring, Tensors

BLOCK = 1 << 24  # bytes
NUMBERS = "numbers"  # the part of a step that names its frames, those of the observation and the one that followed
FRAMES, FIRST, PRESENT = "frames", "first", "present"  # what is saved of the frames beside the steps
BEGINS = -1  # in the place of the number of a frame: the environment begins an episode


class Frames:
    """Arrays of one shape, numbered from 0 as they come, until they are dropped.

    Args:
        shape: of a frame.
        dtype: of its numbers.
    """

    def __init__(self, shape: tuple[int, ...], dtype: "np.dtype[Any]"):
        self._shape, self._dtype = shape, dtype
        self._length = max(1, BLOCK // (int(np.prod(shape)) * dtype.itemsize))  # frames in a block
        self._blocks: dict[int, NDArray[Any]] = {}
        self.count = 0  # the number of the next

    def put(self, frames: NDArray[Any], first: Optional[int] = None) -> NDArray[np.int64]:
        """Take in ``frames`` [n, *frame] from the number ``first`` on, without it behind all others.

        Returns:
            Their numbers [n].
        """
        numbers = (self.count if first is None else first) + np.arange(len(frames))
        for number, frame in zip(numbers.tolist(), frames):
            block, place = divmod(number, self._length)
            if block not in self._blocks:
                self._blocks[block] = np.empty((self._length, *self._shape), self._dtype)
            self._blocks[block][place] = frame
        self.count = max(self.count, int(numbers[-1]) + 1)
        return numbers

    def take(self, numbers: NDArray[np.int64]) -> NDArray[Any]:
        """Return the frames [*numbers, *frame] of these ``numbers``."""
        taken = np.empty((numbers.size, *self._shape), self._dtype)
        for row, number in enumerate(numbers.ravel().tolist()):
            block, place = divmod(number, self._length)
            taken[row] = self._blocks[block][place]
        return taken.reshape(*numbers.shape, *self._shape)

    def drop(self, before: int) -> None:
        """Give back the memory of frames with smaller numbers than ``before``, block by block."""
        for block in list(self._blocks):  # in the order in which they were made
            if block >= before // self._length:
                break
            del self._blocks[block]

    def clear(self) -> None:
        """Forget all frames."""
        self._blocks.clear()
        self.count = 0


class FrameRing:
    """The newest ``capacity`` steps, as `cartrl.experience.replay.ring.Ring` has them; draws the same batches.

    Args:
        capacity: steps that are kept.
        specs: of the parts of a step, by name; of a stack the last axis is that of its frames, the newest last.
        count: frames in a stack.
    """

    def __init__(self, capacity: int, specs: Mapping[str, tf.TensorSpec], count: int):
        stack = specs["observations"]
        shape = (*stack.shape[:-1], stack.shape[-1] // count)
        numbers = tf.TensorSpec((count + 1,), tf.int64)
        kept = {name: spec for name, spec in specs.items() if name not in ("observations", "next_observations")}
        self._steps = Ring(capacity, {**kept, NUMBERS: numbers})
        self._frames = Frames(shape, np.dtype(stack.dtype.as_numpy_dtype))
        self._stack_count, self._channels = count, shape[-1]
        self._present: Optional[NDArray[np.int64]] = None  # [N, count], of the stacks that are observed now
        self.capacity = capacity

    @property
    def written(self) -> int:
        """All steps that were ever written."""
        return self._steps.written

    def clear(self) -> None:
        """Forget all steps."""
        self._steps.clear()
        self._frames.clear()
        self._present = None

    def write(self, steps: Tensors) -> None:
        """Take in the steps of a turn in the place of the oldest: tensors [T, N, …] by name, also ``truncated``."""
        seen, followed = (self._newest(steps[name]) for name in ("observations", "next_observations"))
        ended = np.asarray(steps["terminated"]) | np.asarray(steps["truncated"])
        present = self._present
        if present is None:
            present = np.full((seen.shape[1], self._stack_count), BEGINS, np.int64)
        numbers = np.empty((*seen.shape[:2], self._stack_count + 1), np.int64)
        for step in range(len(seen)):
            begins = present[:, 0] == BEGINS
            if begins.any():  # the first frame stands for those before it
                present[begins] = self._frames.put(seen[step, begins])[:, np.newaxis]
            numbers[step] = np.column_stack([present, self._frames.put(followed[step])])
            present = numbers[step, :, 1:].copy()
            present[ended[step]] = BEGINS
        self._present = present
        self._steps.write({**steps, NUMBERS: tf.constant(numbers)})
        self._drop()

    def _newest(self, stacks: tf.Tensor) -> NDArray[Any]:
        """Return the newest frame [T, N, *frame] of each of ``stacks`` [T, N, *stack]."""
        newest: NDArray[Any] = np.asarray(stacks)[..., -self._channels :]
        return newest

    def _drop(self) -> None:
        """Drop the frames that no step has any more."""
        oldest = max(0, self.written - self.capacity)
        self._frames.drop(self._first_of(self._steps.rows(oldest, self._environments)[NUMBERS]))

    @property
    def _environments(self) -> int:
        assert self._present is not None, "steps were written"
        return len(self._present)

    def _first_of(self, numbers: NDArray[np.int64]) -> int:
        """Return the least number of a frame of steps whose frames are ``numbers``, and of all steps after them.

        The numbers of an environment never fall, and among N steps each environment has one.
        """
        return int(numbers[: self._environments].min())

    def sample(self, updates: int, batch_size: int, seed: NDArray[Any]) -> Tensors:
        """Draw steps as `cartrl.experience.replay.ring.Ring.sample` does: the same ones, with their stacks."""
        drawn = dict(self._steps.sample(updates, batch_size, seed))
        frames = self._frames.take(drawn.pop(NUMBERS).numpy())
        drawn["observations"] = stacked(frames[:, :, :-1])
        drawn["next_observations"] = stacked(frames[:, :, 1:])
        return drawn

    def rows(self, first: int) -> dict[str, NDArray[Any]]:
        """Return the steps from number ``first`` on, which must still be here, oldest first, with their frames."""
        steps = self._steps.rows(first)
        number = self._first_of(steps[NUMBERS])
        frames = self._frames.take(np.arange(number, self._frames.count))
        assert self._present is not None, "steps were written"
        return {**steps, FRAMES: frames, FIRST: np.array(number), PRESENT: self._present}

    def put_back(self, rows: Mapping[str, NDArray[Any]], written: int) -> int:
        """Hold what `rows` returned when ``written`` steps were written; return how many steps that are."""
        self._frames.put(rows[FRAMES], int(rows[FIRST]))
        self._present = rows[PRESENT]
        count = self._steps.put_back(rows, written)
        self._drop()
        return count


def stacked(frames: NDArray[Any]) -> tf.Tensor:
    """Return the stacks [K, B, *stack] of ``frames`` [K, B, count, *frame]."""
    updates, size, count, *axes, channels = frames.shape
    stacks = np.empty((updates, size, *axes, count, channels), frames.dtype)
    for place in range(count):  # many numbers at a time, whereas a transposition moves them by the few of a stack
        stacks[..., place, :] = frames[:, :, place]
    return tf.constant(stacks.reshape(updates, size, *axes, count * channels))
