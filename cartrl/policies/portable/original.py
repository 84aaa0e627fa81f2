"""A saved policy as TensorFlow has it: what an export is made from, and what it is held against."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp
from numpy.typing import NDArray

from cartrl.policies import acting
from cartrl.policies.sidecar import SavedPolicy, bounds


class Original:
    """A loaded policy.

    Attributes:
        saved: the policy on disk.
        variables: those of the agent that were saved with the policy, in the agent's order.
        batch: the policy as ``cartrl eval`` plays it.
    """

    def __init__(self, saved: SavedPolicy):
        self.saved = saved
        self.low, self.high = (bound.astype(np.float32) for bound in bounds(saved))
        with acting.refusing(saved):
            loaded = tf.saved_model.load(str(saved.directory))
            self.variables: list[tf.Variable] = list(loaded.model_variables)
            self._distribution = acting.of_observations(loaded)
            self._policies = acting.of_distribution(self._distribution)
            self.batch = acting.BatchPolicy(
                self._policies, tf.TensorSpec(saved.observation_shape, saved.observation_dtype)
            )

    def observations(self) -> tf.TensorSpec:
        """Return the spec of a batch of observations, by which a program of this policy names its input."""
        return tf.TensorSpec([None, *self.saved.observation_shape], self.saved.observation_dtype, "observation")

    def strides(self) -> list[int]:
        """Return the stride of each convolution, in their order; of all that is saved, only the program has them."""
        program = tf.function(self.parameters, autograph=False).get_concrete_function(self.observations())
        graph = program.graph.as_graph_def()
        bodies = {function.signature.name: function.node_def for function in graph.library.function}

        def found(nodes: Any) -> Iterator[int]:
            for node in nodes:
                if node.op == "Conv2D":
                    yield node.attr["strides"].list.i[1]
                for value in node.attr.values():
                    yield from found(bodies.get(value.func.name, ()))

        return list(found(graph.node))

    def greedy(self, observations: tf.Tensor) -> tf.Tensor:
        """Return the environment's greedy action for each of ``observations`` [N, *observation]."""
        return self._of_environment(self._policies.exploit(observations, acting.NO_SEED))

    def draw(self, observations: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """Return an action for each of ``observations``, drawn from ``seed``, int32 [2]."""
        return self._of_environment(self._policies.explore(observations, seed))

    def parameters(self, observation: tf.Tensor) -> dict[str, tf.Tensor]:
        """Return the ``probabilities`` [N, A] of actions, or the ``mean`` and ``stddev`` [N, *action] of a normal draw.

        Args:
            observation: a batch [N, *observation]. The name is that of the input of an exported program.
        """
        found = self._distribution(observation)
        if self.saved.is_discrete:
            return {"probabilities": found.probs_parameter()}
        # TFP makes a multivariate normal distribution of a transformation, too.
        if not isinstance(found, tfp.distributions.MultivariateNormalLinearOperator):
            found, _ = acting.parts(found)
        return {"mean": found.mean(), "stddev": found.stddev()}

    def answers(self, observations: NDArray[Any]) -> dict[str, NDArray[Any]]:
        """Return the greedy ``action`` and the `parameters` for ``observations`` as numpy arrays."""
        tensor = tf.constant(observations)
        found = {"action": self.greedy(tensor), **self.parameters(tensor)}
        return {name: value.numpy() for name, value in found.items()}

    def _of_environment(self, actions: tf.Tensor) -> tf.Tensor:
        if self.saved.is_discrete:
            return actions + tf.cast(self.saved.first_action, actions.dtype)
        return tf.clip_by_value(actions, self.low, self.high)
