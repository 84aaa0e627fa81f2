"""DQN: values of actions, learned from what is remembered, and the best of them taken.

    V. Mnih et al. (2015), "Human-level control through deep reinforcement learning", algorithm 1.
    With double: H. van Hasselt et al. (2016), "Deep reinforcement learning with double Q-learning", equation 4.

For a batch of steps, with Q' the target network, and h the squared loss x² or the Huber loss, which is x²/2 up to 1 and
then |x| - 1/2:

    y = r + γ (1 - terminated) max_a' Q'(s', a')                 or with double: … Q'(s', argmax_a' Q(s', a'))
    loss = mean over the batch of h(y - Q(s, a))

The network is TF-Agents'. Its `DqnAgent` has the same loss. It is not used because its exploring policy cannot be drawn
from with a seed, nor saved, because it clips the norm of each variable's gradient, not of the whole, and because its
learning rate is constant.
"""

from typing import cast

import tensorflow as tf
import tensorflow_probability as tfp
from tf_agents.networks import q_network
from tf_agents.trajectories import time_step as ts
from tf_agents.typing import types
from tf_agents.utils import common

from cartrl.agents import adam, networks
from cartrl.agents.off_policy import OffPolicyAgent, OffPolicyLearner, Report, Steps, TargetNetworks
from cartrl.agents.policy import DistributionPolicy
from cartrl.settings import ExperimentSettings
from cartrl.settings.agents.dqn import KIND, DqnSettings
from cartrl.settings.schedule import at

LOSSES = {"huber": common.element_wise_huber_loss, "squared": common.element_wise_squared_loss}
MOST_RANDOM = 0.999  # with an epsilon of 1 all actions are as likely, and the mode would not be the greedy one


class DqnAgent(OffPolicyAgent):
    """An agent of TF-Agents that learns the values of actions.

    Args:
        settings: of the agent.
        time_step_spec: of the environment.
        action_spec: of its actions.
    """

    columns = tuple(column.name for column in KIND.columns)

    def __init__(self, settings: DqnSettings, time_step_spec: ts.TimeStep, action_spec: types.NestedTensorSpec):
        tf.Module.__init__(self, "DqnAgent")
        self._discount, self._double = settings.discount, settings.double
        self._loss = LOSSES[settings.td_errors_loss_fn]
        self.q_network = q_network.QNetwork(
            time_step_spec.observation,
            action_spec,
            fc_layer_params=settings.fc_layer_params,
            **networks.of_images(time_step_spec.observation, settings.conv_layer_params),
        )
        self.q_network.create_variables()
        self.epsilon = tf.Variable(at(settings.epsilon, 0), trainable=False, dtype=tf.float32)
        self._optimizer = adam.of([self.q_network], settings.gradient_clipping)
        policy = DistributionPolicy(self.epsilon_greedy, self, time_step_spec, action_spec)
        targets = TargetNetworks([self.q_network], settings.target_update_tau, settings.target_update_period)
        super().__init__(policy, targets, [self._optimizer])

    def epsilon_greedy(self, observations: tf.Tensor) -> tfp.distributions.Distribution:
        """Return the distribution of actions: the greedy one, but with probability epsilon any."""
        values = self.values(observations)
        count = values.shape[-1]
        greedy = tf.one_hot(tf.argmax(values, axis=-1), count)
        epsilon = tf.minimum(self.epsilon, MOST_RANDOM)
        return tfp.distributions.Categorical(
            probs=(1 - epsilon) * greedy + epsilon / count, dtype=self.action_spec.dtype
        )

    def values(self, observations: tf.Tensor) -> tf.Tensor:
        """Return the values of all actions, [B, A]."""
        return self.q_network(observations)[0]

    def update(self, steps: Steps, seed: tf.Tensor, scheduled: tf.Tensor) -> Report:
        """Learn from a batch; ``scheduled`` is the learning rate and epsilon."""
        learning_rate, epsilon = tf.unstack(scheduled)
        self.epsilon.assign(epsilon)
        targets = self.estimates(steps)
        with tf.GradientTape() as tape:
            q_values = of_actions(self.values(steps.observations), steps.actions)
            loss = tf.reduce_mean(self._loss(targets, q_values))
        gradients = tape.gradient(loss, self._optimizer.trained)
        norm = self._optimizer.apply(gradients, learning_rate)
        return {
            "loss": loss,
            "q_value": tf.reduce_mean(q_values),
            "gradient_norm": norm,
            "epsilon": epsilon,
            "learning_rate": learning_rate,
        }

    def estimates(self, steps: Steps) -> tf.Tensor:
        """Return y of the module's equation, [B]."""
        following = self.targets.networks[0](steps.next_observations)[0]
        chosen = tf.argmax(self.values(steps.next_observations) if self._double else following, axis=-1)
        going_on = 1 - tf.cast(steps.terminated, tf.float32)
        return steps.rewards + self._discount * going_on * of_actions(following, chosen)


def of_actions(values: tf.Tensor, actions: tf.Tensor) -> tf.Tensor:
    """Return of ``values`` [B, A] those of ``actions`` [B]."""
    return tf.gather(values, actions, axis=1, batch_dims=1)


def build(
    settings: ExperimentSettings, time_step_spec: ts.TimeStep, action_spec: types.NestedTensorSpec
) -> OffPolicyLearner:
    """Build the agent; `OffPolicyLearner.initialise` draws its weights."""
    own = cast(DqnSettings, settings.agent)
    agent = DqnAgent(own, time_step_spec, action_spec)
    return OffPolicyLearner(agent, [agent.q_network], [own.learning_rate, own.epsilon])
