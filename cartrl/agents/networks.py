"""Networks of TF-Agents: those of PPO, with the weights to begin with that its reference code has, and for images.

S. Huang et al. (2022), "The 37 implementation details of proximal policy optimization", details 2 and 15 to 17.
"""

import functools
from collections.abc import Sequence
from typing import Any, Optional

import numpy as np
import tensorflow as tf
from tf_agents.networks import (
    actor_distribution_network,
    categorical_projection_network,
    network,
    normal_projection_network,
    value_network,
)
from tf_agents.typing import types

from cartrl.errors import UsageError
from cartrl.settings.agents.ppo import PpoSettings
from cartrl.settings.section import Convolutions

NATURE = ((32, 8, 4), (64, 4, 2), (64, 3, 1))  # Mnih et al. (2015)
GAIN = 2**0.5  # of orthogonal weights in hidden layers
LAST_GAIN = 0.01**2  # variance of the weights of the actor's last layer, so that all actions are about as likely


class Scaling(tf.keras.layers.Layer):
    """Makes numbers from 0 to 1 of an image's bytes."""

    def call(self, image: tf.Tensor) -> tf.Tensor:
        """Return ``image`` [B, height, width, channels] as float32."""
        return scaled(image)


def scaled(image: tf.Tensor) -> tf.Tensor:
    """Return an image's bytes as float32 from 0 to 1."""
    return tf.cast(image, tf.float32) / 255


def of_images(observation_spec: types.NestedTensorSpec, chosen: Convolutions) -> dict[str, Any]:
    """Return what a network of TF-Agents is given beside its other arguments, so that it takes images.

    Args:
        observation_spec: of the environment.
        chosen: see `convolutions`.

    Raises:
        UsageError: see `convolutions`.
    """
    layers = convolutions(observation_spec, chosen)
    return {} if layers is None else {"preprocessing_layers": Scaling(), "conv_layer_params": layers or None}


def convolutions(observation_spec: types.NestedTensorSpec, chosen: Convolutions) -> Optional[Sequence[Sequence[int]]]:
    """Return the convolutions with which a network begins, as TF-Agents takes them; None where there are no images.

    Args:
        observation_spec: of the environment; an image is uint8 [height, width, channels].
        chosen: filters, width and stride of each convolution, the first layers of the network.

    Raises:
        UsageError: for convolutions where there is no image, or of one that has become too small for the next.
    """
    layers: Sequence[Sequence[int]] = NATURE if chosen == "nature" else chosen
    if observation_spec.dtype != tf.uint8:
        if layers:
            raise UsageError(
                f"agent.conv_layer_params is for images of bytes, but observations are {observation_spec.dtype.name} "
                f"of shape {tuple(observation_spec.shape)}"
            )
        return None
    size = min(observation_spec.shape[:2])
    for filters, width, stride in layers:
        if width > size:
            raise UsageError(
                f"agent.conv_layer_params: the convolution {[filters, width, stride]} needs {width} pixels a side, but "
                f"is given {size}"
            )
        size = (size - width) // stride + 1
    return layers


def have_convolutions(nets: Sequence[network.Network]) -> bool:
    """Tell whether one of ``nets`` has a layer of convolutions."""
    return any(isinstance(layer, tf.keras.layers.Conv2D) for net in nets for layer in net.submodules)


def actor_and_critic(
    settings: PpoSettings, observation_spec: types.NestedTensorSpec, action_spec: types.NestedTensorSpec
) -> tuple[network.Network, network.Network]:
    """Return the actor and the critic."""
    # Of the initializer only the kind and the gain matter: `PpoLearner.initialise` draws the weights from a run's seed.
    orthogonal = tf.keras.initializers.Orthogonal(GAIN, seed=0)
    hidden = {"activation_fn": tf.keras.activations.tanh, "kernel_initializer": orthogonal}
    seen = functools.partial(of_images, observation_spec, settings.conv_layer_params)
    actor = actor_distribution_network.ActorDistributionNetwork(
        observation_spec,
        action_spec,
        fc_layer_params=settings.fc_layer_params,
        discrete_projection_net=functools.partial(
            categorical_projection_network.CategoricalProjectionNetwork, logits_init_output_factor=LAST_GAIN
        ),
        continuous_projection_net=functools.partial(
            normal_projection_network.NormalProjectionNetwork,
            init_means_output_factor=LAST_GAIN,
            mean_transform=lambda mean, spec: mean,
            std_transform=tf.exp,
            std_bias_initializer_value=float(np.log(settings.initial_stddev)),
        ),
        **hidden,
        **seen(),
    )
    critic = value_network.ValueNetwork(
        observation_spec, fc_layer_params=settings.value_fc_layer_params, **hidden, **seen()
    )
    actor.create_variables()
    critic.create_variables()
    return actor, critic
