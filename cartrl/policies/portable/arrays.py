"""A saved policy as arrays: what `cartrl.policies.portable.player` computes with, and an ONNX model holds."""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cartrl.errors import UsageError
from cartrl.policies.sidecar import FLOATS

if TYPE_CHECKING:
    from cartrl.policies.portable.original import Original

Arrays = dict[str, NDArray[Any]]
FORMAT = 1
LOG_STDDEV = (-20, 2)  # of SAC, see cartrl.agents.sac

BRIGHTEST = 255  # of a byte of an image, see cartrl.agents.networks
# Of the observation normaliser, see cartrl.agents.normalizers. A parity check would find that they differ.
CLIP, EPSILON = 10.0, 1e-8


class Network(NamedTuple):
    """How an agent's policy computes, beside its weights."""

    name: str  # with which the names of its variables begin
    activation: str  # of the hidden layers
    squash: str  # what a tanh bounds: the "mean" of actions, an "action" drawn, or "none"


NETWORKS = {
    "reinforce": Network("ActorDistributionNetwork", "relu", "mean"),
    "ppo": Network("ActorDistributionNetwork", "tanh", "none"),
    "dqn": Network("QNetwork", "relu", "none"),
    "ddpg": Network("ActorNetwork", "relu", "mean"),
    "td3": Network("ActorNetwork", "relu", "mean"),
    "sac": Network("ActorDistributionNetwork", "relu", "action"),
}


def of(original: "Original") -> Arrays:
    """Return the arrays of a policy, by name.

    ``kernel_I`` and ``bias_I`` are the ``layers`` of a network with this ``activation``. A convolution's kernel is
    [height, width, channels, filters], and there is its ``stride_I``. The bytes of images are divided by a ``divisor``
    first. ``scale``, ``shift`` and ``clip`` are there where observations are normalised. Discrete actions count from
    ``first_action``, and have an ``epsilon`` where the output are values. Continuous ones have ``low``, ``high``,
    ``middle`` and ``half``, what a tanh ``squash``es, and a ``stddev``, unless the last layer gives its logarithm after
    the mean.

    Raises:
        UsageError: for an agent whose network is not known here.
    """
    saved = original.saved
    network = NETWORKS.get(saved.agent)
    if network is None:
        raise UsageError(
            f"{saved.directory}: a policy of the agent {saved.agent}, of which only --format saved-model can be made; "
            f"the others know {', '.join(NETWORKS)}"
        )
    layers = _layers(original, network.name)
    return {
        "format": np.array(FORMAT),
        "observation_shape": np.array(saved.observation_shape, np.int64),
        "action_shape": np.array(saved.action_shape, np.int64),
        "activation": np.array(network.activation),
        "squash": np.array(network.squash),
        "layers": np.array(len(layers)),
        **{f"kernel_{number}": kernel for number, (kernel, _) in enumerate(layers)},
        **{f"bias_{number}": bias for number, (_, bias) in enumerate(layers)},
        **{f"stride_{number}": np.array(stride) for number, stride in enumerate(original.strides())},
        **({} if saved.observation_dtype == FLOATS else {"divisor": np.array(BRIGHTEST, np.float32)}),
        **_normaliser(original),
        **(_discrete(original) if saved.is_discrete else _continuous(original, network.squash)),
    }


def _layers(original: "Original", name: str) -> list[tuple[NDArray[Any], NDArray[Any]]]:
    """Return the kernel and the bias of each layer; the last one's of SAC give the mean, then the deviation."""
    pairs = [  # a layer's bias comes after its kernel; names do not tell apart the convolutions of some networks
        (kernel, bias)
        for kernel, bias in zip(original.variables, original.variables[1:])
        if kernel.name.startswith(f"{name}/") and kernel.name.endswith("/kernel:0")
    ]
    found = [(kernel.numpy(), bias.numpy()) for kernel, bias in pairs]
    if any("stddev_projection_layer" in kernel.name for kernel, _ in pairs):
        *hidden, mean, deviation = found
        last = tuple(np.concatenate(both, -1) for both in zip(mean, deviation))
        return [*hidden, (last[0], last[1])]
    return found


def _normaliser(original: "Original") -> Arrays:
    found = {variable.name: variable.numpy() for variable in original.variables}
    if "avg_0:0" not in found:
        return {}
    scale = 1 / np.sqrt(found["m2_0:0"] / found["count_0:0"] + np.float32(EPSILON))
    return {"scale": scale, "shift": -found["avg_0:0"] * scale, "clip": np.array(CLIP, np.float32)}


def _discrete(original: "Original") -> Arrays:
    first = {"first_action": np.array(original.saved.first_action)}
    if original.saved.agent != "dqn":
        return first
    probabilities = original.answers(_one(original))["probabilities"][0]
    return {**first, "epsilon": (probabilities.min() * probabilities.size).astype(np.float32)}


def _continuous(original: "Original", squash: str) -> Arrays:
    low, high = original.low, original.high
    bounds = {"low": low, "high": high, "middle": (low + high) / 2, "half": (high - low) / 2}
    if squash == "action":
        return bounds
    return {**bounds, "stddev": original.answers(_one(original))["stddev"][0]}  # of every observation


def _one(original: "Original") -> NDArray[Any]:
    return np.zeros((1, *original.saved.observation_shape), original.saved.observation_dtype)
