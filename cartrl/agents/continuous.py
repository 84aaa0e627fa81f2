"""What agents share that learn continuous actions from what is remembered: bounds, networks, and the critics' loss."""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf
from tf_agents.agents.ddpg import actor_network, critic_network
from tf_agents.networks import network
from tf_agents.typing import types

from cartrl.agents import networks
from cartrl.settings.section import Convolutions, LayerWidth

# Weights uniform within 1/sqrt(inputs), as PyTorch draws them, with which the results of other libraries were found.
INITIALIZER = tf.keras.initializers.VarianceScaling(1 / 3, mode="fan_in", distribution="uniform", seed=0)


class Bounds:
    """The bounds of actions, and the actions in units of half their range, from -1 to 1.

    Args:
        action_spec: of the environment.
    """

    def __init__(self, action_spec: types.NestedTensorSpec):
        low, high = (
            np.broadcast_to(bound, action_spec.shape).astype(np.float32)
            for bound in (action_spec.minimum, action_spec.maximum)
        )
        self.low, self.high = low, high
        self.middle, self.half = (low + high) / 2, (high - low) / 2

    def clip(self, actions: tf.Tensor) -> tf.Tensor:
        """Return ``actions`` [B, *action] within the bounds."""
        return tf.clip_by_value(actions, self.low, self.high)

    def normalised(self, actions: tf.Tensor) -> tf.Tensor:
        """Return ``actions`` [B, *action] in units of half their range, about its middle."""
        return (actions - self.middle) / self.half


class Critics(tf.Module):
    """Networks that each estimate the return after an action; the least of their estimates is taken.

    Args:
        count: of the networks. With two, the least overestimates less (S. Fujimoto et al. (2018), equation 10).
        specs: of observations and of actions.
        layers: units in each hidden layer.
        chosen: the convolutions of images before them.
    """

    def __init__(
        self,
        count: int,
        specs: tuple[types.NestedTensorSpec, types.NestedTensorSpec],
        layers: Sequence[LayerWidth],
        chosen: Convolutions,
    ):
        super().__init__()
        observation_spec, action_spec = specs
        self.networks: list[network.Network] = []
        for number in range(count):
            critic = critic_network.CriticNetwork(
                (_seen_spec(observation_spec), action_spec),
                observation_conv_layer_params=networks.convolutions(observation_spec, chosen),
                joint_fc_layer_params=layers,
                kernel_initializer=INITIALIZER,
                last_kernel_initializer=INITIALIZER,
                name=f"CriticNetwork{number + 1}",
            )
            critic.create_variables()
            self.networks.append(critic)


def estimates(critics: Sequence[network.Network], observations: tf.Tensor, actions: tf.Tensor) -> list[tf.Tensor]:
    """Return what each of ``critics`` estimates, [B] each; ``actions`` are in units of half their range."""
    inputs = seen(observations), actions
    return [critic(inputs, step_type=(), network_state=())[0] for critic in critics]


def seen(observations: tf.Tensor) -> tf.Tensor:
    """Return ``observations`` as networks take them that have no layer to scale images."""
    return networks.scaled(observations) if observations.dtype == tf.uint8 else observations


def _seen_spec(spec: types.NestedTensorSpec) -> tf.TensorSpec:
    """Return the spec of what `seen` returns for observations of ``spec``."""
    return tf.TensorSpec(spec.shape, tf.float32) if spec.dtype == tf.uint8 else spec


def least(values: Sequence[tf.Tensor]) -> tf.Tensor:
    """Return the least of ``values``, element by element."""
    return tf.reduce_min(tf.stack(values), axis=0)


def actor(
    observation_spec: types.NestedTensorSpec,
    action_spec: types.NestedTensorSpec,
    layers: Sequence[LayerWidth],
    chosen: Convolutions,
) -> network.Network:
    """Return TF-Agents' network that maps observations, as they are `seen`, to actions in their bounds, by a tanh."""
    built = actor_network.ActorNetwork(
        _seen_spec(observation_spec),
        action_spec,
        conv_layer_params=networks.convolutions(observation_spec, chosen),
        fc_layer_params=layers,
        kernel_initializer=INITIALIZER,
        last_kernel_initializer=INITIALIZER,
    )
    built.create_variables()
    return built
