"""REINFORCE: Monte-Carlo policy gradient.

    R. J. Williams (1992), "Simple statistical gradient-following algorithms for connectionist reinforcement learning".
    With a baseline: R. S. Sutton and A. G. Barto (2018), "Reinforcement Learning: An Introduction", section 13.4.

For episodes i = 1 … B of lengths T_i, with G_t = Σ_{k ≥ t} γ^(k-t) r_k the return from step t on, and A_t = G_t (or
G_t - V(s_t) with a baseline V), shifted and scaled to mean 0 and standard deviation 1 over all real steps of the batch:

    loss = 1/B Σ_i Σ_t [ -A_t log π(a_t | s_t) + c_V (G_t - V(s_t))² - c_H H(π(· | s_t)) ]

The agent, its networks and its policies are TF-Agents'. Where `tf_agents.agents.ReinforceAgent` deviates from that
equation once episodes are padded to one length, it is put right here:

- it normalises over padding too, which changes advantages and flips signs; here over real steps only;
- it lets the policy loss train the critic through A_t = G_t - V(s_t); here the critic is a constant in it;
- it averages the entropy over all cells while it sums the policy loss over an episode; here both are sums;
- it lets a truncated episode end as if nothing could follow; here, with a baseline, what would have followed counts
  with its estimate γ V(s_T) (F. Pardo et al. (2018), "Time limits in reinforcement learning").
"""

import functools
from collections.abc import Mapping
from typing import Any, Optional, cast

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from tf_agents.agents import tf_agent
from tf_agents.agents.reinforce import reinforce_agent
from tf_agents.networks import actor_distribution_network, network, value_network
from tf_agents.trajectories import time_step as ts
from tf_agents.trajectories import trajectory
from tf_agents.typing import types
from tf_agents.utils import common, eager_utils, nest_utils, value_ops

from cartrl.agents import learner
from cartrl.agents.networks import of_images
from cartrl.randomness import Turn
from cartrl.settings import ExperimentSettings, ReinforceSettings
from cartrl.settings.schedule import Linear, Schedule, at

ONCE_TRAIN_STEP = "train_step"  # the counter's name in checkpoints that name variables by owner and number
EPSILON = np.finfo(np.float32).eps  # as in TF-Agents' own normalisation


class EpisodicReinforceAgent(reinforce_agent.ReinforceAgent):
    """TF-Agents' REINFORCE for a padded batch of whole episodes, one a row.

    `train(experience, weights)` takes a trajectory of [B, T] tensors whose rewards are 0 on padding, and as weights
    the mask, float32 [B, T]: 1 for a real step, 0 for padding.
    """

    def _train(
        self, experience: trajectory.Trajectory, weights: tf.Tensor, final_observations: tf.Tensor
    ) -> tf_agent.LossInfo:
        returns = self.returns(experience, final_observations)
        variables = self.trainable_variables
        with tf.GradientTape() as tape:
            loss_info = self.total_loss(experience, returns, weights, training=True)
        gradients = tape.gradient(loss_info.loss, variables)
        gradient_norm = tf.linalg.global_norm(gradients)
        grads_and_vars = list(zip(gradients, variables))
        if self._gradient_clipping:
            grads_and_vars = eager_utils.clip_gradient_norms(grads_and_vars, self._gradient_clipping)
        self._optimizer.apply_gradients(grads_and_vars)
        self.train_step_counter.assign_add(1)
        norms = {"gradient_norm": gradient_norm, "weights_norm": tf.linalg.global_norm(variables)}
        return tf_agent.LossInfo(loss_info.loss, {**loss_info.extra, **norms})

    def returns(self, experience: trajectory.Trajectory, final_observations: tf.Tensor) -> tf.Tensor:
        """Return G_t, [B, T]; ``final_observations`` [B, *observation] is what followed each episode's last step."""
        rewards = experience.reward
        if self._baseline:
            values, _ = self._value_network(final_observations)
            truncated = experience.is_last() & (experience.discount > 0)
            rewards += self._gamma * values[:, tf.newaxis] * tf.cast(truncated, tf.float32)
        return value_ops.discounted_return(rewards, self._gamma * tf.ones_like(rewards), time_major=False)

    def total_loss(
        self, experience: trajectory.Trajectory, returns: tf.Tensor, weights: tf.Tensor, training: bool = False
    ) -> tf_agent.LossInfo:
        """Return the loss of the module's equation, and its parts as ``extra``."""
        num_episodes = tf.cast(tf.shape(returns)[0], tf.float32)
        values = self._values(experience, training)
        advantages = returns if values is None else returns - tf.stop_gradient(values)
        if self._normalize_returns:
            advantages = normalise(advantages, weights)
        policy = self._policy_at(experience)
        log_probabilities = common.log_probability(policy, experience.action, self.action_spec)
        entropy = common.entropy(policy, self.action_spec)
        policy_loss = -tf.reduce_sum(log_probabilities * advantages * weights) / num_episodes
        entropy_loss = -(self._entropy_regularization or 0.0) * tf.reduce_sum(entropy * weights) / num_episodes
        value_loss = tf.constant(0.0)
        if values is not None:
            value_loss = self.value_estimation_loss(values, returns, num_episodes, weights)
        parts = {
            "policy_gradient_loss": policy_loss,
            "value_estimation_loss": value_loss,
            "entropy_regularization_loss": entropy_loss,
            "policy_entropy": tf.reduce_sum(entropy * weights) / tf.reduce_sum(weights),
        }
        return tf_agent.LossInfo(policy_loss + value_loss + entropy_loss, parts)

    @property
    def trainable_variables(self) -> tuple[tf.Variable, ...]:
        """The actor's weights, then the critic's."""
        critic = self._value_network.trainable_weights if self._baseline else []
        return (*self._actor_network.trainable_weights, *critic)

    def _values(self, experience: trajectory.Trajectory, training: bool) -> Optional[tf.Tensor]:
        if not self._baseline:
            return None
        values, _ = self._value_network(experience.observation, experience.step_type, training=training)
        return values

    def _policy_at(self, experience: trajectory.Trajectory) -> types.NestedDistribution:
        time_steps = ts.TimeStep(
            experience.step_type,
            tf.zeros_like(experience.reward),
            tf.zeros_like(experience.discount),
            experience.observation,
        )
        nest_utils.assert_same_structure(time_steps, self.time_step_spec)
        return self.collect_policy.distribution(time_steps).action


def normalise(values: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
    """Shift and scale ``values`` [B, T] to mean 0 and standard deviation 1 over the cells where ``mask`` is 1."""
    count = tf.reduce_sum(mask)
    mean = tf.reduce_sum(values * mask) / count
    variance = tf.reduce_sum(tf.square(values - mean) * mask) / count
    return (values - mean) / (tf.sqrt(variance) + EPSILON)


class ReinforceLearner(learner.TfAgentLearner):
    """The agent as the training loop uses it.

    Args:
        agent: the agent, initialised.
        networks: its networks by name, whose weights are drawn from a run's seed in this order.
        optimizer: its optimizer, built.
        learning_rate: the optimizer's step size.
    """

    def __init__(
        self,
        agent: EpisodicReinforceAgent,
        networks: Mapping[str, network.Network],
        optimizer: tf.keras.optimizers.Optimizer,
        learning_rate: Schedule,
    ):
        super().__init__(agent, list(networks.values()), _train)
        self._optimizer, self._learning_rate = optimizer, learning_rate
        owners = {**{name: net.variables for name, net in networks.items()}, "optimizer": optimizer.variables}
        paths = {id(variable): path for path, variable in self.variables.items()}
        self._once = {
            f"{owner}/{number}/{variable.name}": paths[id(variable)]
            for owner, variables in owners.items()
            for number, variable in enumerate(variables)
        }
        self._once[ONCE_TRAIN_STEP] = paths[id(self.train_step)]

    def learn(self, batch: Any, turn: Turn) -> None:
        """Update the agent from ``batch``, with the step size that the schedule has now."""
        if isinstance(self._learning_rate, Linear):
            self._optimizer.learning_rate = at(self._learning_rate, turn.environment_steps)
        super().learn(batch, turn)

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Continue from ``state``, also from one of a version that named the variables by owner and number."""
        if ONCE_TRAIN_STEP in state:  # such a version left out the step size, which never changed
            constant = {name: values for name, values in self.state().items() if name not in self._once.values()}
            state = {**constant, **{self._once.get(name, name): values for name, values in state.items()}}
        super().restore(state)


def _train(agent: EpisodicReinforceAgent, episodes: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    """Update ``agent`` from an `EpisodeBatch` as tensors; return the loss, its parts, and the norms."""
    experience, mask = as_trajectory(episodes)
    info = agent.train(experience, weights=mask, final_observations=episodes["final_observations"])
    return {"loss": info.loss, **info.extra}


def as_trajectory(episodes: Mapping[str, tf.Tensor]) -> tuple[trajectory.Trajectory, tf.Tensor]:
    """Turn an `EpisodeBatch` as tensors into TF-Agents' trajectory and the mask of real steps, float32; both [B, T]."""
    rewards, lengths = episodes["rewards"], episodes["lengths"]
    step = tf.range(tf.shape(rewards)[1])[tf.newaxis, :]
    last = tf.equal(step, lengths[:, tf.newaxis] - 1)
    mask = tf.cast(step < lengths[:, tf.newaxis], tf.float32)
    first = tf.zeros_like(last) | tf.equal(step, 0)
    experience = trajectory.Trajectory(
        step_type=tf.where(first, ts.StepType.FIRST, ts.StepType.MID),
        observation=episodes["observations"],
        action=episodes["actions"],
        policy_info=(),
        next_step_type=tf.where(last, ts.StepType.LAST, ts.StepType.MID),
        reward=rewards,
        # A termination is worth nothing from there on; after a truncation the environment would have gone on.
        discount=tf.where(last & episodes["terminated"][:, tf.newaxis], 0.0, 1.0),
    )
    return experience, mask


def build(
    settings: ExperimentSettings, time_step_spec: ts.TimeStep, action_spec: types.NestedTensorSpec
) -> ReinforceLearner:
    """Build the agent; `ReinforceLearner.initialise` draws its weights."""
    own = cast(ReinforceSettings, settings.agent)
    seen = functools.partial(of_images, time_step_spec.observation, own.conv_layer_params)
    networks: dict[str, network.Network] = {
        "actor": actor_distribution_network.ActorDistributionNetwork(
            time_step_spec.observation, action_spec, fc_layer_params=own.fc_layer_params, **seen()
        )
    }
    if own.value_fc_layer_params is not None:
        networks["critic"] = value_network.ValueNetwork(
            time_step_spec.observation, fc_layer_params=own.value_fc_layer_params, **seen()
        )
    optimizer = tf.keras.optimizers.Adam(at(own.learning_rate, 0))
    agent = EpisodicReinforceAgent(
        time_step_spec,
        action_spec,
        actor_network=networks["actor"],
        optimizer=optimizer,
        value_network=networks.get("critic"),
        value_estimation_loss_coef=own.value_estimation_loss_coef,
        gamma=own.discount,
        normalize_returns=own.normalize_returns,
        gradient_clipping=own.gradient_clipping,
        entropy_regularization=own.entropy_regularization,
        train_step_counter=tf.Variable(0, dtype=tf.int64, name="train_step"),
    )
    agent.initialize()
    optimizer.build(agent.trainable_variables)
    return ReinforceLearner(agent, networks, optimizer, own.learning_rate)
