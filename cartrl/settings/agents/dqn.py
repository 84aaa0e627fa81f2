"""DQN, as a config and the metrics know it."""

from typing import Literal

from pydantic import Field

from cartrl.columns import Column
from cartrl.settings.agents.kind import Kind
from cartrl.settings.agents.off_policy import LEARNING_RATE, OffPolicySettings
from cartrl.settings.experience import STEPS
from cartrl.settings.schedule import Linear, Schedule
from cartrl.settings.spaces import SEEN, Served, SpaceKind


class DqnSettings(OffPolicySettings):
    """Deep Q-learning (Mnih et al., 2015), with double: true as van Hasselt et al. (2016)."""

    kind: Literal["dqn"] = Field("dqn", description="The learning algorithm.")
    double: bool = Field(
        False,
        description="Let the trained network choose the action whose value the target network estimates, which "
        "overestimates less.",
    )
    epsilon: Schedule = Field(
        Linear(**{"from": 1.0, "to": 0.05, "over": 10_000}),
        le=1,
        description="Share of the actions that are drawn at random while experience is collected.",
    )
    td_errors_loss_fn: Literal["huber", "squared"] = Field(
        "huber",
        description="The loss of an error of a value. Errors beyond 1 count less in huber, which so learns slowly that "
        "a rare ending takes all that was to come; squared counts them in full.",
    )
    gradient_clipping: float = Field(10.0, gt=0, description="Largest norm of the whole gradient.")


KIND = Kind(
    DqnSettings,
    columns=(
        Column("loss", "mean loss of the Q-values", "losses/total"),
        Column("q_value", "mean Q-value of the actions in the batches", "policy/q_value"),
        Column("gradient_norm", "global norm of the gradient, before clipping", "policy/gradient_norm"),
        Column("epsilon", "share of random actions", "policy/epsilon"),
        LEARNING_RATE,
    ),
    builder="cartrl.agents.dqn:build",
    serves=Served(SEEN, (SpaceKind.DISCRETE,)),
    experience=STEPS,
)
