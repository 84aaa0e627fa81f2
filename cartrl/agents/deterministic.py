"""The policy of an agent that has no distribution over actions, as TF-Agents saves it."""

from typing import Any

import tensorflow as tf
import tensorflow_probability as tfp
from tf_agents.policies import tf_policy
from tf_agents.trajectories import policy_step
from tf_agents.trajectories import time_step as ts
from tf_agents.typing import types

from cartrl.policies.acting import NO_SEED, Act


class DeterministicPolicy(tf_policy.TFPolicy):
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
        super().__init__(time_step_spec, action_spec)
        self._exploit = exploit
        self._owned = owner.variables

    def _variables(self) -> Any:
        return self._owned

    def _distribution(self, time_step: ts.TimeStep, policy_state: types.NestedTensor) -> policy_step.PolicyStep:
        action = self._exploit(time_step.observation, tf.constant(NO_SEED))
        return policy_step.PolicyStep(tfp.distributions.Deterministic(action), policy_state)
