"""One run from its config to its end, whoever trains it: the command, or a worker of a study."""

import math
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Optional

from cartrl.analysis.numbers import exact
from cartrl.errors import UsageError
from cartrl.experience.remote.address import Listening
from cartrl.pictures.drawer import Drawer, LearningCurve
from cartrl.runs.directory import RunDirectory
from cartrl.runs.json_files import read_json
from cartrl.runs.manifest import Clock, Manifest, Spent
from cartrl.runs.metrics import seconds_after
from cartrl.runs.outcome import Outcome, outcome_of
from cartrl.settings import ExperimentSettings, ResolvedConfig, load
from cartrl.settings.spaces import SpaceKind
from cartrl.settings.suites import SuiteError
from cartrl.settings.writing import read_resolved, write_resolved
from cartrl.system import quiet, sockets
from cartrl.system.signals import StopRequest
from cartrl.training import resuming
from cartrl.training.journal import Progress, Supervisor
from cartrl.training.resuming import NOTHING, Past

if TYPE_CHECKING:
    from cartrl.training.experiment import Experiment

ELSEWHERE = "is for the engine vectorized"
HAS_TWIN = "has a compiled twin, which needs no other processes; set collect.engine to vectorized to have them play"


@dataclass(frozen=True)
class Task:
    """What is to be trained, and from where on."""

    config: ResolvedConfig
    directory: RunDirectory
    past: Past
    threshold: Optional[float]  # the mean return from which the task is solved, if its suite says so

    @property
    def solved_from(self) -> float:
        """The mean return that ends the training; infinity where none does."""
        wanted = self.config.settings.train.stop_when_solved
        if wanted is True and self.threshold is not None:
            return self.threshold
        return math.inf if isinstance(wanted, bool) else wanted

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to do."""
        progress = self.progress()
        is_done = progress.iteration >= progress.num_iterations or progress.is_solved(self.solved_from)
        if not is_done:  # one that has not begun has no manifest either
            return False
        outcome = outcome_of(read_json(self.directory.manifest))
        return outcome is not None and outcome.is_over

    @property
    def iteration(self) -> int:
        """The iteration after which it goes on."""
        return int(self.past.rows[-1]["iteration"] or 0) if self.past.rows else 0

    def progress(self) -> Progress:
        """Return the state of the run before it is trained in this process."""
        settings = self.config.settings
        progress = Progress(settings.train.num_iterations, settings.eval.num_eval_episodes)
        for row in self.past.rows:
            progress.add(row)
        return progress

    def begin(self) -> Manifest:
        """Write the config and the manifest of a new run."""
        write_resolved(self.config, self.directory.config)
        seed = self.config.settings.train.seed
        return Manifest.begin(self.directory.manifest, seed=seed, reward_threshold=self.threshold)

    def go_on(self) -> Manifest:
        """Write into config and manifest that a run goes on."""
        write_resolved(self.config, self.directory.config)
        clock = Clock(self.past.seconds, seconds_after(self.past.rows))
        return Manifest.resume(self.directory.manifest, clock, after=self.iteration)

    def train(self, experiment: "Experiment", progress: Progress, supervisor: Supervisor, drawer: Drawer) -> None:
        """Train, and have the learning curve drawn of whatever was reached."""
        settings = self.config.settings
        run = self.directory
        try:
            experiment.run(self, progress, supervisor)
        finally:
            if run.metrics.exists():
                title = f"{settings.agent.kind.upper()} on {settings.environment.env_name}, seed {settings.train.seed}"
                curve = LearningCurve(
                    str(run.metrics), str(run.learning_curve), title, self.threshold, str(run.tensorboard)
                )
                drawer.draw(curve, supervisor.warn)


def new(config: ResolvedConfig, directory: RunDirectory, threshold: Optional[float]) -> Task:
    """Return the task of a run that has not begun."""
    return Task(config, directory, NOTHING, threshold)


def stopped(directory: RunDirectory, overrides: Sequence[str], warn: Callable[[str], None]) -> Task:
    """Return the task of a run that was stopped, with ``overrides`` of what may be changed.

    Raises:
        UsageError: when they would make it another experiment.
        CartrlError: when it is damaged.
    """
    config = read_resolved(directory.config, overrides)
    resuming.require_same_experiment(load(directory.config).settings, config)
    past = resuming.load(directory, config.settings, warn)
    return Task(config, directory, past, check_environment(config))


def check_environment(config: ResolvedConfig) -> Optional[float]:
    """Refuse what the environment, without TensorFlow, shows to be wrong; return the mean return that solves it.

    Raises:
        UsageError: pointing at the setting.
        CartrlError: when nothing can be trained here.
    """
    sockets.loopback()  # without which Reverb could not be reached, after TensorFlow has been loaded for it
    quiet.prepare()
    with quiet.loading():
        from cartrl.environments import checking, spaces, suite, twins
        from cartrl.environments.arguments import ArgumentsError
        from cartrl.environments.wrappers.wrapper import WrapperError
    settings = config.settings
    env_name = settings.environment.env_name
    try:
        checking.require_usable(settings.environment, settings.agent.kind)
    except SuiteError as error:
        raise config.error(("environment", "suite"), str(error)) from None
    except suite.ConstantsError as error:
        raise config.error(("environment", "constants"), str(error)) from None
    except ArgumentsError as error:
        raise config.error(("environment", "kwargs"), str(error)) from None
    except WrapperError as error:
        raise config.error(("environment", "wrappers"), str(error)) from None
    except UsageError as error:
        raise config.error(("environment", "env_name"), str(error)) from None
    with closing(suite.playable(settings.environment)) as env:
        if settings.collect.engine == "compiled" and not twins.has_twin(env.raw):
            wrapped = " in wrappers" if settings.environment.wrappers else ""
            raise config.error(
                ("collect", "engine"), f"{env_name}{wrapped} has no compiled twin; take auto or vectorized"
            )
        asked = settings.collect.elsewhere
        if asked and settings.collect.engine != "vectorized" and twins.has_twin(env.raw):
            raise config.error(("collect", asked), f"{ELSEWHERE}, but {env_name} {HAS_TWIN}")
        correlation = getattr(settings.collect, "noise_correlation", 0)  # which only some forms of experience have
        if correlation and spaces.kind(env.action_space) is SpaceKind.DISCRETE:
            takes = f"{env_name} takes actions of {spaces.shown(env.action_space)}"
            raise config.error(("collect", "noise_correlation"), f"{takes}, and only continuous actions have noise")
    threshold, reason = suite.solved_from(settings.environment)
    if settings.train.stop_when_solved is True and threshold is None:
        raise config.error(("train", "stop_when_solved"), f"{reason}; give the mean return from which to stop")
    return threshold


def require_shareable(settings: ExperimentSettings, asked: str) -> None:
    """Refuse an experiment whose collecting no other process can share, which the option ``asked`` wants.

    Raises:
        UsageError: saying why.
    """
    from cartrl.environments import suite, twins

    if reason := settings.collect.why_alone(asked):
        raise UsageError(reason)
    with closing(suite.playable(settings.environment)) as env:
        if settings.collect.engine != "vectorized" and twins.has_twin(env.raw):
            raise UsageError(f"{asked} {ELSEWHERE}, but {settings.environment.env_name} {HAS_TWIN}")


def threshold_said(config: ResolvedConfig, threshold: Optional[float]) -> str:
    """Write the reward threshold of the task, or why it has none."""
    if threshold is not None:
        return exact(threshold)
    from cartrl.environments import suite

    return f"none: {suite.solved_from(config.settings.environment)[1]}"


def build(
    task: Task,
    manifest: Manifest,
    progress: Progress,
    stop: StopRequest,
    began: float,
    finish: Callable[[], None] = lambda: None,
    listening: Optional[Listening] = None,
) -> "Experiment":
    """Import what is heavy and build the experiment; ``began`` is when the start-up did, by time.perf_counter.

    A signal meanwhile, or before, ends the process, and ``manifest`` says so; ``finish`` is called before.
    """

    def last_words() -> None:
        manifest.end(Outcome.INTERRUPTED)
        finish()

    with quiet.loading(last_words):
        if stop.signal is not None:
            signal.raise_signal(stop.signal)
        from cartrl.training.experiment import Experiment

        experiment = Experiment(task.config.settings, listening)
    progress.seconds["start-up"] = time.perf_counter() - began
    return experiment


def result(progress: Progress, before: Spent) -> dict[str, Any]:
    """Return what a run reached, for its manifest and for ``--json``; ``before`` is what earlier processes took."""
    assert progress.best is not None and progress.last is not None, "row 0 is an evaluation"
    return {
        "best_greedy_return": progress.best._asdict(),
        "final_greedy_return": progress.last._asdict() if progress.ended.is_over else None,
        "last_greedy_return": progress.last._asdict(),
        "episodes": progress.episodes,
        "environment_steps": progress.environment_steps,
        "seconds": {name: round(value, 3) for name, value in progress.seconds.items()},
        "total_seconds": round(before.seconds + sum(progress.seconds.values()), 3),
    }
