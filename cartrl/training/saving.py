"""A run saves policies and checkpoints while it trains."""

import time
from pathlib import Path
from typing import Any, NamedTuple, Optional, Protocol

from cartrl.runs.directory import RunDirectory
from cartrl.runs.machine import timestamp, versions
from cartrl.settings import ExperimentSettings
from cartrl.system import quiet
from cartrl.training import best_policies
from cartrl.training.checkpoints import TrainingCheckpoints
from cartrl.training.journal import Progress
from cartrl.training.parts import Parts
from cartrl.training.resuming import identity

SECONDS_BETWEEN_CHECKPOINTS = 60.0
SLOWER = 12  # steps of a climb after which the rise that the next step needs, a share of the height, has doubled


class Exporter(Protocol):
    """Saves the agent's policy as it is now."""

    def save(self, directory: Path, facts: dict[str, Any]) -> None:
        """Save the policy to ``directory``, and ``facts`` into its sidecar."""


class Rows(Protocol):
    """Writes the rows of the metrics."""

    def sync(self) -> None:
        """Wait until all rows are on disk."""


class Savable(NamedTuple):
    """The parts of an experiment that a run saves from."""

    parts: Parts  # their states go into checkpoints
    exporter: Exporter
    time_limit: int  # of an episode, in steps: a saved policy names it
    rows: Rows


class RunSaver:
    """Saves, after each row that makes it due, the best policy, a policy of the climb to it, or a checkpoint.

    Policies are saved before the checkpoint. So whenever the run is killed, the policies up to its last checkpoint are
    there, and the resumed run makes the later ones again, the same.
    """

    def __init__(self, settings: ExperimentSettings, run: RunDirectory, progress: Progress, savable: Savable):
        self._settings = settings
        self._run = run
        self._progress = progress
        self._savable = savable
        self._checkpoints = TrainingCheckpoints(run.checkpoints)
        self._kept = kept_iterations(settings)
        self._climb = Climb()
        for _, mean in progress.greedy_returns:
            self._climb.is_step(mean)
        self._saved_at = (progress.iteration, time.monotonic())

    def after_row(self) -> None:
        """Save what is due after the last row."""
        progress = self._progress
        if progress.is_evaluated:
            if progress.best == progress.last:
                best_policies.keep(self._run, checkpoint=self._saved_at[0])
                self._save_policy(self._run.best_policy)
            if self._climb.is_step(progress.greedy_returns[-1][1]) or progress.iteration in self._kept:
                self._save_policy(self._run.kept_policy(progress.iteration))
        _, moment = self._saved_at
        is_due = progress.iteration % self._settings.train.checkpoint_interval == 0
        if progress.iteration and (is_due or time.monotonic() - moment > SECONDS_BETWEEN_CHECKPOINTS):
            self.save_state()

    def finish(self) -> None:
        """Save a last checkpoint and, if the training is over, the final policy."""
        if self._progress.iteration > self._saved_at[0]:
            self.save_state()
        if self._progress.ended.is_over:
            self._save_policy(self._run.final_policy)
            best_policies.forget_all(self._run)

    def save_state(self) -> None:
        """Save a checkpoint of the last row's iteration."""
        self._savable.rows.sync()  # without these rows on disk a run could not go on from the checkpoint
        self._checkpoints.save(self._progress.iteration, identity(self._settings), self._savable.parts)
        self._saved_at = (self._progress.iteration, time.monotonic())
        best_policies.forget(self._run, self._checkpoints.oldest())

    def _save_policy(self, directory: Path) -> None:
        settings, progress = self._settings, self._progress
        reached = progress.last
        assert reached is not None, "row 0 is an evaluation"
        facts: dict[str, Any] = {
            "environment": {**settings.environment.dict(), "max_episode_steps": self._savable.time_limit},
            "agent": settings.agent.kind,
            "seed": settings.train.seed,
            "step": progress.iteration,
            "episodes": progress.episodes,
            "environment_steps": progress.environment_steps,
            "greedy_return": {"mean": reached.mean, "std": reached.std, "episodes": reached.episodes},
            "saved": timestamp(),
            "versions": versions(),
        }
        with quiet.held_back():
            self._savable.exporter.save(directory, facts)


class Climb:
    """Chooses the evaluations whose policies show how a run learned.

    The height of an evaluation is its mean return above that of the first evaluation. An evaluation is a step of the
    climb if its height exceeds that of the last step by a third; after `SLOWER` steps, by two thirds. So a climb has
    few steps, however long and slow it is.
    """

    def __init__(self) -> None:
        self._first: Optional[float] = None
        self._reached = 0.0  # the height of the last step
        self._steps = 0

    def is_step(self, mean: float) -> bool:
        """Take the mean return of the next evaluation; return whether the evaluation is a step."""
        if self._first is None:
            self._first = mean
        height = mean - self._first
        if not height > (1 + 2 ** (self._steps / SLOWER) / 3) * self._reached:  # a mean that is not a number is no step
            return False
        self._reached = height
        self._steps += 1
        return True


def kept_iterations(settings: ExperimentSettings) -> set[int]:
    """Return the evaluated iterations whose policies are kept: ``keep_policies`` of them, evenly spread from 0 on."""
    count, interval, last = settings.eval.keep_policies, settings.eval.eval_interval, settings.train.num_iterations
    wanted = (number * last / count for number in range(count))
    return {interval * round(iteration / interval) for iteration in wanted}
