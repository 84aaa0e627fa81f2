"""What agents share that learn from a memory of steps: several updates in one XLA program, and target networks."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Optional

import numpy as np
import tensorflow as tf
from tf_agents.agents import tf_agent
from tf_agents.networks import network
from tf_agents.policies import tf_policy

from cartrl.agents.adam import Adam
from cartrl.agents.learner import TfAgentLearner
from cartrl.policies.acting import Policies
from cartrl.randomness import ActionSeeds, Stream, Turn
from cartrl.settings.schedule import Schedule, at

Report = Mapping[str, tf.Tensor]  # a scalar for each column of the agent's kind


class Steps(NamedTuple):
    """B steps that are remembered."""

    observations: tf.Tensor  # [B, *observation]
    actions: tf.Tensor  # [B, *action]
    rewards: tf.Tensor  # [B]
    terminated: tf.Tensor  # [B] bool: nothing follows; a step that was only truncated counts what would have followed
    next_observations: tf.Tensor  # [B, *observation]


class TargetNetworks(tf.Module):
    """Copies of networks that follow them slowly, so that targets stay where they are while an estimate moves.

    V. Mnih et al. (2015) copy every so many updates (``tau`` 1), T. Lillicrap et al. (2016) move a little each time.

    Args:
        networks: that are trained, with variables.
        tau: how far a move goes: θ' ← τ θ + (1 - τ) θ'.
        period: updates between two moves.
    """

    def __init__(self, networks: Sequence[network.Network], tau: float, period: int):
        super().__init__()
        self._tau, self._period = tau, period
        self._sources = list(networks)
        self.networks = [net.copy(name=f"Target{net.name}") for net in networks]
        for net in self.networks:
            net.create_variables()

    def copy(self) -> None:
        """Make the copies equal to the networks."""
        for source, target in self._pairs():
            target.assign(source)

    def follow(self, updates: tf.Tensor) -> None:
        """Move the copies if that is due after so many ``updates``."""
        if self._period == 1:
            self._move()
        else:
            tf.cond(tf.equal(updates % self._period, 0), self._move, lambda: None)

    def _move(self) -> None:
        for source, target in self._pairs():
            target.assign(source if self._tau == 1 else target + self._tau * (source - target))

    def _pairs(self) -> list[tuple[tf.Variable, tf.Variable]]:
        return [
            pair
            for source, target in zip(self._sources, self.networks)
            for pair in zip(source.variables, target.variables)
        ]


class OffPolicyAgent(tf_agent.TFAgent):
    """An agent of TF-Agents that learns from steps of any policy, by `update`.

    Args:
        policy: of its networks, which a subclass builds before it calls this.
        targets: copies of some of them.
        optimizers: of all of them.
    """

    columns: Sequence[str]  # what `update` reports

    def __init__(self, policy: tf_policy.TFPolicy, targets: TargetNetworks, optimizers: Sequence[Adam]):
        super().__init__(
            policy.time_step_spec,
            policy.action_spec,
            policy,
            policy,
            train_sequence_length=None,
            train_step_counter=tf.Variable(0, dtype=tf.int64, name="train_step"),
        )
        self.targets = targets
        self._optimizers = list(optimizers)

    @abstractmethod
    def update(self, steps: Steps, seed: tf.Tensor, scheduled: tf.Tensor) -> Report:
        """Learn from a batch.

        Args:
            steps: the batch.
            seed: int32 [2], of all that is drawn.
            scheduled: float32, the values that the learner's ``schedules`` have now.
        """

    def _initialize(self) -> None:
        self.targets.copy()
        for optimizer in self._optimizers:
            optimizer.adopt()

    def _train(self, experience: Mapping[str, tf.Tensor], weights: None, seed: tf.Tensor, scheduled: tf.Tensor) -> Any:
        """Learn from K batches, tensors [K, B, …] by name."""
        count = experience["rewards"].shape[0]

        def body(number: tf.Tensor, sums: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            steps = Steps(**{name: tf.gather(column, number) for name, column in experience.items()})
            report = self.update(steps, tf.random.experimental.stateless_fold_in(seed, number), scheduled)
            self.train_step_counter.assign_add(1)
            self.targets.follow(self.train_step_counter)
            return number + 1, sums + tf.stack([report[name] for name in self.columns])

        nothing = tf.zeros(len(self.columns))
        # One iteration after the other: without XLA, TensorFlow may otherwise begin one before the last has ended.
        _, sums = tf.while_loop(
            lambda number, _: number < count, body, (0, nothing), parallel_iterations=1, maximum_iterations=count
        )
        means = dict(zip(self.columns, tf.unstack(sums / count)))
        return tf_agent.LossInfo(means[self.columns[0]], means)


class OffPolicyLearner(TfAgentLearner):
    """The agent as the training loop uses it.

    Args:
        agent: the agent.
        networks: whose weights are drawn from a run's seed.
        schedules: settings that may change while a run goes on, in the order in which `OffPolicyAgent.update` has them.
        policies: exploring and exploiting; None for those of the agent's distribution.
    """

    def __init__(
        self,
        agent: OffPolicyAgent,
        networks: Sequence[network.Network],
        schedules: Sequence[Schedule],
        policies: Optional[Policies] = None,
    ):
        super().__init__(agent, networks, _train)
        self._schedules = schedules
        if policies is not None:
            self.policies = policies

    def varying(self, turn: Turn) -> tuple[Any, ...]:
        """Return the seed of what is drawn, and the values of the schedules."""
        values = [at(schedule, turn.environment_steps) for schedule in self._schedules]
        return ActionSeeds(turn.seed, Stream.LEARNING, turn.iteration)[turn.number], np.array(values, np.float32)


def _train(
    agent: OffPolicyAgent, batches: Mapping[str, tf.Tensor], seed: tf.Tensor, scheduled: tf.Tensor
) -> Mapping[str, tf.Tensor]:
    report: Report = agent.train(batches, seed=seed, scheduled=scheduled).extra
    return report
