"""How collectors explore: at first at random, then with the agent's policy, whose noise may last from step to step.

Noise that lasts carries an environment far, where noise drawn anew in each step stays about the start:

    O. Eberhard et al. (2023), "Pink noise is all you need: colored noise exploration in deep reinforcement learning".

Here it is an autoregressive process of order 1: n_t = ρ n_{t-1} + sqrt(1 - ρ²) w_t with standard normal w_t. The first
n of an episode is w itself, so every n is standard normal, and a single action has the policy's own distribution.
"""

from typing import Any, cast

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from tf_agents.typing import types

from cartrl.errors import CartrlError
from cartrl.policies import acting
from cartrl.randomness import Turn
from cartrl.settings.pipeline import SteppedCollectSettings


class Exploration:
    """Exploring actions for N environments, as TensorFlow functions.

    Args:
        policies: the agent's.
        action_spec: of the environment.
        collect: says N, and how the noise lasts.
        warm_up_steps: of all environments, at the beginning of a run, in which actions are drawn uniformly.
    """

    def __init__(
        self,
        policies: acting.Policies,
        action_spec: types.NestedTensorSpec,
        collect: SteppedCollectSettings,
        warm_up_steps: int = 0,
    ):
        self._explore = policies.explore
        if collect.noise_correlation and policies.perturbed is None:
            raise CartrlError("collect.noise_correlation is set, but this agent has no noise that could last")
        self._perturbed: acting.Perturbed = cast(Any, policies.perturbed)
        self._spec = action_spec
        self._correlation = collect.noise_correlation
        self._warm_up_steps = warm_up_steps
        shape = action_spec.shape if self._correlation else (0,)
        self.no_noise = np.zeros((collect.num_environments, *shape), np.float32)  # before the first step

    def is_at_random(self, turn: Turn) -> bool:
        """Tell whether the actions of ``turn`` are drawn uniformly."""
        return turn.environment_steps < self._warm_up_steps

    def act(
        self, observations: tf.Tensor, seed: tf.Tensor, noise: tf.Tensor, begins: tf.Tensor, at_random: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Return actions [N, *action], and the noise [N, *action] in them, which the next call takes.

        Args:
            observations: [N, *observation].
            seed: int32 [2].
            noise: of the step before.
            begins: bool [N], whether this is the first step of an episode.
            at_random: bool, whether actions are drawn uniformly.
        """
        if self._correlation:
            white = tf.random.stateless_normal(noise.shape, seed)
            lasting = self._correlation * noise + (1 - self._correlation**2) ** 0.5 * white
            noise = tf.where(tf.reshape(begins, [-1] + [1] * (noise.shape.rank - 1)), white, lasting)
            actions = self._perturbed(observations, noise)
        else:
            actions = self._explore(observations, seed)
        if self._warm_up_steps:
            actions = tf.where(at_random, self._uniform(tf.shape(actions), seed), actions)
        return actions, noise

    def _uniform(self, shape: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """Draw actions between the bounds of the environment."""
        spec = self._spec
        if spec.dtype.is_integer:
            return tf.random.stateless_uniform(shape, seed, int(spec.minimum), int(spec.maximum) + 1, spec.dtype)
        unit = tf.random.stateless_uniform(shape, seed, dtype=spec.dtype)
        return spec.minimum + (spec.maximum - spec.minimum) * unit


class BatchExploration:
    """The same for numpy arrays; it remembers the noise.

    Args:
        exploration: as TensorFlow functions.
        observation: the spec of one observation.
    """

    def __init__(self, exploration: Exploration, observation: tf.TensorSpec):
        self._no_noise = exploration.no_noise
        size = len(self._no_noise)
        signature = [
            tf.TensorSpec([size, *observation.shape], observation.dtype),
            tf.TensorSpec([2], tf.int32),
            tf.TensorSpec(self._no_noise.shape, tf.float32),
            tf.TensorSpec([size], tf.bool),
            tf.TensorSpec([], tf.bool),
        ]
        self.is_at_random = exploration.is_at_random
        self._act = acting.Direct(tf.function(exploration.act, autograph=False, input_signature=signature))
        self.forget()

    @property
    def noise_spec(self) -> tf.TensorSpec:
        """The spec of what lasts of the noise in one environment."""
        return tf.TensorSpec(self._no_noise.shape[1:], tf.float32)

    @property
    def variables(self) -> list[tf.Variable]:
        """The variables that actions depend on."""
        return self._act.variables

    def forget(self) -> None:
        """Begin without noise."""
        self.noise = self._no_noise.copy()

    def act(
        self, observations: NDArray[Any], seed: NDArray[Any], begins: NDArray[Any], at_random: bool
    ) -> NDArray[Any]:
        """Return actions [N, *action]; see `Exploration.act`."""
        actions, self.noise = self._act(observations, seed, self.noise, begins, np.array(at_random))
        return actions
