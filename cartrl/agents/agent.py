"""What an agent is to the rest of cartrl."""

from collections.abc import Mapping
from typing import Any, Protocol

from numpy.typing import NDArray

from cartrl.policies.acting import Policies
from cartrl.randomness import Turn


class Agent(Protocol):
    """Learns, and has the policies. What its builder returns for a kind of agent."""

    policies: Policies  # explore and exploit
    collect_policy: Any  # TF-Agents' policy that is saved; its distribution's mode is what exploit does
    train_step: Any  # tf.Variable: updates so far, which is saved with the policy

    def prepare(self, batch: Any) -> None:
        """Do once what would make the first update slower than the others; ``batch`` has the shapes of all."""

    def initialise(self, seed: int) -> None:
        """Begin anew: whatever is random at the beginning is drawn from ``seed``."""

    def learn(self, batch: Any, turn: Turn) -> None:
        """Update from ``batch``, which the replay of this agent gives in ``turn``."""

    def report(self) -> Mapping[str, float]:
        """Return the columns of its kind, of the updates since the last report."""

    def state(self) -> Mapping[str, NDArray[Any]]:
        """Return by name all that must be saved to continue."""

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Continue from a state of the same names, shapes and types; raise CartrlError for another."""
