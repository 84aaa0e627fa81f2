"""Plays a policy that cartrl exported. It needs numpy alone, and runs nothing that the file holds.

policy = Policy("policy.npz"); policy.act(observation) is the greedy action, of a batch of observations an action each;
policy.act(observation, numpy.random.default_rng(0)) is drawn from the policy's distribution, as in training.
"""

from typing import Any

import numpy as np

LARGEST = 1 << 30  # bytes that the arrays of a policy may have, or an observation
ACTIVATIONS: Any = {"relu": lambda x: np.maximum(x, 0), "tanh": np.tanh}
windows: Any = np.lib.stride_tricks.sliding_window_view


class Policy:
    """The policy in ``path``. Anything else there raises ValueError."""

    def __init__(self, path: Any = "policy.npz"):
        try:
            with np.load(path, allow_pickle=False) as file:
                if sum(member.file_size for member in file.zip.infolist()) > LARGEST:
                    raise ValueError(f"its arrays have more than {LARGEST} bytes")
                self.arrays = array = dict(file)
            self.observation_shape, self.action_shape = tuple(array["observation_shape"]), tuple(array["action_shape"])
            self._layers = [
                (array[f"kernel_{i}"], array[f"bias_{i}"], array.get(f"stride_{i}")) for i in range(array["layers"])
            ]
            self._activation, self._squash = ACTIVATIONS[str(array["activation"])], str(array["squash"])
            self._is_discrete, self._bounds = "first_action" in array, (array.get("low"), array.get("high"))
            self._squashed: Any = lambda values: array["middle"] + array["half"] * np.tanh(values)
            if 4 * np.prod(self.observation_shape, dtype=float) > LARGEST:
                raise ValueError(f"its observations have more than {LARGEST} bytes")
            self.act(np.zeros((1, *self.observation_shape), np.float32), np.random.default_rng(0))
        except Exception as error:  # whatever numpy stumbles over
            raise ValueError(f"{path}: not a policy that cartrl exported: {type(error).__name__}: {error}") from None

    def act(self, observations: Any, rng: Any = None) -> Any:
        """Return what ``step`` takes, for an observation [*observation] or for each of a batch [N, *observation]."""
        batch = np.asarray(observations, np.float32).reshape(-1, *self.observation_shape)
        actions = self.greedy(batch) if rng is None else self.draw(batch, rng)
        actions = actions + self.arrays["first_action"] if self._is_discrete else actions
        return actions if np.ndim(observations) > len(self.observation_shape) else actions[0]

    def greedy(self, batch: Any) -> Any:
        """Return the most probable actions [N, *action]; discrete ones count from 0."""
        return self.output(batch).argmax(-1) if self._is_discrete else self._bounded(self.parameters(batch)[0])

    def draw(self, batch: Any, rng: Any) -> Any:
        """Return actions [N, *action] drawn by ``rng``, a numpy Generator; discrete ones count from 0."""
        found = self.parameters(batch)
        if self._is_discrete:
            return (found[0].cumsum(-1) > rng.random((len(found[0]), 1)) * found[0].sum(-1, keepdims=True)).argmax(-1)
        return self._bounded(found[0] + found[1] * rng.standard_normal(found[0].shape, np.float32))

    def parameters(self, batch: Any) -> Any:
        """Return the probabilities [N, A]; or mean and deviation [N, *action] of the normal distribution."""
        array, output = self.arrays, self.output(batch)
        if "epsilon" in array:  # the action of the greatest value, but with this probability any
            greedy = np.eye(output.shape[1], dtype=np.float32)[output.argmax(-1)]
            return ((1 - array["epsilon"]) * greedy + array["epsilon"] / output.shape[1],)
        if self._is_discrete:
            powers = np.exp(output - output.max(-1, keepdims=True))
            return (powers / powers.sum(-1, keepdims=True),)
        mean, log = (part.reshape(-1, *self.action_shape) for part in np.split(output, [array["low"].size], 1))
        stddev = np.broadcast_to(array["stddev"], mean.shape) if "stddev" in array else np.exp(np.clip(log, -20, 2))
        return self._squashed(mean) if self._squash == "mean" else mean, stddev

    def output(self, x: Any) -> Any:
        """Return the last layer of the network [N, …] for observations [N, *observation]."""
        x = np.asarray(x, np.float32)
        if "divisor" in self.arrays:  # of an image's bytes
            x = x / self.arrays["divisor"]
        if "scale" in self.arrays:
            x = np.clip(x * self.arrays["scale"] + self.arrays["shift"], -self.arrays["clip"], self.arrays["clip"])
        for number, (kernel, bias, stride) in enumerate(self._layers):
            x = _product(self._activation(x) if number else x, kernel, stride) + bias
        return x

    def _bounded(self, values: Any) -> Any:
        return np.clip(self._squashed(values) if self._squash == "action" else values, *self._bounds)


def _product(x: Any, kernel: Any, stride: Any) -> Any:
    """Return [N, …] times a matrix; or images [N, H, W, C] convolved with a kernel [height, width, C, filters]."""
    if stride is None:
        return x.reshape(len(x), -1) @ kernel
    found = windows(x, kernel.shape[:2], (1, 2))[:, ::stride, ::stride]  # [N, H', W', C, height, width]
    return np.tensordot(found, kernel.transpose(2, 0, 1, 3), 3)
