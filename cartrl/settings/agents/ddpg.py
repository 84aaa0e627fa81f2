"""DDPG, as a config and the metrics know it."""

from typing import Literal

from pydantic import Field

from cartrl.columns import Column
from cartrl.settings.agents.kind import Kind
from cartrl.settings.agents.off_policy import LEARNING_RATE, OffPolicySettings
from cartrl.settings.experience import STEPS
from cartrl.settings.schedule import Schedule
from cartrl.settings.spaces import SEEN, Served, SpaceKind

CONTINUOUS = Served(SEEN, (SpaceKind.BOUNDED,))


class DeterministicSettings(OffPolicySettings):
    """An agent with a deterministic policy, which explores with noise."""

    exploration_noise: Schedule = Field(
        0.1,
        ge=0,
        description="Standard deviation of the noise in actions while experience is collected, in units of half the "
        "actions' range.",
    )


class DdpgSettings(DeterministicSettings):
    """Deep deterministic policy gradient (Lillicrap et al., 2016)."""

    kind: Literal["ddpg"] = Field("ddpg", description="The learning algorithm.")


KIND = Kind(
    DdpgSettings,
    columns=(
        Column("loss", "squared error of the critics, summed over them", "losses/critic"),
        Column("actor_loss", "minus the mean value of the actor's actions", "losses/actor"),
        Column("q_value", "mean value of the actions in the batches", "policy/q_value"),
        Column("gradient_norm", "global norm of the critics' gradient, before clipping", "policy/gradient_norm"),
        Column("exploration_noise", "deviation of the noise in actions", "policy/exploration_noise"),
        LEARNING_RATE,
    ),
    builder="cartrl.agents.ddpg:build",
    serves=CONTINUOUS,
    experience=STEPS,
)
