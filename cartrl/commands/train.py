"""``cartrl train``."""

import json
import math
import sys
import time
from pathlib import Path
from typing import Any, Optional

from rich.console import Console

from cartrl import quiet as noise
from cartrl.display.settings import write_resolved
from cartrl.display.tables import run_summary
from cartrl.display.training import LineDisplay, LiveDisplay, SilentDisplay
from cartrl.episodes import Evaluation
from cartrl.errors import CartrlError, UsageError
from cartrl.journal import Progress
from cartrl.run_directory import Manifest, RunDirectory
from cartrl.settings import ResolvedConfig
from cartrl.stopping import StopRequest


def run(config: ResolvedConfig, run_dir: Optional[Path], quiet: bool, as_json: bool, began: float) -> None:
    """Train, and print what was reached; ``began`` is when the process did."""
    settings = config.settings
    noise.prepare()
    threshold = _check_environment(config)
    directory = RunDirectory.create(run_dir, settings.environment.env_name, settings.agent.kind, settings.train.seed)
    write_resolved(config, directory.config)
    manifest = Manifest(directory.manifest, settings.train.seed)
    console = Console(stderr=as_json)
    display = _display(console, settings.train.log_interval, str(directory.root), quiet)
    try:
        with StopRequest() as stop, display:
            progress = _train(config, directory, display, threshold, began, stop)
        manifest.end(progress.ended, result=_result(progress))
    except BaseException as error:
        manifest.end("failed", error=f"{type(error).__name__}: {error}")
        raise
    if as_json:
        print(json.dumps({"run": str(directory.root), **_result(progress)}))
    elif quiet:
        print(directory.root)
    else:
        run_summary(console, progress, directory, threshold)
    if progress.ended == "interrupted":
        sys.exit(stop.exit_code)


def _check_environment(config: ResolvedConfig) -> Optional[float]:
    """Refuse what gym, without TensorFlow, can tell to be wrong; return gym's reward threshold.

    Raises:
        UsageError: pointing at the setting.
    """
    with noise.held_back():
        from cartrl.environments import compiled, gym_environment
    settings = config.settings
    env_name = settings.environment.env_name
    try:
        gym_environment.require_usable(env_name, settings.environment.max_episode_steps)
    except UsageError as error:
        raise config.error(("environment", "env_name"), str(error)) from None
    if settings.collect.engine == "compiled" and not compiled.has_twin(gym_environment.make(env_name)):
        raise config.error(("collect", "engine"), f"{env_name} has no compiled twin; take auto or vectorized")
    threshold = gym_environment.reward_threshold(env_name)
    if settings.train.stop_when_solved is True and threshold is None:
        reason = f"gym names no reward threshold for {env_name}; give the mean return from which to stop"
        raise config.error(("train", "stop_when_solved"), reason)
    return threshold


def _solved_from(config: ResolvedConfig, threshold: Optional[float]) -> float:
    """Return the mean return that ends the training; infinity where none does."""
    wanted = config.settings.train.stop_when_solved
    if wanted is True and threshold is not None:
        return threshold
    return math.inf if isinstance(wanted, bool) else wanted


def _train(
    config: ResolvedConfig,
    directory: RunDirectory,
    display: SilentDisplay,
    threshold: Optional[float],
    began: float,
    stop: StopRequest,
) -> Progress:
    with noise.held_back():
        from cartrl.experiment import Experiment
    settings = config.settings
    experiment = Experiment(settings, directory, display)
    experiment.progress.seconds["start-up"] = time.perf_counter() - began
    display.attach(experiment.progress, threshold)
    try:
        return experiment.run(stop, _solved_from(config, threshold))
    finally:
        if directory.metrics.exists():
            _draw_curve(config, directory, threshold)


def _draw_curve(config: ResolvedConfig, directory: RunDirectory, threshold: Optional[float]) -> None:
    from cartrl import plots

    settings = config.settings
    title = f"{settings.agent.kind.upper()} on {settings.environment.env_name}, seed {settings.train.seed}"
    plots.learning_curve(directory.metrics, directory.learning_curve, title, threshold)


def _display(console: Console, log_interval: int, title: str, quiet: bool) -> SilentDisplay:
    if quiet:
        return SilentDisplay()
    # Only stdout: what is written to stderr while libraries start is held back, and a live display with it.
    if console.is_terminal and not console.is_dumb_terminal and not console.stderr:
        return LiveDisplay(console, title)
    return LineDisplay(console, log_interval)


def _result(progress: Progress) -> dict[str, Any]:
    def reached(evaluation: Optional[Evaluation], iteration: int) -> dict[str, Any]:
        if evaluation is None:
            raise CartrlError("the run ended without an evaluation")
        return {"step": iteration, "mean": evaluation.mean, "std": evaluation.std, "episodes": len(evaluation.returns)}

    return {
        "best_greedy_return": reached(progress.best, progress.best_iteration),
        "final_greedy_return": reached(progress.last, progress.iteration),
        "episodes": progress.episodes,
        "environment_steps": progress.environment_steps,
        "seconds": {name: round(value, 3) for name, value in progress.seconds.items()},
    }
