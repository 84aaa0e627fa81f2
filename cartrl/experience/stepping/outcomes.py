"""What steps of environments have led to, in memory that several processes share."""

import mmap
import os
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cartrl.environments.vector import VectorEnvironment


class Outcomes:
    """What the last step of each of N environments has led to.

    Args:
        records: [N], of what each has led to.

    Attributes:
        observations: [N, *observation].
        rewards: float64 [N].
        terminated: bool [N].
        truncated: bool [N].
    """

    def __init__(self, records: NDArray[Any]):
        self._records = records
        self.observations, self.rewards = records["observation"], records["reward"]
        self.terminated, self.truncated = records["terminated"], records["truncated"]

    @classmethod
    def of(cls, environment: VectorEnvironment, memory: int, size: int) -> "Outcomes":
        """Return the outcomes of ``size`` environments like those of ``environment``, in the memory of a descriptor."""
        observation = (environment.observation_dtype, environment.observation_space.shape)
        record = np.dtype(
            [("observation", *observation), ("reward", "f8"), ("terminated", "?"), ("truncated", "?")], align=True
        )
        os.ftruncate(memory, size * record.itemsize)  # which has this size already in all processes but the first
        return cls(np.frombuffer(mmap.mmap(memory, size * record.itemsize), record))

    def part(self, rows: range) -> "Outcomes":
        """Return those of the environments ``rows``."""
        return Outcomes(self._records[rows.start : rows.stop])


def new_memory() -> int:
    """Return the descriptor of memory without a name, of which nothing is left once no process holds it."""
    return os.memfd_create("outcomes")
