"""The networks of PPO: TF-Agents' own, with the weights to begin with that its reference code has.

S. Huang et al. (2022), "The 37 implementation details of proximal policy optimization", details 2 and 15 to 17.
"""

import functools

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

from cartrl.settings.agents.ppo import PpoSettings

GAIN = 2**0.5  # of orthogonal weights in hidden layers
LAST_GAIN = 0.01**2  # variance of the weights of the actor's last layer, so that all actions are about as likely


def actor_and_critic(
    settings: PpoSettings, observation_spec: types.NestedTensorSpec, action_spec: types.NestedTensorSpec
) -> tuple[network.Network, network.Network]:
    """Return the actor and the critic."""
    # Of the initializer only the kind and the gain matter: `PpoLearner.initialise` draws the weights from a run's seed.
    orthogonal = tf.keras.initializers.Orthogonal(GAIN, seed=0)
    hidden = {"activation_fn": tf.keras.activations.tanh, "kernel_initializer": orthogonal}
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
    )
    critic = value_network.ValueNetwork(observation_spec, fc_layer_params=settings.value_fc_layer_params, **hidden)
    actor.create_variables()
    critic.create_variables()
    return actor, critic
