"""Policies in use: a distribution over actions, called with numpy arrays; saved, and loaded without TF-Agents."""

import collections
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Callable, NamedTuple, Optional

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp
from numpy.typing import NDArray

from cartrl.errors import UsageError, cut
from cartrl.policies.sidecar import SavedPolicy
from cartrl.randomness import ActionSeeds

# The structure that a saved policy takes; TF-Agents' own TimeStep is a namedtuple of the same name and fields.
TimeStep = collections.namedtuple("TimeStep", ["step_type", "reward", "discount", "observation"])

# observations [N, *observation] -> the distribution of their actions
Distribution = Callable[[tf.Tensor], tfp.distributions.Distribution]

NO_SEED = np.zeros(2, np.int32)

# (observations [N, *observation], a seed, int32 [2]) -> actions [N, *action]
Act = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]

# (observations [N, *observation], standard normal noise [N, *action]) -> actions [N, *action]
Perturbed = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]


class Policies(NamedTuple):
    """The two policies of an agent; what each returns is a function of its arguments and the agent's variables."""

    explore: Act  # with which experience is collected
    exploit: Act  # which is evaluated; it may ignore the seed
    perturbed: Optional[Perturbed] = None  # explores with given noise, where actions are continuous


def of_distribution(distribution: Distribution) -> Policies:
    """Return the policies that draw from ``distribution``, and that take its mode.

    Continuous actions are to be normally distributed, perhaps squashed. The mode of a squashed distribution is the
    squashed mode here, as everywhere in the field; TensorFlow Probability defines none.
    """

    def perturbed(observations: tf.Tensor, noise: tf.Tensor) -> tf.Tensor:
        normal, squash = parts(distribution(observations))
        return squash(normal.mean() + normal.stddev() * noise)

    def mode(observations: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        base, squash = parts(distribution(observations))
        return squash(base.mode())

    return Policies(lambda observations, seed: distribution(observations).sample(seed=seed), mode, perturbed)


def parts(distribution: tfp.distributions.Distribution) -> tuple[tfp.distributions.Distribution, Any]:
    """Return the distribution that is squashed, and what squashes its values; itself where nothing does."""
    if isinstance(distribution, tfp.distributions.TransformedDistribution):
        return distribution.distribution, distribution.bijector.forward
    return distribution, tf.identity


def of_observations(policy: Any, time_step: Callable[..., Any] = TimeStep) -> Distribution:
    """Return the distribution of a TF-Agents policy, live or loaded, as a function of observations alone.

    The networks look at nothing else in a time step, so its other fields are those of the middle of an episode.
    """

    def distribution(observations: tf.Tensor) -> tfp.distributions.Distribution:
        size = tf.shape(observations)[:1]
        return policy.distribution(
            time_step(tf.ones(size, tf.int32), tf.zeros(size), tf.ones(size), observations)
        ).action

    return distribution


class BatchPolicy:
    """An agent's policies for numpy batches of observations, traced once for any batch size.

    Args:
        policies: the exploring and the exploiting one. TensorFlow frees their variables with them, so they are kept.
        observation: the spec of one observation.
    """

    def __init__(self, policies: Policies, observation: tf.TensorSpec):
        self._policies = policies
        signature = [tf.TensorSpec([None, *observation.shape], observation.dtype), tf.TensorSpec([2], tf.int32)]
        self._explore, self._exploit = (
            Direct(tf.function(act, autograph=False, input_signature=signature))
            for act in (policies.explore, policies.exploit)
        )

    def explore(self, observations: NDArray[Any], seed: NDArray[Any]) -> NDArray[Any]:
        """Return an exploring action for each of ``observations`` [N, *observation]; ``seed`` is int32 [2]."""
        return self._explore(observations, seed)[0]

    @property
    def explored(self) -> list[tf.Variable]:
        """The variables that `explore` reads."""
        return self._explore.variables

    def exploit(self, observations: NDArray[Any]) -> NDArray[Any]:
        """Return the greedy action for each of ``observations`` [N, *observation]."""
        return self._exploit(observations, NO_SEED)[0]

    def act(self, observations: NDArray[Any], step: int, seeds: Optional[ActionSeeds]) -> NDArray[Any]:
        """Return the exploring actions of ``step`` of a rollout, or without ``seeds`` the greedy ones."""
        return self.exploit(observations) if seeds is None else self.explore(observations, seeds[step])


class Direct:
    """A call of a ``tf.function`` on arrays of just the types of its signature, which returns its outputs.

    tf.function checks and binds its arguments anew in each call, which takes three times as long as such a policy.
    """

    def __init__(self, function: Any):
        self._concrete = function.get_concrete_function()
        self._captured = self._concrete.captured_inputs
        self._types = [output.dtype for output in self._concrete.outputs]

    def __call__(self, *inputs: NDArray[Any]) -> list[NDArray[Any]]:
        """Return the outputs for ``inputs``."""
        outputs = tf.raw_ops.StatefulPartitionedCall(
            args=[*inputs, *self._captured], Tout=self._types, f=self._concrete
        )
        return [np.asarray(output) for output in outputs]

    @property
    def variables(self) -> list[tf.Variable]:
        """The variables that the function reads, in the order in which it does: the same in every process."""
        return [one for read in self._captured for one in self._concrete.variables if one.handle is read]


def load(saved: SavedPolicy) -> BatchPolicy:
    """Load a policy that `cartrl.policies.exporter.PolicyExporter` saved; TF-Agents is not needed, nor imported.

    Loading a SavedModel runs its graph, so only what matches its sidecar gets here: see `cartrl.policies.sidecar`.

    Raises:
        UsageError: when it is none: a damaged graph, another program, or other specs than its sidecar says.
    """
    with refusing(saved):
        policy = tf.saved_model.load(str(saved.directory))
        observation = tf.TensorSpec(saved.observation_shape, saved.observation_dtype)
        return BatchPolicy(of_distribution(of_observations(policy)), observation)


@contextmanager
def refusing(saved: SavedPolicy) -> Iterator[None]:
    """Let whatever TensorFlow stumbles over in the block be a UsageError about the policy that it loads."""
    try:
        yield
    except Exception as error:
        reason = str(error).strip().partition("\n")[0]
        said = cut(f"{type(error).__name__}: {reason}", 200)
        raise UsageError(f"{saved.directory}: not a policy that cartrl can load: {said}") from error
