"""PPO: policy gradients with a clipped objective, several passes over each rollout.

    J. Schulman et al. (2017), "Proximal policy optimization algorithms", equation 7.
    Advantages: J. Schulman et al. (2016), "High-dimensional continuous control using generalized advantage
    estimation", equation 16.
    Details: S. Huang et al. (2022), "The 37 implementation details of proximal policy optimization".

For a rollout of T steps of N environments, with s' what followed a step, before any reset:

    δ_t = r_t + γ (1 - terminated_t) V(s'_t) - V(s_t)
    A_t = δ_t + γ λ (1 - ended_t) A_{t+1},   R_t = A_t + V(s_t),   ρ = π(a | s) / π_old(a | s)

    loss = mean over a minibatch of [ -min(ρ Â, clip(ρ, 1 - ε, 1 + ε) Â) + c_V (R - V(s))² - c_H H(π(· | s)) ]

with Â the advantages scaled to mean 0 and standard deviation 1 in the minibatch. A truncated step counts what would
have followed with its estimate (F. Pardo et al. (2018), "Time limits in reinforcement learning"), a terminal one
nothing.

The networks, the policy and the normaliser are TF-Agents'. `tf_agents.agents.PPOClipAgent` is not used, because it
estimates from V(s_{T-1}) in the place of V(s_T), lets truncations end the return, drops steps whose return and
advantage are 0, and compiles each epoch anew. As in the reference code, and not in TF-Agents: orthogonal weights, Adam
with an epsilon of 1e-5, the norm of the whole gradient clipped, and a mean of continuous actions that no tanh bounds.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple, Optional, cast

import numpy as np
import tensorflow as tf
from tf_agents.agents import tf_agent
from tf_agents.policies import actor_policy
from tf_agents.trajectories import time_step as ts
from tf_agents.typing import types

from cartrl.agents import adam, learner, networks
from cartrl.agents.normalizers import ObservationNormalizer, RewardScaler
from cartrl.errors import UsageError
from cartrl.policies import acting
from cartrl.randomness import ActionSeeds, Stream, Turn
from cartrl.settings import ExperimentSettings
from cartrl.settings.agents.ppo import KIND, PpoSettings
from cartrl.settings.pipeline import RolloutCollectSettings
from cartrl.settings.schedule import at

ADVANTAGE_EPSILON = 1e-8
ADAM_EPSILON = 1e-5  # as in OpenAI's Baselines
FARTHEST = 1.5  # times target_kl that the policy may move, as in OpenAI's Spinning Up

Rollout = Mapping[str, tf.Tensor]  # [T, N, …] each; see `cartrl.environments.rollouts.Rollout`


class Scheduled(NamedTuple):
    """The settings of an update that may change while a run goes on."""

    learning_rate: tf.Tensor
    clip_range: tf.Tensor
    entropy_regularization: tf.Tensor


class Steps(NamedTuple):
    """B steps to learn from."""

    observations: tf.Tensor  # [B, *observation]
    actions: tf.Tensor  # [B, *action]
    log_probabilities: tf.Tensor  # [B], of the actions, under the policy that took them
    advantages: tf.Tensor  # [B]
    returns: tf.Tensor  # [B], the value network's targets


class PpoAgent(tf_agent.TFAgent):
    """An agent of TF-Agents whose policy and value network learn from rollouts.

    Args:
        settings: of the agent.
        time_step_spec: of the environment.
        action_spec: of its actions.
        num_environments: of each rollout.
    """

    def __init__(
        self,
        settings: PpoSettings,
        time_step_spec: ts.TimeStep,
        action_spec: types.NestedTensorSpec,
        num_environments: int,
    ):
        tf.Module.__init__(self, "PpoAgent")
        self._settings = settings
        self.actor, self.critic = networks.actor_and_critic(settings, time_step_spec.observation, action_spec)
        self._normalizer: Optional[ObservationNormalizer] = None
        if settings.normalize_observations:
            if time_step_spec.observation.dtype == tf.uint8:
                raise UsageError("agent.normalize_observations is not for images, whose bytes the networks scale")
            self._normalizer = ObservationNormalizer(time_step_spec.observation, "observations")
        policy = actor_policy.ActorPolicy(
            time_step_spec,
            action_spec,
            self.actor,
            observation_normalizer=self._normalizer,
            clip=False,  # a clipped action would have another probability than the one that was drawn
        )
        super().__init__(
            time_step_spec,
            action_spec,
            policy,
            policy,
            train_sequence_length=None,
            train_step_counter=tf.Variable(0, dtype=tf.int64, name="train_step"),
        )
        self.distribution = acting.of_observations(policy, ts.TimeStep)
        self._optimizer = adam.of([self.actor, self.critic], settings.gradient_clipping, ADAM_EPSILON)
        self._scaler = RewardScaler(num_environments, settings.discount) if settings.normalize_rewards else None

    def _initialize(self) -> None:
        self._optimizer.adopt()

    def values(self, observations: tf.Tensor) -> tf.Tensor:
        """Estimate the returns [B] that follow ``observations`` [B, *observation]."""
        if self._normalizer is not None:
            observations = self._normalizer.normalize(observations)
        return self.critic(observations, step_type=(), network_state=())[0]

    def _train(self, experience: Rollout, weights: None, seed: tf.Tensor, scheduled: Scheduled) -> tf_agent.LossInfo:
        """Learn from a rollout, in minibatches drawn from ``seed``, int32 [2]."""
        settings, optimizer = self._settings, self._optimizer
        self._take_in(experience, tf.equal(self.train_step_counter, 0))
        steps, explained = self.steps(experience)
        orders = minibatches(steps.returns.shape[0], settings.num_epochs, settings.batch_size, seed)

        def body(number: tf.Tensor, moved: tf.Tensor, sums: tf.Tensor) -> tuple[Any, ...]:
            chosen = tf.gather(orders, number)
            minibatch = Steps(*(tf.gather(column, chosen) for column in steps))
            with tf.GradientTape() as tape:
                loss, parts = self.loss(minibatch, scheduled)
            gradients = tape.gradient(loss, optimizer.trained)
            norm = optimizer.apply(gradients, scheduled.learning_rate)
            report = tf.stack([loss, norm, *parts])
            return number + 1, parts.kl_divergence, sums + report

        def goes_on(number: tf.Tensor, moved: tf.Tensor, *_: Any) -> tf.Tensor:
            is_left = number < orders.shape[0]
            return is_left if settings.target_kl is None else is_left & (moved <= FARTHEST * settings.target_kl)

        nothing = tf.zeros(2 + len(Parts._fields))
        # One iteration after the other: without XLA, TensorFlow may otherwise begin one before the last has ended.
        start = (tf.constant(0), tf.constant(0.0), nothing)
        number, _, sums = tf.while_loop(goes_on, body, start, parallel_iterations=1)
        self._take_in(experience, tf.greater(self.train_step_counter, 0))
        self.train_step_counter.assign_add(1)
        count = tf.cast(number, tf.float32)
        loss, norm, *parts = tf.unstack(sums / count)
        extra = {
            **Parts(*parts)._asdict(),
            "gradient_norm": norm,
            "explained_variance": explained,
            "gradient_steps": count,
            "learning_rate": scheduled.learning_rate,
        }
        return tf_agent.LossInfo(loss, extra)

    def _take_in(self, rollout: Rollout, is_due: tf.Tensor) -> None:
        """Update the normaliser with the observations of ``rollout``, if that is due.

        It is due after learning, because the ratios of the first minibatch are then 1. Only with the first rollout of a
        run is it due before learning: else the first update would train the networks on observations as they are, and
        all later updates on normalised ones.
        """
        normalizer = self._normalizer
        if normalizer is not None:
            observations = merged(rollout["observations"])
            tf.cond(is_due, lambda: normalizer.update(observations), lambda: tf.group())

    def loss(self, steps: Steps, scheduled: Scheduled) -> tuple[tf.Tensor, "Parts"]:
        """Return the loss of the module's equation for a minibatch, and its parts."""
        distribution = self.distribution(steps.observations)
        log_ratios = distribution.log_prob(steps.actions) - steps.log_probabilities
        ratios, clip = tf.exp(log_ratios), scheduled.clip_range
        advantages = standardised(steps.advantages)
        gains = tf.minimum(ratios * advantages, tf.clip_by_value(ratios, 1 - clip, 1 + clip) * advantages)
        errors = tf.square(self.values(steps.observations) - steps.returns)
        entropy = tf.reduce_mean(distribution.entropy())
        parts = Parts(
            policy_gradient_loss=-tf.reduce_mean(gains),
            value_estimation_loss=self._settings.value_estimation_loss_coef * tf.reduce_mean(errors),
            entropy_regularization_loss=-scheduled.entropy_regularization * entropy,
            policy_entropy=entropy,
            # J. Schulman (2020), "Approximating KL divergence", the estimate that is never negative
            kl_divergence=tf.reduce_mean(ratios - 1 - log_ratios),
            clip_fraction=tf.reduce_mean(tf.cast(tf.abs(ratios - 1) > clip, tf.float32)),
        )
        return parts.policy_gradient_loss + parts.value_estimation_loss + parts.entropy_regularization_loss, parts

    def steps(self, rollout: Rollout) -> tuple[Steps, tf.Tensor]:
        """Return all T * N steps of ``rollout``, and the share of the variance of their returns that V explains."""
        rewards, ended = rollout["rewards"], rollout["terminated"] | rollout["truncated"]
        observations, actions = (merged(rollout[name]) for name in ("observations", "actions"))
        values = tf.reshape(self.values(observations), rewards.shape)
        following = tf.reshape(self.values(merged(rollout["next_observations"])), rewards.shape)
        if self._scaler is not None:
            rewards = self._scaler.scale(rewards, ended)
        settings = self._settings
        following = tf.where(rollout["terminated"], tf.zeros_like(following), following)
        advantages = generalized_advantages(rewards, values, following, ended, settings.discount, settings.gae_lambda)
        returns = advantages + values
        log_probabilities = self.distribution(observations).log_prob(actions)
        unexplained = tf.math.reduce_variance(advantages) / (tf.math.reduce_variance(returns) + ADVANTAGE_EPSILON)
        return Steps(observations, actions, log_probabilities, merged(advantages), merged(returns)), 1 - unexplained


class Parts(NamedTuple):
    """The parts of the loss, and what tells how learning goes; a scalar each."""

    policy_gradient_loss: tf.Tensor
    value_estimation_loss: tf.Tensor
    entropy_regularization_loss: tf.Tensor
    policy_entropy: tf.Tensor
    kl_divergence: tf.Tensor
    clip_fraction: tf.Tensor


def generalized_advantages(
    rewards: tf.Tensor,
    values: tf.Tensor,
    following: tf.Tensor,
    ended: tf.Tensor,
    discount: float,
    gae_lambda: float,
) -> tf.Tensor:
    """Return A of the module's equation.

    Args:
        rewards: float32 [T, N], as all others.
        values: V(s).
        following: V(s') of what followed each step, 0 where the step was terminal.
        ended: bool, where an episode ended.
        discount: gamma.
        gae_lambda: lambda.
    """
    errors = rewards + discount * following - values
    weights = discount * gae_lambda * (1 - tf.cast(ended, tf.float32))
    return tf.scan(
        lambda later, cell: cell[0] + cell[1] * later, (errors, weights), tf.zeros_like(errors[0]), reverse=True
    )


def minibatches(num_steps: int, num_epochs: int, batch_size: int, seed: tf.Tensor) -> tf.Tensor:
    """Return the steps of each minibatch, int32 [M, B]: in every epoch a new order of all, cut into pieces of B."""
    of_epoch = num_steps // batch_size
    draws = tf.random.stateless_uniform([num_epochs, num_steps], seed)
    orders = tf.argsort(draws, axis=1)[:, : of_epoch * batch_size]
    return tf.reshape(orders, [num_epochs * of_epoch, batch_size])


def standardised(values: tf.Tensor) -> tf.Tensor:
    """Shift and scale ``values`` [B] to mean 0 and standard deviation 1."""
    return (values - tf.reduce_mean(values)) / (tf.math.reduce_std(values) + ADVANTAGE_EPSILON)


def merged(values: tf.Tensor) -> tf.Tensor:
    """Turn [T, N, …] into [T * N, …]."""
    return tf.reshape(values, [-1, *values.shape[2:]])


class PpoLearner(learner.TfAgentLearner):
    """The agent as the training loop uses it."""

    def __init__(self, agent: PpoAgent, settings: PpoSettings):
        super().__init__(agent, [agent.actor, agent.critic], _train)
        self._settings = settings

    def varying(self, turn: Turn) -> tuple[Any, ...]:
        """Return the seed of the minibatches, and the values of the schedules."""
        settings = self._settings
        schedules = (settings.learning_rate, settings.clip_range, settings.entropy_regularization)
        values = [at(schedule, turn.environment_steps) for schedule in schedules]
        return ActionSeeds(turn.seed, Stream.LEARNING, turn.iteration)[turn.number], np.array(values, np.float32)


def _train(agent: PpoAgent, rollout: Rollout, seed: tf.Tensor, scheduled: tf.Tensor) -> dict[str, tf.Tensor]:
    info = agent.train(rollout, seed=seed, scheduled=Scheduled(*tf.unstack(scheduled)))
    report = {"loss": info.loss, **info.extra}
    return {column.name: report[column.name] for column in KIND.columns}


def build(settings: ExperimentSettings, time_step_spec: ts.TimeStep, action_spec: types.NestedTensorSpec) -> PpoLearner:
    """Build the agent; `PpoLearner.initialise` draws its weights."""
    own, collect = cast(PpoSettings, settings.agent), cast(RolloutCollectSettings, settings.collect)
    return PpoLearner(PpoAgent(own, time_step_spec, action_spec, collect.num_environments), own)
