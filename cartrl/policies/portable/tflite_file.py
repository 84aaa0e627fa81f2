"""A policy as a TensorFlow Lite model, for phones and small computers: https://ai.google.dev/edge/litert."""

import tempfile
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from cartrl.policies.portable.arrays import LOG_STDDEV, Arrays
from cartrl.policies.portable.parity import Answers


def model(arrays: Arrays) -> bytes:
    """Return the model of the policy in ``arrays``, of TensorFlow Lite's own operators alone.

    It has one signature, whose inputs and outputs are those of `cartrl.policies.portable.onnx_file.model`.
    """
    observation, action = (arrays[f"{space}_shape"].tolist() for space in ("observation", "action"))
    is_discrete = "first_action" in arrays
    play = _discrete if is_discrete else _continuous
    taken = [
        tf.TensorSpec([None, *observation], tf.uint8 if "divisor" in arrays else tf.float32, "observation"),
        tf.TensorSpec([None, 1] if is_discrete else [None, *action], tf.float32, "noise"),
    ]
    module = tf.Module()
    module.play = tf.function(
        lambda observation, noise: play(arrays, _network(arrays, observation), noise),
        autograph=False,
        input_signature=taken,
    )
    with tempfile.TemporaryDirectory(prefix="cartrl-") as folder:
        tf.saved_model.save(module, folder, signatures={"serving_default": module.play})
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
        return bytes(converter.convert())


def answers(content: bytes, observations: NDArray[Any]) -> Answers:
    """Return all outputs of a model for ``observations`` [N, *observation], with a noise of 0."""
    runner = tf.lite.Interpreter(model_content=content).get_signature_runner()
    shape = runner.get_input_details()["noise"]["shape"]
    noise = np.zeros([len(observations), *shape[1:]], np.float32)
    return dict(runner(observation=observations, noise=noise))


def _network(arrays: Arrays, x: tf.Tensor) -> tf.Tensor:
    """Return the output of the last layer [N, …] for observations [N, *observation]."""
    if "divisor" in arrays:
        x = tf.cast(x, tf.float32) / arrays["divisor"]
    if "scale" in arrays:
        x = tf.clip_by_value(x * arrays["scale"] + arrays["shift"], -arrays["clip"], arrays["clip"])
    last = int(arrays["layers"]) - 1
    for number in range(last + 1):
        kernel, stride = arrays[f"kernel_{number}"], arrays.get(f"stride_{number}")
        if stride is None:
            x = tf.matmul(tf.reshape(x, [-1, len(kernel)]), kernel)
        else:
            x = tf.nn.conv2d(x, kernel, int(stride), "VALID")
        x += arrays[f"bias_{number}"]
        if number < last:
            x = {"relu": tf.nn.relu, "tanh": tf.tanh}[str(arrays["activation"])](x)
    return x


def _discrete(arrays: Arrays, output: tf.Tensor, noise: tf.Tensor) -> dict[str, tf.Tensor]:
    first = tf.constant(int(arrays["first_action"]), tf.int64)
    greedy = tf.argmax(output, -1)
    if "epsilon" in arrays:
        epsilon, count = arrays["epsilon"], output.shape[1]
        probabilities = tf.one_hot(greedy, count) * (1 - epsilon) + epsilon / np.float32(count)
    else:
        probabilities = tf.nn.softmax(output)
    is_passed = tf.cumsum(probabilities, -1) > noise * tf.reduce_sum(probabilities, -1, keepdims=True)
    drawn = tf.argmax(tf.cast(is_passed, tf.float32), -1)
    return {"action": greedy + first, "drawn": drawn + first, "probabilities": probabilities}


def _continuous(arrays: Arrays, output: tf.Tensor, noise: tf.Tensor) -> dict[str, tf.Tensor]:
    squash, shape = str(arrays["squash"]), [-1, *arrays["action_shape"].tolist()]
    size = arrays["low"].size

    def squashed(values: tf.Tensor) -> tf.Tensor:
        return arrays["middle"] + arrays["half"] * tf.tanh(values)

    def bounded(values: tf.Tensor) -> tf.Tensor:
        values = squashed(values) if squash == "action" else values
        return tf.minimum(tf.maximum(values, arrays["low"]), arrays["high"])

    mean = tf.reshape(output[:, :size], shape)
    mean = squashed(mean) if squash == "mean" else mean
    if "stddev" in arrays:
        stddev = tf.zeros_like(mean) + arrays["stddev"]
    else:
        stddev = tf.exp(tf.clip_by_value(tf.reshape(output[:, size:], shape), *LOG_STDDEV))
    return {"action": bounded(mean), "drawn": bounded(mean + stddev * noise), "mean": mean, "stddev": stddev}
