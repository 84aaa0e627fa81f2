"""TF-Agents' specs of an environment's spaces."""

import numpy as np
from gym import spaces
from tf_agents.environments import gym_wrapper
from tf_agents.specs import tensor_spec
from tf_agents.trajectories import time_step as ts
from tf_agents.typing import types

from cartrl.environments.spaces import observation_dtype


def time_step_spec(observation_space: spaces.Box) -> ts.TimeStep:
    """Return the spec of a time step; observations are float32, whatever the space's own type, or bytes."""
    dtype = observation_dtype(observation_space)
    spec = gym_wrapper.spec_from_gym_space(observation_space, {spaces.Box: dtype.type}, name="observation")
    return ts.time_step_spec(tensor_spec.from_spec(spec))


def action_spec(action_space: spaces.Space) -> types.NestedTensorSpec:
    """Return the spec of an action: int64 for Discrete, float32 for a Box."""
    spec = gym_wrapper.spec_from_gym_space(action_space, {spaces.Box: np.float32}, name="action")
    return tensor_spec.from_spec(spec)
