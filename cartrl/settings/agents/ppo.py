"""PPO, as a config and the metrics know it."""

from collections.abc import Mapping
from typing import Any, Literal, Optional

from pydantic import Field

from cartrl.columns import Column
from cartrl.settings.agents.kind import AgentSettings, Kind
from cartrl.settings.experience import ROLLOUTS
from cartrl.settings.schedule import Schedule
from cartrl.settings.section import Convolutions, LayerWidth, convolutions, count
from cartrl.settings.spaces import SEEN, Served


class PpoSettings(AgentSettings):
    """Proximal policy optimization with a clipped objective (Schulman et al., 2017)."""

    kind: Literal["ppo"] = Field("ppo", description="The learning algorithm.")
    conv_layer_params: Convolutions = convolutions()
    fc_layer_params: tuple[LayerWidth, ...] = Field(
        (LayerWidth(64), LayerWidth(64)), description="Units in each hidden layer of the actor network."
    )
    value_fc_layer_params: tuple[LayerWidth, ...] = Field(
        (LayerWidth(64), LayerWidth(64)), description="Units in each hidden layer of the value network."
    )
    learning_rate: Schedule = Field(3e-4, gt=0, description="Step size of the Adam optimizer.")
    discount: float = Field(0.99, gt=0, le=1, description="Discount factor of future rewards (gamma).")
    gae_lambda: float = Field(
        0.95,
        ge=0,
        le=1,
        description="Lambda of generalized advantage estimation: 0 trusts the value network after one step, 1 only "
        "where a rollout ends.",
    )
    clip_range: Schedule = Field(
        0.2,
        gt=0,
        description="How far the probability ratio of an action may move from 1 before that is no longer rewarded.",
    )
    num_epochs: int = count(10, "Passes over a rollout in an update.")
    batch_size: int = count(64, "Steps in each minibatch; what is left over of a rollout in an epoch is not used.")
    entropy_regularization: Schedule = Field(
        0.0, ge=0, description="Weight of the policy's entropy in the loss: more keeps the policy exploring."
    )
    value_estimation_loss_coef: float = Field(0.5, gt=0, description="Weight of the value network's squared error.")
    gradient_clipping: Optional[float] = Field(
        0.5, gt=0, description="Largest norm of the whole gradient; null does not clip."
    )
    target_kl: Optional[float] = Field(
        None,
        gt=0,
        description="End an update after the minibatch in which the policy has moved by 1.5 times this, in nats; null "
        "never does.",
    )
    normalize_observations: bool = Field(
        False, description="Shift and scale observations by their mean and standard deviation in the run so far."
    )
    normalize_rewards: bool = Field(
        False, description="Divide rewards by the standard deviation of the discounted return in the run so far."
    )
    initial_stddev: float = Field(
        1.0, gt=0, description="Standard deviation of continuous actions at the beginning; unused for discrete ones."
    )

    def require_fit(self, sections: Mapping[str, Any]) -> None:
        """Refuse minibatches that are larger than a rollout."""
        steps = sections["collect"].steps_per_iteration
        if self.batch_size > steps:
            raise ValueError(
                f"agent.batch_size is {self.batch_size}, but must be at most collect.num_environments times "
                f"collect.num_steps, which is {steps}"
            )


KIND = Kind(
    PpoSettings,
    columns=(
        Column("loss", "the loss, the sum of its parts", "losses/total"),
        Column("policy_gradient_loss", "the part of the loss for the policy", "losses/policy_gradient"),
        Column("value_estimation_loss", "the part for the value network", "losses/value_estimation"),
        Column(
            "entropy_regularization_loss",
            "the part for the entropy, 0 without regularization",
            "losses/entropy_regularization",
        ),
        Column("gradient_norm", "global norm of the gradient, before clipping", "policy/gradient_norm"),
        Column("policy_entropy", "mean entropy of the policy, in nats", "policy/entropy"),
        Column(
            "kl_divergence", "how far the policy has moved from the one that collected, in nats", "policy/kl_divergence"
        ),
        Column("clip_fraction", "share of the steps whose probability ratio was clipped", "policy/clip_fraction"),
        Column(
            "explained_variance",
            "share of the variance of the returns that the value network explained before the update",
            "policy/explained_variance",
        ),
        Column("gradient_steps", "minibatches that were learned from", "policy/gradient_steps"),
        Column("learning_rate", "step size of this update", "policy/learning_rate"),
    ),
    builder="cartrl.agents.ppo:build",
    serves=Served(SEEN),
    experience=ROLLOUTS,
)
