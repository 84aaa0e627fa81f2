"""A policy of TF-Agents made of one function, which is what PolicySaver saves."""

from typing import Any

import tensorflow as tf
import tensorflow_probability as tfp
from tf_agents.policies import tf_policy
from tf_agents.trajectories import policy_step
from tf_agents.trajectories import time_step as ts
from tf_agents.typing import types

from cartrl.policies.acting import NO_SEED, Act, Distribution


class DistributionPolicy(tf_policy.TFPolicy):
    """A policy of TF-Agents that draws from the distribution that ``distribution`` returns.

    TF-Agents' own exploring policies refuse seeds of two numbers, or have no distribution, and cannot be saved as what
    they are (https://github.com/tensorflow/agents/issues/940).

    Args:
        distribution: maps observations [N, *observation] to a distribution of actions [N, *action].
        owner: keeps the variables that ``distribution`` reads.
        time_step_spec: of the environment.
        action_spec: of its actions.
    """

    def __init__(
        self,
        distribution: Distribution,
        owner: tf.Module,
        time_step_spec: ts.TimeStep,
        action_spec: types.NestedTensorSpec,
    ):
        super().__init__(time_step_spec, action_spec)
        self._of_observations = distribution
        self._owned = owner.variables

    def _variables(self) -> Any:
        return self._owned

    def _distribution(self, time_step: ts.TimeStep, policy_state: types.NestedTensor) -> policy_step.PolicyStep:
        return policy_step.PolicyStep(self._of_observations(time_step.observation), policy_state)


class DeterministicPolicy(DistributionPolicy):
    """A policy of TF-Agents that always takes the action that ``exploit`` returns.

    Args:
        exploit: maps observations [N, *observation] to actions [N, *action]; it draws nothing.
        owner: keeps the variables that ``exploit`` reads.
        time_step_spec: of the environment.
        action_spec: of its actions.
    """

    def __init__(
        self, exploit: Act, owner: tf.Module, time_step_spec: ts.TimeStep, action_spec: types.NestedTensorSpec
    ):
        def certain(observations: tf.Tensor) -> tfp.distributions.Distribution:
            return tfp.distributions.Deterministic(exploit(observations, tf.constant(NO_SEED)))

        super().__init__(certain, owner, time_step_spec, action_spec)
