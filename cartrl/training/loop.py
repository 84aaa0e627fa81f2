"""The training loop of REINFORCE, as it stands in the books: collect whole episodes, learn from them, forget them.

It knows its parts by what they do, so it runs on any that do it; it needs no TensorFlow of its own.
"""

import math
from typing import Any, Callable, NamedTuple, Protocol

from cartrl.environments.episodes import EpisodeBatch, Evaluation, require_moderate
from cartrl.errors import CartrlError
from cartrl.runs.outcome import Outcome
from cartrl.settings import ExperimentSettings
from cartrl.training.journal import Journal


class Collector(Protocol):
    """Collects whole episodes under the current policy."""

    def prepare(self) -> None:
        """Do once what would make the first call slower than the others."""

    def collect(self, seed: int, iteration: int) -> EpisodeBatch:
        """Return the episodes of ``iteration``, a function of (seed, iteration) and the policy alone."""


class Replay(Protocol):
    """Carries each batch of episodes to the agent, once."""

    def write(self, episodes: EpisodeBatch) -> None:
        """Put a batch in."""

    def read(self) -> Any:
        """Take the oldest batch out."""


class Agent(Protocol):
    """Updates the policy."""

    def train(self, episodes: Any) -> dict[str, float]:
        """Learn from a batch; return the loss, its parts, and what else is worth a column in the metrics."""


class Pipeline(NamedTuple):
    """The parts of an experiment."""

    collector: Collector
    replay: Replay
    agent: Agent
    evaluate: Callable[[int, int], Evaluation]  # of the greedy policy of a seed after so many iterations


def train(
    settings: ExperimentSettings,
    pipeline: Pipeline,
    journal: Journal,
    should_stop: Callable[[], bool] = lambda: False,
    solved_from: float = math.inf,
    warn: Callable[[str], None] = lambda text: None,
) -> None:
    """Run all iterations, evaluating before the first, at every ``eval_interval`` and after the last.

    Args:
        settings: the seed, how many iterations, and when to evaluate.
        pipeline: the parts; the agent is in the state after the last iteration that the journal knows of.
        journal: is told of every iteration, and how it all ended.
        should_stop: asked between iterations.
        solved_from: the mean return of an evaluation from which the task is solved, which ends the training.
        warn: is told, once, of numbers that are too small to learn from.
    """
    is_warned = False
    collector, replay, agent, evaluate = pipeline
    seed, num_iterations, progress = settings.train.seed, settings.train.num_iterations, journal.progress
    if progress.iteration < 0:
        with journal.phase("evaluate"):
            first = evaluate(seed, 0)
        journal.start(first)
    for iteration in range(progress.iteration + 1, num_iterations + 1):
        if progress.is_solved(solved_from):
            break
        if should_stop():
            progress.ended = Outcome.INTERRUPTED
            return
        with journal.phase("collect"):
            episodes = collector.collect(seed, iteration)
        with journal.phase("learn"):
            replay.write(episodes)
            losses = agent.train(replay.read())
        _require_learned(losses, episodes, iteration)
        if not is_warned and (small := episodes.vanishing):
            warn(
                f"iteration {iteration} has {small}; numbers so small vanish in float32, and next to nothing is "
                "learned from them: scale them in the environment"
            )
            is_warned = True
        evaluation = None
        if iteration == num_iterations or iteration % settings.eval.eval_interval == 0:
            with journal.phase("evaluate"):
                evaluation = evaluate(seed, iteration)
        journal.record(iteration, episodes, losses, evaluation)
    progress.ended = Outcome.FINISHED if progress.iteration == num_iterations else Outcome.SOLVED


def _require_learned(losses: dict[str, float], episodes: EpisodeBatch, iteration: int) -> None:
    """Refuse numbers that are too large to learn from, or not finite.

    Raises:
        CartrlError: naming the cause.
    """
    for what, values in episodes.scales().items():
        require_moderate(values, f"iteration {iteration} has", what)
    for name, value in losses.items():
        if not math.isfinite(value):
            raise CartrlError(f"{name} is {value} in iteration {iteration}; try a smaller agent.learning_rate")
