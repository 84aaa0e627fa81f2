"""A policy as an ONNX model: https://onnx.ai/onnx/repo-docs/IR.html."""

from pathlib import Path
from typing import Any, Optional

import numpy as np
from numpy.typing import NDArray

from cartrl.errors import UsageError
from cartrl.policies.portable.arrays import LOG_STDDEV, Arrays
from cartrl.policies.portable.parity import Answers
from cartrl.system import extras, reading

OPSET, IR = 13, 8  # old ones, which every runtime of the last years takes
LARGEST = 1 << 30  # bytes of a model that is read
BATCH = "N"
# The operators of a model: none of them reads files or calls code.
OPERATORS = frozenset(
    [
        "Add",
        "ArgMax",
        "Cast",
        "Clip",
        "Conv",
        "CumSum",
        "Div",
        "Exp",
        "Flatten",
        "Gemm",
        "Greater",
        "Identity",
        "Max",
        "Min",
        "Mul",
        "OneHot",
        "ReduceSum",
        "Relu",
        "Reshape",
        "Slice",
        "Softmax",
        "Tanh",
        "Transpose",
    ]
)


def require_installed() -> None:
    """Check that the packages of the extra ``onnx`` are there.

    Raises:
        UsageError: when one is missing.
    """
    for package in ("onnx", "onnxruntime"):
        if not extras.is_installed(package):
            raise UsageError(extras.missing("--format onnx", package, "onnx"))


class _Graph:
    """A graph that is written down one operator after the other."""

    def __init__(self, arrays: Arrays):
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self.arrays = arrays

    def constant(self, value: Any, kind: Any = np.float32) -> str:
        from onnx import numpy_helper

        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(value, kind), name))
        return name

    def of(self, name: str) -> str:
        """Return an array of the policy as a constant."""
        return self.constant(self.arrays[name])

    def __call__(self, operator: str, *inputs: str, output: Optional[str] = None, **attributes: Any) -> str:
        from onnx import helper

        name = output or f"value_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, list(inputs), [name], **attributes))
        return name


def model(arrays: Arrays) -> Any:
    """Return the model of the policy in ``arrays``.

    Its inputs are ``observation`` [N, *observation], bytes where they are images, and ``noise``, which is all that is
    random in a draw: for discrete actions numbers uniform in [0, 1), [N, 1], for continuous ones standard normal
    numbers [N, *action]. Its outputs are the greedy ``action``, the ``drawn`` one, and ``probabilities`` [N, A], or
    ``mean`` and ``stddev`` [N, *action].
    """
    from onnx import TensorProto, checker, helper

    graph = _Graph(arrays)
    observation, action = (arrays[f"{space}_shape"].tolist() for space in ("observation", "action"))
    is_discrete = "first_action" in arrays
    (_discrete if is_discrete else _continuous)(graph, _network(graph))
    kind = TensorProto.INT64 if is_discrete else TensorProto.FLOAT
    names = ("probabilities",) if is_discrete else ("mean", "stddev")
    parameters = ["A"] if is_discrete else action
    value, number = helper.make_tensor_value_info, TensorProto.FLOAT
    made = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "policy",
            [
                value("observation", TensorProto.UINT8 if "divisor" in arrays else number, [BATCH, *observation]),
                value("noise", number, [BATCH, 1] if is_discrete else [BATCH, *action]),
            ],
            [
                *(value(name, kind, [BATCH, *action]) for name in ("action", "drawn")),
                *(value(name, number, [BATCH, *parameters]) for name in names),
            ],
            graph.constants,
        ),
        producer_name="cartrl",
        ir_version=IR,
        opset_imports=[helper.make_opsetid("", OPSET)],
    )
    checker.check_model(made, full_check=True)
    return made


def _network(graph: _Graph) -> str:
    x = "observation"
    if "divisor" in graph.arrays:
        x = graph("Div", graph("Cast", x, to=1), graph.of("divisor"))
    if "scale" in graph.arrays:
        clip = float(graph.arrays["clip"])
        x = graph("Add", graph("Mul", x, graph.of("scale")), graph.of("shift"))
        x = graph("Clip", x, graph.constant(-clip), graph.constant(clip))
    last = int(graph.arrays["layers"]) - 1
    for number in range(last + 1):
        x = (_convolution if f"stride_{number}" in graph.arrays else _dense)(graph, x, number)
        if number < last:
            x = graph({"relu": "Relu", "tanh": "Tanh"}[str(graph.arrays["activation"])], x)
    return x


def _dense(graph: _Graph, x: str, number: int) -> str:
    return graph("Gemm", graph("Flatten", x), graph.of(f"kernel_{number}"), graph.of(f"bias_{number}"))


def _convolution(graph: _Graph, x: str, number: int) -> str:
    """Return a convolution of images [N, H, W, C]; ONNX has the channels before height and width."""
    kernel = graph.constant(graph.arrays[f"kernel_{number}"].transpose(3, 2, 0, 1))
    stride = int(graph.arrays[f"stride_{number}"])
    x = graph("Transpose", x, perm=[0, 3, 1, 2])
    x = graph("Conv", x, kernel, graph.of(f"bias_{number}"), strides=[stride, stride])
    return graph("Transpose", x, perm=[0, 2, 3, 1])


def _discrete(graph: _Graph, output: str) -> None:
    first = graph.constant(graph.arrays["first_action"], np.int64)
    greedy = graph("ArgMax", output, axis=-1, keepdims=0)
    graph("Add", greedy, first, output="action")
    if "epsilon" in graph.arrays:
        epsilon, count = graph.arrays["epsilon"], len(graph.arrays[f"bias_{int(graph.arrays['layers']) - 1}"])
        share = epsilon / np.float32(count)
        chosen = graph("OneHot", greedy, graph.constant([count], np.int64), graph.constant([0, 1 - epsilon]))
        graph("Add", chosen, graph.constant(share), output="probabilities")
    else:
        graph("Softmax", output, axis=-1, output="probabilities")
    sums = graph("CumSum", "probabilities", graph.constant(1, np.int64))
    total = graph("ReduceSum", "probabilities", graph.constant([1], np.int64), keepdims=1)
    is_passed = graph("Greater", sums, graph("Mul", "noise", total))
    drawn = graph("ArgMax", graph("Cast", is_passed, to=1), axis=-1, keepdims=0)
    graph("Add", drawn, first, output="drawn")


def _continuous(graph: _Graph, output: str) -> None:
    squash, shape = str(graph.arrays["squash"]), graph.arrays["action_shape"].tolist()
    whole = graph.constant([-1, *shape], np.int64)
    size, axis = int(np.prod(shape)), graph.constant([1], np.int64)

    def columns(begin: int, end: int) -> str:
        ends = (graph.constant([place], np.int64) for place in (begin, end))
        return graph("Reshape", graph("Slice", output, *ends, axis), whole)

    def squashed(value: str, to: Optional[str] = None) -> str:
        scaled = graph("Mul", graph("Tanh", value), graph.of("half"))
        return graph("Add", scaled, graph.of("middle"), output=to)

    def bounded(value: str, to: str) -> None:
        value = squashed(value) if squash == "action" else value
        graph("Min", graph("Max", value, graph.of("low")), graph.of("high"), output=to)

    mean = columns(0, size)
    mean = squashed(mean, "mean") if squash == "mean" else graph("Identity", mean, output="mean")
    if "stddev" in graph.arrays:
        zeros = graph("Mul", mean, graph.constant(0))
        graph("Add", zeros, graph.of("stddev"), output="stddev")
    else:
        log = graph("Clip", columns(size, 2 * size), *(graph.constant(end) for end in LOG_STDDEV))
        graph("Exp", log, output="stddev")
    bounded(mean, "action")
    bounded(graph("Add", mean, graph("Mul", "stddev", "noise")), "drawn")


class Player:
    """Plays a model with onnxruntime.

    Raises:
        UsageError: when ``path`` holds anything but a model as cartrl writes it; nothing of it is run then.
    """

    def __init__(self, path: Path):
        import onnxruntime

        onnxruntime.set_default_logger_severity(4)  # errors are raised; nothing is written beside that
        content = _harmless(path)
        try:
            self._session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime has classes of its own, which it does not document
            raise _refusal(path, f"{type(error).__name__}") from None

    def answers(self, observations: NDArray[Any]) -> Answers:
        """Return all outputs for ``observations`` [N, *observation], with a noise of 0."""
        noise = np.zeros([len(observations), *self._session.get_inputs()[1].shape[1:]], np.float32)
        names = [output.name for output in self._session.get_outputs()]
        return dict(zip(names, self._session.run(names, {"observation": observations, "noise": noise})))


def _harmless(path: Path) -> bytes:
    """Return the content of a model that computes with its own numbers alone.

    Raises:
        UsageError: when it is none, names other files, or has operators that cartrl does not write.
    """
    import onnx

    content = reading.read_bytes(path, LARGEST)
    try:
        graph = onnx.load_model_from_string(content)
    except Exception:  # protobuf's own class
        raise _refusal(path, "not an ONNX model") from None
    tensors = [*graph.graph.initializer, *(held.t for node in graph.graph.node for held in node.attribute)]
    strange = sorted({node.op_type for node in graph.graph.node if node.domain or node.op_type not in OPERATORS})
    if strange or graph.functions:
        raise _refusal(path, f"it has the operator {', '.join(strange) or graph.functions[0].name}")
    if any(tensor.external_data or tensor.data_location for tensor in tensors) or graph.graph.sparse_initializer:
        raise _refusal(path, "it names other files")
    if [given.name for given in graph.graph.input] != ["observation", "noise"]:
        raise _refusal(path, "its inputs are not observation and noise")
    return content


def _refusal(path: Path, reason: str) -> UsageError:
    return UsageError(f"{path}: not a policy that cartrl exported: {reason}")
