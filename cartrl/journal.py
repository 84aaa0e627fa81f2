"""What is known of a run while it trains: counters, the best evaluation, and who is told of each iteration."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Callable, Optional, Protocol

from cartrl.episodes import EpisodeBatch, Evaluation
from cartrl.metrics import Row


@dataclass
class Progress:
    """The state of a run, for displays and for what is saved beside a policy."""

    num_iterations: int
    ended: str = "running"  # then finished, solved or interrupted
    iteration: int = 0
    episodes: int = 0
    environment_steps: int = 0
    last: Optional[Evaluation] = None
    best: Optional[Evaluation] = None
    best_iteration: int = 0
    collect_returns: list[tuple[int, float]] = field(default_factory=list)  # (iteration, mean)
    greedy_returns: list[tuple[int, float]] = field(default_factory=list)  # (iteration, mean)
    seconds: dict[str, float] = field(default_factory=dict)  # wall time by phase


class Listener(Protocol):
    """Is told of every row: the metrics file, TensorBoard, the display."""

    def append(self, row: Row) -> None:
        """Take the row of one iteration."""


class Journal:
    """Counts, times and compares, and passes a row an iteration to its listeners.

    Args:
        progress: the state to keep.
        listeners: told in this order.
        on_evaluation: called after each evaluation, with whether it is the best so far. Of equals the later is
            better: it has learned from more.
    """

    def __init__(self, progress: Progress, listeners: Sequence[Listener], on_evaluation: Callable[[bool], None]):
        self.progress = progress
        self._listeners = listeners
        self._on_evaluation = on_evaluation
        self._began = time.perf_counter()

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Add the wall time of the block to the phase ``name``."""
        began = time.perf_counter()
        try:
            yield
        finally:
            seconds = self.progress.seconds
            seconds[name] = seconds.get(name, 0.0) + time.perf_counter() - began

    def start(self, evaluation: Evaluation) -> None:
        """Note the evaluation before the first update: row 0."""
        row: Row = {"step": 0, "episodes": 0, "environment_steps": 0}
        self._close_row(row, evaluation)

    def record(
        self, iteration: int, episodes: EpisodeBatch, losses: dict[str, float], evaluation: Optional[Evaluation]
    ) -> None:
        """Note an iteration: what was collected, what the update reported, and the evaluation if there was one."""
        progress = self.progress
        returns = episodes.returns
        progress.iteration = iteration
        progress.episodes += len(returns)
        progress.environment_steps += int(episodes.lengths.sum())
        progress.collect_returns.append((iteration, float(returns.mean())))
        terminated = int(episodes.terminated.sum())
        row: Row = {
            "step": iteration,
            "episodes": progress.episodes,
            "environment_steps": progress.environment_steps,
            **losses,
            "collect_return_mean": float(returns.mean()),
            "collect_return_min": float(returns.min()),
            "collect_return_max": float(returns.max()),
            "terminated_episodes": terminated,
            "truncated_episodes": len(returns) - terminated,
        }
        self._close_row(row, evaluation)

    def _close_row(self, row: Row, evaluation: Optional[Evaluation]) -> None:
        if evaluation is not None:
            row["greedy_return_mean"], row["greedy_return_std"] = evaluation.mean, evaluation.std
            self._compare(evaluation)
        row["seconds"] = round(time.perf_counter() - self._began, 3)
        for listener in self._listeners:
            listener.append(row)

    def _compare(self, evaluation: Evaluation) -> None:
        progress = self.progress
        improved = progress.best is None or evaluation.mean >= progress.best.mean
        progress.last = evaluation
        progress.greedy_returns.append((progress.iteration, evaluation.mean))
        if improved:
            progress.best, progress.best_iteration = evaluation, progress.iteration
        with self.phase("save"):
            self._on_evaluation(improved)
