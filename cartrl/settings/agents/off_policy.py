"""The settings that agents share which learn from a memory of steps, and what they report."""

from collections.abc import Mapping
from typing import Any, Optional

from pydantic import Field

from cartrl.columns import Column
from cartrl.settings.agents.kind import AgentSettings
from cartrl.settings.schedule import Schedule
from cartrl.settings.section import Convolutions, LayerWidth, convolutions, count


class OffPolicySettings(AgentSettings):
    """An agent that learns from steps drawn at random from all that it remembers."""

    conv_layer_params: Convolutions = convolutions()
    fc_layer_params: tuple[LayerWidth, ...] = Field(
        (LayerWidth(256), LayerWidth(256)), description="Units in each hidden layer of each network."
    )
    learning_rate: Schedule = Field(1e-3, gt=0, description="Step size of the Adam optimizers.")
    discount: float = Field(0.99, gt=0, le=1, description="Discount factor of future rewards (gamma).")
    batch_size: int = count(256, "Steps that an update learns from.")
    updates_per_step: float = Field(
        1.0,
        gt=0,
        description="Updates for each step of an environment. With the steps of a turn, which are "
        "collect.num_environments times collect.num_steps, it must come to a whole number.",
    )
    target_update_tau: float = Field(
        0.005, gt=0, le=1, description="How far the target networks move to the trained ones: 1 copies them."
    )
    target_update_period: int = count(1, "Updates between two moves of the target networks.")
    gradient_clipping: Optional[float] = Field(
        None, gt=0, description="Largest norm of a network's gradient; null does not clip."
    )

    def updates_of(self, steps: int) -> int:
        """Return the updates for so many ``steps``.

        Raises:
            ValueError: when they are no whole number.
        """
        updates = steps * self.updates_per_step
        if abs(updates - round(updates)) > 1e-6 or round(updates) < 1:
            raise ValueError(
                f"agent.updates_per_step is {self.updates_per_step:g}, which for the {steps} steps of a turn "
                f"(collect.num_environments times collect.num_steps) is {updates:g} updates; it must be a whole number"
            )
        return round(updates)

    def require_fit(self, sections: Mapping[str, Any]) -> None:
        """Refuse a part of an update, and batches that the memory cannot hold."""
        self.updates_of(sections["collect"].steps_per_turn)
        capacity = sections["replay_buffer"].replay_buffer_capacity
        if self.batch_size > capacity:
            raise ValueError(
                f"agent.batch_size is {self.batch_size}, but must be at most replay_buffer.replay_buffer_capacity, "
                f"which is {capacity}"
            )


LEARNING_RATE = Column("learning_rate", "step size of the last update", "policy/learning_rate")
