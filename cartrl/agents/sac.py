"""SAC: a policy that is rewarded for its entropy too, with a temperature that finds itself.

    T. Haarnoja et al. (2018), "Soft actor-critic algorithms and applications", equations 5 to 9 and 18.

For a batch of steps, with a = tanh(u) in units of half the actions' range, u ~ N(m(s), σ(s)²), two critics Q and their
targets Q', α the temperature and H the target entropy:

    log π(a | s) = Σ over dimensions of [ log N(u) - log(1 - tanh(u)²) ]
    y = r + γ (1 - terminated) (min Q'(s', a') - α log π(a' | s')),   a' ~ π(s')
    critic loss = 1/2 sum over both Q of the mean of (y - Q(s, a))²
    actor loss = mean of α log π(a | s) - min Q(s, a),   a ~ π(s)
    temperature loss = -log α mean of (log π(a | s) + H)

The networks are TF-Agents'. Its `SacAgent` is not used because it draws without a seed, counts the entropy in the
environment's units of action, lets a deviation grow without bound, keeps an optimizer of its own that nobody saves, and
has a policy that cannot be loaded without TF-Agents.
"""

import functools
from typing import NamedTuple, cast

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp
from tf_agents.networks import actor_distribution_network, network, normal_projection_network
from tf_agents.trajectories import time_step as ts
from tf_agents.typing import types

from cartrl.agents import adam, continuous, networks
from cartrl.agents.off_policy import OffPolicyAgent, OffPolicyLearner, Report, Steps, TargetNetworks
from cartrl.agents.policy import DistributionPolicy
from cartrl.settings import ExperimentSettings
from cartrl.settings.agents.sac import KIND, SacSettings

LOG_STDDEV = (-20.0, 2.0)  # the least and greatest logarithm of a deviation, as in the authors' code


class Drawn(NamedTuple):
    """Actions drawn from the policy."""

    actions: tf.Tensor  # [B, *action], in units of half their range
    log_probabilities: tf.Tensor  # [B]


class SacAgent(OffPolicyAgent):
    """An agent of TF-Agents with a stochastic policy whose entropy counts.

    Args:
        settings: of the agent.
        time_step_spec: of the environment.
        action_spec: of its actions.
    """

    columns = tuple(column.name for column in KIND.columns)

    def __init__(self, settings: SacSettings, time_step_spec: ts.TimeStep, action_spec: types.NestedTensorSpec):
        tf.Module.__init__(self, "SacAgent")
        observation_spec, layers = time_step_spec.observation, settings.fc_layer_params
        self._discount = settings.discount
        self.bounds = continuous.Bounds(action_spec)
        self.target_entropy = settings.target_entropy
        if self.target_entropy is None:
            self.target_entropy = -float(self.bounds.half.size)
        self.actor = _actor(settings, observation_spec, action_spec)
        self.critics = continuous.Critics(2, (observation_spec, action_spec), layers, settings.conv_layer_params)
        self._learns_temperature = settings.temperature is None
        self.log_temperature = tf.Variable(
            np.log(settings.temperature or 1.0), dtype=tf.float32, trainable=self._learns_temperature
        )
        clipping = settings.gradient_clipping
        self._actor_optimizer = adam.of([self.actor], clipping)
        self._critic_optimizer = adam.of(self.critics.networks, clipping)
        self._temperature_optimizer = adam.Adam([self.log_temperature])
        targets = TargetNetworks(self.critics.networks, settings.target_update_tau, settings.target_update_period)
        policy = DistributionPolicy(self.squashed, self, time_step_spec, action_spec)
        super().__init__(policy, targets, [self._actor_optimizer, self._critic_optimizer, self._temperature_optimizer])

    @property
    def networks(self) -> list[network.Network]:
        """The actor, then the critics."""
        return [self.actor, *self.critics.networks]

    def squashed(self, observations: tf.Tensor) -> tfp.distributions.Distribution:
        """Return the distribution of actions in the environment's units, which is made of TFP's parts alone."""
        bijectors = tfp.bijectors
        squash = bijectors.Chain(
            [bijectors.Shift(self.bounds.middle), bijectors.Scale(self.bounds.half), bijectors.Tanh()]
        )
        return tfp.distributions.TransformedDistribution(self.normal(observations), squash)

    def draw(self, observations: tf.Tensor, seed: tf.Tensor) -> Drawn:
        """Draw an action for each observation, through which gradients pass."""
        normal = self.normal(observations)
        drawn = normal.sample(seed=seed)
        # log(1 - tanh(u)²), which for a large u has no other form that is not infinite
        squeezed = 2 * (np.log(2).astype(np.float32) - drawn - tf.nn.softplus(-2 * drawn))
        axes = list(range(1, drawn.shape.rank))
        return Drawn(tf.tanh(drawn), normal.log_prob(drawn) - tf.reduce_sum(squeezed, axes))

    def normal(self, observations: tf.Tensor) -> tfp.distributions.Distribution:
        """Return the distribution of u of the module's equation."""
        found = self.actor(observations, step_type=(), network_state=())[0]
        return tfp.distributions.Independent(
            tfp.distributions.Normal(found.mean(), found.stddev()), len(self.action_spec.shape)
        )

    def update(self, steps: Steps, seed: tf.Tensor, scheduled: tf.Tensor) -> Report:
        """Learn from a batch; ``scheduled`` is the learning rate."""
        (learning_rate,) = tf.unstack(scheduled)
        now, following = tf.unstack(tf.random.experimental.stateless_split(seed, 2))
        temperature = tf.exp(self.log_temperature)
        targets = self.estimate(steps, following, temperature)
        critic_loss, q_value, norm = self.update_critics(steps, targets, learning_rate)
        actor_loss, log_probability = self.update_actor(steps, now, temperature, learning_rate)
        if self._learns_temperature:
            # the gradient of the temperature's loss by log α
            gradient = -(log_probability + self.target_entropy)
            self._temperature_optimizer.apply([gradient], learning_rate)
        return {
            "loss": critic_loss,
            "actor_loss": actor_loss,
            "q_value": q_value,
            "policy_entropy": -log_probability,
            "temperature": temperature,
            "gradient_norm": norm,
            "learning_rate": learning_rate,
        }

    def estimate(self, steps: Steps, seed: tf.Tensor, temperature: tf.Tensor) -> tf.Tensor:
        """Return y of the module's equation, [B]."""
        following = self.draw(steps.next_observations, seed)
        values = continuous.estimates(self.targets.networks, steps.next_observations, following.actions)
        value = continuous.least(values) - temperature * following.log_probabilities
        return steps.rewards + self._discount * (1 - tf.cast(steps.terminated, tf.float32)) * value

    def update_critics(
        self, steps: Steps, targets: tf.Tensor, learning_rate: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Return the loss, the mean value, and the norm of the gradient."""
        actions = self.bounds.normalised(steps.actions)
        with tf.GradientTape() as tape:
            values = continuous.estimates(self.critics.networks, steps.observations, actions)
            loss = tf.add_n([tf.reduce_mean(tf.square(targets - value)) for value in values]) / 2
        gradients = tape.gradient(loss, self._critic_optimizer.trained)
        return loss, tf.reduce_mean(values[0]), self._critic_optimizer.apply(gradients, learning_rate)

    def update_actor(
        self, steps: Steps, seed: tf.Tensor, temperature: tf.Tensor, learning_rate: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Return the actor's loss, and the mean log-probability of its actions."""
        with tf.GradientTape() as tape:
            loss, log_probability = self.actor_loss(steps, seed, temperature)
        self._actor_optimizer.apply(tape.gradient(loss, self._actor_optimizer.trained), learning_rate)
        return loss, log_probability

    def actor_loss(self, steps: Steps, seed: tf.Tensor, temperature: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Return the actor's loss of the module's equation, and the mean log-probability of its actions."""
        drawn = self.draw(steps.observations, seed)
        value = continuous.least(continuous.estimates(self.critics.networks, steps.observations, drawn.actions))
        return tf.reduce_mean(temperature * drawn.log_probabilities - value), tf.reduce_mean(drawn.log_probabilities)


def _actor(
    settings: SacSettings, observation_spec: types.NestedTensorSpec, action_spec: types.NestedTensorSpec
) -> network.Network:
    """Return TF-Agents' network for the mean and the deviation of u."""
    actor = actor_distribution_network.ActorDistributionNetwork(
        observation_spec,
        action_spec,
        fc_layer_params=settings.fc_layer_params,
        kernel_initializer=continuous.INITIALIZER,
        continuous_projection_net=functools.partial(
            normal_projection_network.NormalProjectionNetwork,
            mean_transform=lambda mean, spec: mean,
            std_transform=lambda log: tf.exp(tf.clip_by_value(log, *LOG_STDDEV)),
            state_dependent_std=True,
        ),
        **networks.of_images(observation_spec, settings.conv_layer_params),
    )
    actor.create_variables()
    return actor


def build(
    settings: ExperimentSettings, time_step_spec: ts.TimeStep, action_spec: types.NestedTensorSpec
) -> OffPolicyLearner:
    """Build the agent; `OffPolicyLearner.initialise` draws its weights."""
    own = cast(SacSettings, settings.agent)
    agent = SacAgent(own, time_step_spec, action_spec)
    return OffPolicyLearner(agent, agent.networks, [own.learning_rate])
