"""TD3: DDPG with twin critics, delayed updates of the actor, and smoothed targets.

    S. Fujimoto et al. (2018), "Addressing function approximation error in actor-critic methods", algorithm 1.

For a batch of steps, with noise ε ~ clip(N(0, σ²), -c, c) in units of half the actions' range, half:

    ã = clip(μ'(s') + half ε, low, high),   y = r + γ (1 - terminated) min over both Q' of Q'(s', ã)
    critic loss = sum over both Q of the mean of (y - Q(s, a))²,   actor loss = -mean of Q₁(s, μ(s))

The actor learns in every d-th update. The networks are TF-Agents'. Its `Td3Agent` is not used because it draws the
noise without a seed, in absolute units, and without clipping the action to its bounds.
"""

from typing import cast

import tensorflow as tf
from tf_agents.trajectories import time_step as ts
from tf_agents.typing import types

from cartrl.agents.ddpg import DdpgAgent, learner
from cartrl.agents.off_policy import OffPolicyLearner, Steps
from cartrl.settings import ExperimentSettings
from cartrl.settings.agents.td3 import Td3Settings


class Td3Agent(DdpgAgent):
    """An agent of TF-Agents with a deterministic policy and two critics.

    Args:
        settings: of the agent.
        time_step_spec: of the environment.
        action_spec: of its actions.
    """

    critics_count = 2

    def __init__(self, settings: Td3Settings, time_step_spec: ts.TimeStep, action_spec: types.NestedTensorSpec):
        self._smoothing, self._farthest = settings.target_policy_noise, settings.target_policy_noise_clip
        self._period = settings.actor_update_period
        super().__init__(settings, time_step_spec, action_spec)

    def next_actions(self, observations: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """Return ã of the module's equation, [B, *action]."""
        actions = super().next_actions(observations, seed)
        noise = self._smoothing * tf.random.stateless_normal(actions.shape, seed)
        return self.bounds.clip(actions + self.bounds.half * tf.clip_by_value(noise, -self._farthest, self._farthest))

    def update_actor(self, steps: Steps, learning_rate: tf.Tensor) -> tf.Tensor:
        """Update the actor if that is due; return its loss, as often as updates pass for one of it."""

        def learn() -> tf.Tensor:
            return self._period * super(Td3Agent, self).update_actor(steps, learning_rate)

        is_due = tf.equal((self.train_step_counter + 1) % self._period, 0)
        return tf.cond(is_due, learn, lambda: tf.constant(0.0))


def build(
    settings: ExperimentSettings, time_step_spec: ts.TimeStep, action_spec: types.NestedTensorSpec
) -> OffPolicyLearner:
    """Build the agent; `OffPolicyLearner.initialise` draws its weights."""
    own = cast(Td3Settings, settings.agent)
    return learner(Td3Agent(own, time_step_spec, action_spec), own)
