"""What all agents of TF-Agents share: updates on the device, a report an iteration, and the state to resume from."""

from collections.abc import Mapping, Sequence
from typing import Any, Callable

import tensorflow as tf
from numpy.typing import NDArray
from tf_agents.agents import tf_agent
from tf_agents.networks import network
from tf_agents.policies import tf_policy
from tf_agents.trajectories import time_step as ts

from cartrl import randomness
from cartrl.agents.networks import have_convolutions
from cartrl.errors import CartrlError
from cartrl.policies import acting
from cartrl.programs import Program

# (the agent, a batch of the replay, what `TfAgentLearner.varying` returns) -> the columns of its kind, a scalar each
Train = Callable[..., Mapping[str, tf.Tensor]]


class TfAgentLearner:
    """An agent of TF-Agents as the training loop uses it.

    Args:
        agent: the agent, initialised, its optimizers built.
        networks: whose weights are drawn from a run's seed, in this order; targets are copies that the agent makes.
        train: updates the agent from a batch and returns what is reported of that; compiled by XLA, but for networks
            with convolutions.
    """

    def __init__(self, agent: tf_agent.TFAgent, networks: Sequence[network.Network], train: Train):
        self.collect_policy: tf_policy.TFPolicy = agent.collect_policy
        self.train_step: tf.Variable = agent.train_step_counter
        self.policies = acting.of_distribution(acting.of_observations(agent.collect_policy, ts.TimeStep))
        self.agent = agent
        self._networks = networks
        self._train = train
        self.variables = variables_of(agent)
        self._fresh = self.state()
        self._columns: list[str] = []  # named when the update is traced
        self._reports: list[tf.Tensor] = []  # of the updates since the last report
        # XLA on a CPU is forty times slower at convolutions in a loop than TensorFlow without it.
        self._update = Program(self._one_update, by_xla=not have_convolutions(networks))

    def prepare(self, batch: Any) -> None:
        """Compile the update, for batches like ``batch``."""
        self.learn(batch, randomness.Turn(seed=0, iteration=1))
        self._reports.clear()

    def initialise(self, seed: int) -> None:
        """Begin anew: weights drawn from ``seed``, targets equal to them, and optimizers that have seen nothing."""
        self.restore(self._fresh)
        for index, net in enumerate(self._networks):
            draw_weights(net, seed, index)
        self.agent.initialize()

    def learn(self, batch: Any, turn: randomness.Turn) -> None:
        """Update the agent from ``batch``."""
        self._reports.append(self._update(batch, *self.varying(turn)))

    def varying(self, turn: randomness.Turn) -> tuple[Any, ...]:
        """Return what ``train`` takes beside the agent and the batch: seeds and scheduled settings; most take nothing.

        It must hold arrays of the same shapes and types in each turn.
        """
        return ()

    def report(self) -> dict[str, float]:
        """Return what ``train`` reported: means over the updates since the last report."""
        if not self._reports:
            return {}
        # One update's numbers are taken as they are, since a mean of one could round them.
        together = self._reports[0] if len(self._reports) == 1 else tf.reduce_mean(tf.stack(self._reports), axis=0)
        self._reports.clear()
        return dict(zip(self._columns, together.numpy().tolist()))

    def state(self) -> dict[str, NDArray[Any]]:
        """Return the agent's own variables by name: weights, targets, temperatures, optimizer slots, counters."""
        return {name: variable.numpy() for name, variable in self.variables.items()}

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Continue from ``state``, of the same names, shapes and types as `state` returns.

        Raises:
            CartrlError: when it is of other variables; then nothing has changed.
        """
        if _signature(state) != _signature(self._fresh):
            raise CartrlError("the checkpoint holds other variables than this agent has")
        for name, variable in self.variables.items():
            variable.assign(state[name])

    def _one_update(self, batch: Any, *varying: tf.Tensor) -> tf.Tensor:
        """Update the agent, and return its report as one tensor, so that one copy from the device fetches all of it."""
        report = self._train(self.agent, batch, *varying)
        self._columns = list(report)
        return tf.stack(list(report.values()))


def variables_of(agent: tf.Module) -> dict[str, tf.Variable]:
    """Return every variable that ``agent`` keeps, by the path of attributes that leads to it.

    Paths are the same in every process, while TensorFlow's names of variables count the layers of the process.
    """
    view = tf.train.TrackableView(agent)
    found: dict[str, tf.Variable] = {}
    seen: set[int] = set()
    waiting: list[tuple[str, Any]] = [("", agent)]
    optimizers: list[tuple[str, Any]] = []
    for path, node in waiting:  # grows meanwhile: breadth first, so that a variable has its shortest path
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, tf.Variable):
            found[path] = node
        if hasattr(node, "get_slot_names"):
            optimizers.append((path, node))
        children = sorted(view.children(node).items())
        waiting += [(f"{path}/{name}" if path else name, child) for name, child in children]
    return {**found, **_slots(optimizers, found)}


def _slots(optimizers: Sequence[tuple[str, Any]], variables: Mapping[str, tf.Variable]) -> dict[str, tf.Variable]:
    """Return the slots of optimizers that keep them apart by variable, as those before Keras 2.11 do."""
    return {
        f"{path}/{name}/{of}": optimizer.get_slot(variable, name)
        for path, optimizer in optimizers
        for of, variable in variables.items()
        for name in optimizer.get_slot_names()
        if _has_slot(optimizer, variable, name)
    }


def _has_slot(optimizer: Any, variable: tf.Variable, name: str) -> bool:
    try:
        return optimizer.get_slot(variable, name) is not None
    except KeyError:
        return False


def _signature(state: Mapping[str, NDArray[Any]]) -> dict[str, tuple[Any, ...]]:
    return {name: (values.shape, values.dtype) for name, values in state.items()}


def draw_weights(net: network.Network, seed: int, index: int) -> None:
    """Draw the kernels of ``net`` anew, each with its own layer's initializer, from ``seed`` alone.

    Keras draws them from a global generator when it builds a layer, so a seed given to a run would not reach them.
    """
    layers = [layer for layer in net.submodules if getattr(layer, "kernel_initializer", None) is not None]
    for number, layer in enumerate(layers):
        word = int(randomness.draw(1, seed, randomness.Stream.WEIGHTS, index, number)[0] >> 1)
        # Of TF-Agents' initializers some are TensorFlow 1's, which are stateful; their namesakes in Keras are not.
        config = {**layer.kernel_initializer.get_config(), "seed": word}
        config.pop("dtype", None)
        initializer = getattr(tf.keras.initializers, type(layer.kernel_initializer).__name__)(**config)
        layer.kernel.assign(initializer(layer.kernel.shape, dtype=layer.kernel.dtype))
