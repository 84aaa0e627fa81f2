"""DDPG: a deterministic policy that follows the gradient of a learned value of its actions.

    T. Lillicrap et al. (2016), "Continuous control with deep reinforcement learning", algorithm 1.

For a batch of steps, with μ' and Q' the target networks:

    y = r + γ (1 - terminated) Q'(s', μ'(s'))
    critic loss = mean of (y - Q(s, a))²,   actor loss = -mean of Q(s, μ(s))

The networks are TF-Agents'. Its `DdpgAgent` is not used because its weights broadcast against the wrong axis, because
it explores with Ornstein-Uhlenbeck noise whose state is one for all environments and is never begun anew, and because
that noise refuses seeds of two numbers. Here the noise is normal, as in the paper on TD3, in units of half the actions'
range, and may last; see `cartrl.experience.exploration`.
"""

from typing import cast

import tensorflow as tf
import tensorflow_probability as tfp
from tf_agents.networks import network
from tf_agents.trajectories import time_step as ts
from tf_agents.typing import types

from cartrl.agents import adam, continuous
from cartrl.agents.off_policy import OffPolicyAgent, OffPolicyLearner, Report, Steps, TargetNetworks
from cartrl.agents.policy import DistributionPolicy
from cartrl.policies.acting import Policies
from cartrl.settings import ExperimentSettings
from cartrl.settings.agents.ddpg import KIND, DeterministicSettings
from cartrl.settings.schedule import at


class DdpgAgent(OffPolicyAgent):
    """An agent of TF-Agents with a deterministic policy.

    Args:
        settings: of the agent.
        time_step_spec: of the environment.
        action_spec: of its actions.
    """

    columns = tuple(column.name for column in KIND.columns)
    critics_count = 1

    def __init__(
        self, settings: DeterministicSettings, time_step_spec: ts.TimeStep, action_spec: types.NestedTensorSpec
    ):
        tf.Module.__init__(self, type(self).__name__)
        observation_spec, layers = time_step_spec.observation, settings.fc_layer_params
        self._discount = settings.discount
        self.bounds = continuous.Bounds(action_spec)
        convolutions = settings.conv_layer_params
        self.actor = continuous.actor(observation_spec, action_spec, layers, convolutions)
        self.critics = continuous.Critics(self.critics_count, (observation_spec, action_spec), layers, convolutions)
        self._noise = tf.Variable(at(settings.exploration_noise, 0), trainable=False, dtype=tf.float32)
        self._actor_optimizer = adam.of([self.actor], settings.gradient_clipping)
        self._critic_optimizer = adam.of(self.critics.networks, settings.gradient_clipping)
        targets = TargetNetworks(self.networks, settings.target_update_tau, settings.target_update_period)
        policy = DistributionPolicy(self.around, self, time_step_spec, action_spec)
        super().__init__(policy, targets, [self._actor_optimizer, self._critic_optimizer])

    @property
    def networks(self) -> list[network.Network]:
        """The actor, then the critics."""
        return [self.actor, *self.critics.networks]

    @property
    def policies(self) -> Policies:
        """Actions with noise, within the bounds, and without."""

        def perturbed(observations: tf.Tensor, noise: tf.Tensor) -> tf.Tensor:
            return self.bounds.clip(self.act(observations) + self._noise * self.bounds.half * noise)

        return Policies(
            explore=lambda observations, seed: self.bounds.clip(self.around(observations).sample(seed=seed)),
            exploit=lambda observations, seed: self.act(observations),
            perturbed=perturbed,
        )

    def act(self, observations: tf.Tensor) -> tf.Tensor:
        """Return μ of the module's equation, [B, *action]."""
        return self.actor(continuous.seen(observations), step_type=(), network_state=())[0]

    def around(self, observations: tf.Tensor) -> tfp.distributions.Distribution:
        """Return the distribution of exploring actions, before they are clipped to the bounds."""
        actions = self.act(observations)
        scale = self._noise * self.bounds.half * tf.ones_like(actions)
        return tfp.distributions.Independent(tfp.distributions.Normal(actions, scale), actions.shape.rank - 1)

    def update(self, steps: Steps, seed: tf.Tensor, scheduled: tf.Tensor) -> Report:
        """Learn from a batch; ``scheduled`` is the learning rate and the exploration noise."""
        learning_rate, noise = tf.unstack(scheduled)
        self._noise.assign(noise)
        critic_loss, q_value, norm = self.update_critics(steps, self.estimate(steps, seed), learning_rate)
        actor_loss = self.update_actor(steps, learning_rate)
        return {
            "loss": critic_loss,
            "actor_loss": actor_loss,
            "q_value": q_value,
            "gradient_norm": norm,
            "exploration_noise": noise,
            "learning_rate": learning_rate,
        }

    def estimate(self, steps: Steps, seed: tf.Tensor) -> tf.Tensor:
        """Return y of the module's equation, [B]."""
        _, *critics = self.targets.networks
        following = steps.next_observations
        actions = self.bounds.normalised(self.next_actions(following, seed))
        value = continuous.least(continuous.estimates(critics, following, actions))
        return steps.rewards + self._discount * (1 - tf.cast(steps.terminated, tf.float32)) * value

    def next_actions(self, observations: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """Return the actions [B, *action] whose value a target counts."""
        return self.targets.networks[0](continuous.seen(observations), step_type=(), network_state=())[0]

    def update_critics(
        self, steps: Steps, targets: tf.Tensor, learning_rate: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Return the loss, the mean value, and the norm of the gradient."""
        actions = self.bounds.normalised(steps.actions)
        with tf.GradientTape() as tape:
            values = continuous.estimates(self.critics.networks, steps.observations, actions)
            loss = tf.add_n([tf.reduce_mean(tf.square(targets - value)) for value in values])
        gradients = tape.gradient(loss, self._critic_optimizer.trained)
        return loss, tf.reduce_mean(values[0]), self._critic_optimizer.apply(gradients, learning_rate)

    def update_actor(self, steps: Steps, learning_rate: tf.Tensor) -> tf.Tensor:
        """Return the actor's loss."""
        with tf.GradientTape() as tape:
            loss = self.actor_loss(steps)
        self._actor_optimizer.apply(tape.gradient(loss, self._actor_optimizer.trained), learning_rate)
        return loss

    def actor_loss(self, steps: Steps) -> tf.Tensor:
        """Return the loss of the module's equation for the actor."""
        actions = self.bounds.normalised(self.act(steps.observations))
        (value,) = continuous.estimates(self.critics.networks[:1], steps.observations, actions)
        return -tf.reduce_mean(value)


def build(
    settings: ExperimentSettings, time_step_spec: ts.TimeStep, action_spec: types.NestedTensorSpec
) -> OffPolicyLearner:
    """Build the agent; `OffPolicyLearner.initialise` draws its weights."""
    own = cast(DeterministicSettings, settings.agent)
    return learner(DdpgAgent(own, time_step_spec, action_spec), own)


def learner(agent: DdpgAgent, settings: DeterministicSettings) -> OffPolicyLearner:
    """Return ``agent`` as the training loop uses it."""
    schedules = [settings.learning_rate, settings.exploration_noise]
    return OffPolicyLearner(agent, agent.networks, schedules, agent.policies)
