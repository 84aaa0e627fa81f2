"""TD3, as a config and the metrics know it."""

from typing import Literal

from pydantic import Field

from cartrl.settings.agents.ddpg import CONTINUOUS, DeterministicSettings
from cartrl.settings.agents.ddpg import KIND as DDPG
from cartrl.settings.agents.kind import Kind
from cartrl.settings.experience import STEPS
from cartrl.settings.section import count


class Td3Settings(DeterministicSettings):
    """Twin delayed deep deterministic policy gradient (Fujimoto et al., 2018)."""

    kind: Literal["td3"] = Field("td3", description="The learning algorithm.")
    target_update_period: int = count(2, "Updates between two moves of the target networks.")
    actor_update_period: int = count(2, "Updates of the critics between two of the actor.")
    target_policy_noise: float = Field(
        0.2, ge=0, description="Standard deviation of the noise in the targets' actions, in units of half their range."
    )
    target_policy_noise_clip: float = Field(
        0.5, ge=0, description="Largest noise in the targets' actions, in units of half their range."
    )


KIND = Kind(
    Td3Settings,
    columns=DDPG.columns,
    builder="cartrl.agents.td3:build",
    serves=CONTINUOUS,
    experience=STEPS,
)
