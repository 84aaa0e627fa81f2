"""Settings of the ``agent`` section: one class an agent, told apart by ``kind``."""

from typing import Literal, Optional

from pydantic import Field

from cartrl.settings.section import LayerWidth, Section


class ReinforceSettings(Section):
    """REINFORCE (Williams, 1992), optionally with a learned baseline."""

    kind: Literal["reinforce"] = Field("reinforce", description="The learning algorithm.")
    fc_layer_params: tuple[LayerWidth, ...] = Field(
        (LayerWidth(100),), description="Units in each hidden layer of the actor network; [] makes the policy linear."
    )
    learning_rate: float = Field(1e-3, gt=0, description="Step size of the Adam optimizer.")
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


AgentSettings = ReinforceSettings
