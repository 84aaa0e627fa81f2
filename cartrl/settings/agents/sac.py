"""SAC, as a config and the metrics know it."""

from typing import Literal, Optional

from pydantic import Field

from cartrl.columns import Column
from cartrl.settings.agents.ddpg import CONTINUOUS
from cartrl.settings.agents.kind import Kind
from cartrl.settings.agents.off_policy import LEARNING_RATE, OffPolicySettings
from cartrl.settings.experience import STEPS


class SacSettings(OffPolicySettings):
    """Soft actor-critic (Haarnoja et al., 2018)."""

    kind: Literal["sac"] = Field("sac", description="The learning algorithm.")
    temperature: Optional[float] = Field(
        None, gt=0, description="Weight of the policy's entropy beside the reward; null learns it."
    )
    target_entropy: Optional[float] = Field(
        None,
        description="The entropy that a learned temperature aims at, in nats, of actions in units of half their range; "
        "null takes minus the number of an action's dimensions.",
    )


KIND = Kind(
    SacSettings,
    columns=(
        Column("loss", "half of the squared error of the critics, summed over them", "losses/critic"),
        Column("actor_loss", "the actor's loss", "losses/actor"),
        Column("q_value", "mean value of the actions in the batches", "policy/q_value"),
        Column("policy_entropy", "mean entropy of the policy, in nats, in units of half the range", "policy/entropy"),
        Column("temperature", "weight of the entropy", "policy/temperature"),
        Column("gradient_norm", "global norm of the critics' gradient, before clipping", "policy/gradient_norm"),
        LEARNING_RATE,
    ),
    builder="cartrl.agents.sac:build",
    serves=CONTINUOUS,
    experience=STEPS,
)
