"""What is known of a run while it trains: counters, the best evaluation, and who is told of each iteration."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Callable, NamedTuple, Optional, Protocol

import numpy as np

from cartrl.environments.episodes import Evaluation, Played, too_large
from cartrl.runs.metrics import Row
from cartrl.runs.outcome import Outcome


class Reached(NamedTuple):
    """What an evaluation found."""

    step: int  # the iteration after which it was
    mean: float
    std: float
    episodes: int


@dataclass
class Progress:
    """The state of a run, for displays and for what is saved beside a policy: all of it follows from its rows."""

    num_iterations: int
    num_eval_episodes: int
    ended: Outcome = Outcome.RUNNING
    iteration: int = -1  # the last whose row is in; 0 is the evaluation before the first update
    updates: int = 0
    episodes: int = 0
    environment_steps: int = 0
    last: Optional[Reached] = None
    best: Optional[Reached] = None
    collect_returns: list[tuple[int, float]] = field(default_factory=list)  # (iteration, mean)
    greedy_returns: list[tuple[int, float]] = field(default_factory=list)  # (iteration, mean)
    seconds: dict[str, float] = field(default_factory=dict)  # wall time by phase

    def add(self, row: dict[str, Any]) -> None:
        """Take in the next row. Of equal evaluations the later is the best: it has learned from more."""
        self.iteration = row["iteration"]
        self.updates, self.episodes = row["updates"], row["episodes"]
        self.environment_steps = row["environment_steps"]
        if row.get("collect_return_mean") is not None:
            self.collect_returns.append((self.iteration, row["collect_return_mean"]))
        if row.get("greedy_return_mean") is not None:
            self.evaluated(row["greedy_return_mean"], row["greedy_return_std"])

    def evaluated(self, mean: float, std: float) -> None:
        """Take in the evaluation of the last iteration."""
        self.last = Reached(self.iteration, mean, std, self.num_eval_episodes)
        self.greedy_returns.append((self.iteration, mean))
        if self.best is None or mean >= self.best.mean:
            self.best = self.last

    @property
    def is_evaluated(self) -> bool:
        """Whether the last iteration was."""
        return self.last is not None and self.last.step == self.iteration

    def is_solved(self, mean: float) -> bool:
        """Whether the last iteration was evaluated, and reached a mean return of ``mean``."""
        return self.is_evaluated and self.last is not None and self.last.mean >= mean


class Listener(Protocol):
    """Is told of every row: the metrics file, TensorBoard, the display."""

    def append(self, row: Row) -> None:
        """Take the row of one iteration."""


class Supervisor(NamedTuple):
    """Whoever has a run trained: is shown its rows, may stop it, and is told what ends nothing."""

    display: Listener
    should_stop: Callable[[], bool]  # asked between iterations
    warn: Callable[[str], None]


class Journal:
    """Counts, times and compares, and passes a row an iteration to its listeners.

    Args:
        progress: the state to keep; it may hold rows already, those of a run that goes on.
        listeners: told in this order.
        save: called after each row, to save what must outlive the process.
        seconds: how long the run has been training before.
        warn: is told, once, of numbers that are too small to learn from.
    """

    def __init__(
        self,
        progress: Progress,
        listeners: Sequence[Listener],
        save: Callable[[], None],
        seconds: float = 0.0,
        warn: Callable[[str], None] = lambda text: None,
    ):
        self.progress = progress
        self._listeners = listeners
        self._save = save
        self._began = time.perf_counter() - seconds
        self._warn = warn
        self._is_warned = False
        self._played: list[Played] = []  # since the last row

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
        row: Row = {"iteration": 0, "updates": 0, "episodes": 0, "environment_steps": 0}
        self._close_row(row, evaluation)

    def played(self, iteration: int, played: Played) -> None:
        """Note what a turn played.

        Raises:
            CartrlError: when it holds numbers that are too large to learn from.
        """
        concerns = played.concerns
        if concerns.too_large:
            raise too_large(f"iteration {iteration} has", concerns.too_large)
        if concerns.vanishing and not self._is_warned:
            self._warn(
                f"iteration {iteration} has {concerns.vanishing}; numbers so small vanish in float32, and next to "
                "nothing is learned from them: scale them in the environment"
            )
            self._is_warned = True
        self._played.append(played)

    def close(
        self, iteration: int, updates: int, report: Mapping[str, float], evaluation: Optional[Evaluation]
    ) -> None:
        """Note the end of an iteration.

        Args:
            iteration: its number.
            updates: of the agent so far.
            report: the agent's, of the updates of this iteration.
            evaluation: None where there was none.
        """
        progress = self.progress
        returns = np.concatenate([played.returns for played in self._played])
        terminated = sum(int(played.terminated.sum()) for played in self._played)
        row: Row = {
            "iteration": iteration,
            "updates": updates,
            "episodes": progress.episodes + len(returns),
            "environment_steps": progress.environment_steps + sum(played.steps for played in self._played),
            **report,
            "terminated_episodes": terminated,
            "truncated_episodes": len(returns) - terminated,
        }
        if len(returns):
            row["collect_return_mean"] = float(returns.mean())
            row["collect_return_min"], row["collect_return_max"] = float(returns.min()), float(returns.max())
        self._played = []
        self._close_row(row, evaluation)

    def _close_row(self, row: Row, evaluation: Optional[Evaluation]) -> None:
        if evaluation is not None:
            row["greedy_return_mean"], row["greedy_return_std"] = evaluation.mean, evaluation.std
        row["seconds"] = round(time.perf_counter() - self._began, 3)
        self.progress.add(row)
        with self.phase("log"):
            for listener in self._listeners:
                listener.append(row)
        with self.phase("save"):
            self._save()
