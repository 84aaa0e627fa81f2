"""The training loop of every agent: an iteration is one row of the metrics, and a number of turns.

In each turn the collector plays, and the agent learns from the batches that the replay then has. REINFORCE has one turn
an iteration, in which whole episodes are played and learned from once. An agent that updates after every few steps has
many. The loop knows its parts by what they do, so it runs on any that do it; it needs no TensorFlow of its own.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Callable, NamedTuple, Protocol

from cartrl.environments.episodes import Evaluation
from cartrl.errors import CartrlError
from cartrl.experience.roles import Collector, Replay
from cartrl.randomness import Turn
from cartrl.runs.outcome import Outcome
from cartrl.settings import ExperimentSettings
from cartrl.training.journal import Journal, Progress


class Agent(Protocol):
    """Learns, and has the policy."""

    train_step: Any  # tf.Variable: updates so far

    def learn(self, batch: Any, turn: Turn) -> None:
        """Update from ``batch``, one of those of ``turn``."""

    def report(self) -> Mapping[str, float]:
        """Return the agent's columns of the metrics, of the updates since the last report."""


class Pipeline(NamedTuple):
    """The parts of an experiment."""

    collector: Collector
    replay: Replay
    agent: Agent
    evaluate: Callable[[int, int], Evaluation]  # of the greedy policy of a seed after so many iterations


@dataclass(frozen=True)
class Schedule:
    """Which iterations a run has, of how many turns each, and which of them are evaluated."""

    settings: ExperimentSettings

    def left(self, progress: Progress) -> Iterator[int]:
        """Return the iterations after those of ``progress``."""
        return iter(range(progress.iteration + 1, self.settings.train.num_iterations + 1))

    def turns(self, iteration: int, environment_steps: int) -> Iterator[Turn]:
        """Return the turns of ``iteration``, before which the run had so many steps."""
        collect, seed = self.settings.collect, self.settings.train.seed
        steps = (collect.steps_per_iteration or 0) // collect.turns
        return (Turn(seed, iteration, number, environment_steps + number * steps) for number in range(collect.turns))

    def is_evaluated(self, iteration: int) -> bool:
        """Tell whether ``iteration`` ends with an evaluation: every ``eval_interval``-th and the last one do."""
        return iteration == self.settings.train.num_iterations or iteration % self.settings.eval.eval_interval == 0


def train(
    schedule: Schedule,
    pipeline: Pipeline,
    journal: Journal,
    should_stop: Callable[[], bool] = lambda: False,
    solved_from: float = math.inf,
) -> None:
    """Run all iterations that are left, evaluating before the first, where the schedule says so, and after the last.

    Args:
        schedule: the iterations and their turns.
        pipeline: the parts; the agent is in the state after the last iteration that the journal knows of.
        journal: is told of everything, and how it all ended.
        should_stop: asked between iterations.
        solved_from: the mean return of an evaluation from which the task is solved, which ends the training.
    """
    progress = journal.progress
    if progress.iteration < 0:
        journal.start(_evaluation(schedule, pipeline, journal, 0))
    for iteration in schedule.left(progress):
        if progress.is_solved(solved_from):
            break
        if should_stop():
            progress.ended = Outcome.INTERRUPTED
            return
        for turn in schedule.turns(iteration, progress.environment_steps):
            with journal.phase("collect"):
                played = pipeline.collector.collect(turn)
            journal.played(turn.iteration, played)
            with journal.phase("learn"):
                for batch in pipeline.replay.batches(turn):
                    pipeline.agent.learn(batch, turn)
        with journal.phase("learn"):
            report, updates = pipeline.agent.report(), int(pipeline.agent.train_step.numpy())
        _require_finite(report, iteration)
        evaluation = _evaluation(schedule, pipeline, journal, iteration) if schedule.is_evaluated(iteration) else None
        journal.close(iteration, updates, report, evaluation)
    progress.ended = Outcome.FINISHED if progress.iteration == progress.num_iterations else Outcome.SOLVED


def _evaluation(schedule: Schedule, pipeline: Pipeline, journal: Journal, iteration: int) -> Evaluation:
    with journal.phase("evaluate"):
        return pipeline.evaluate(schedule.settings.train.seed, iteration)


def _require_finite(report: Mapping[str, float], iteration: int) -> None:
    """Refuse the report of updates that have gone astray.

    Raises:
        CartrlError: naming the first number that is not finite.
    """
    for name, value in report.items():
        if not math.isfinite(value):
            raise CartrlError(f"{name} is {value} in iteration {iteration}; try a smaller agent.learning_rate")
