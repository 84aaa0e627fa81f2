"""REINFORCE, as a config and the metrics know it."""

from typing import Literal, Optional

from pydantic import Field

from cartrl.columns import Column
from cartrl.settings.agents.kind import AgentSettings, Kind
from cartrl.settings.schedule import Schedule
from cartrl.settings.section import Convolutions, LayerWidth, convolutions
from cartrl.settings.spaces import SEEN, Served


class ReinforceSettings(AgentSettings):
    """REINFORCE (Williams, 1992), optionally with a learned baseline."""

    kind: Literal["reinforce"] = Field("reinforce", description="The learning algorithm.")
    conv_layer_params: Convolutions = convolutions()
    fc_layer_params: tuple[LayerWidth, ...] = Field(
        (LayerWidth(100),), description="Units in each hidden layer of the actor network; [] makes the policy linear."
    )
    learning_rate: Schedule = Field(1e-3, gt=0, description="Step size of the Adam optimizer.")
    discount: float = Field(
        1.0, gt=0, le=1, description="Discount factor of future rewards (gamma); 1 counts all rewards in full."
    )
    normalize_returns: bool = Field(
        True,
        description="Shift and scale the returns (the advantages, with a baseline) of each iteration's steps to "
        "mean 0 and standard deviation 1 before they weigh the policy gradient.",
    )
    value_fc_layer_params: Optional[tuple[LayerWidth, ...]] = Field(
        None,
        description="Units in each hidden layer of the value network, which learns a baseline that is "
        "subtracted from the returns. null learns without a baseline, as the tutorial does.",
    )
    value_estimation_loss_coef: float = Field(
        0.2, gt=0, description="Weight of the value network's squared error in the loss; unused without one."
    )
    entropy_regularization: float = Field(
        0.0, ge=0, description="Weight of the policy's entropy in the loss: more keeps the policy exploring."
    )
    gradient_clipping: Optional[float] = Field(
        None, gt=0, description="Largest norm of each variable's gradient; null does not clip."
    )


KIND = Kind(
    ReinforceSettings,
    columns=(
        Column("loss", "the loss of this update, the sum of its parts", "losses/total"),
        Column("policy_gradient_loss", "the part of the loss for the policy", "losses/policy_gradient"),
        Column("value_estimation_loss", "the part for the value network, 0 without one", "losses/value_estimation"),
        Column(
            "entropy_regularization_loss",
            "the part for the entropy, 0 without regularization",
            "losses/entropy_regularization",
        ),
        Column("gradient_norm", "global norm of the gradient, before clipping", "policy/gradient_norm"),
        Column("weights_norm", "global norm of the networks' weights, after the update", "policy/weights_norm"),
        Column(
            "policy_entropy",
            "mean entropy of the policy over this iteration's steps, before the update, in nats",
            "policy/entropy",
        ),
    ),
    builder="cartrl.agents.reinforce:build",
    serves=Served(SEEN),
)
