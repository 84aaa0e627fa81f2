"""``cartrl train`` of one run."""

import secrets
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Optional

from cartrl.cli.commands.output import Output
from cartrl.errors import UsageError
from cartrl.experience.remote import address
from cartrl.experience.remote.address import Invitation, Listening
from cartrl.pictures.drawer import Drawer
from cartrl.runs.directory import RunDirectory, beginning, create
from cartrl.runs.finding import find_run
from cartrl.runs.json_files import read_json
from cartrl.runs.lock import RunLock
from cartrl.runs.manifest import Manifest
from cartrl.runs.outcome import Outcome
from cartrl.settings import ExperimentSettings, ResolvedConfig
from cartrl.system.calls import call
from cartrl.system.closing import closed_at_end
from cartrl.system.notices import note, warn
from cartrl.system.signals import StopRequest
from cartrl.terminal.tables import run_summary
from cartrl.terminal.training import LineDisplay, LiveDisplay, SilentDisplay
from cartrl.training import tasks
from cartrl.training.journal import Supervisor
from cartrl.training.tasks import Task


def run(
    config: ResolvedConfig, run_dir: Optional[Path], output: Output, invitation: Optional[Invitation] = None
) -> None:
    """Train a new run, and print its results; collectors may follow the ``invitation``."""
    settings = config.settings
    threshold = tasks.check_environment(config)
    seed = settings.train.seed
    with _listening(invitation, settings) as listening:
        directory = RunDirectory(create(run_dir, settings.environment.env_name, settings.agent.kind, str(seed)))
        with beginning(directory.root, directory.manifest), RunLock(directory.lock):
            task = tasks.new(config, directory, threshold)
            _train(task, task.begin(), output, listening)


def resume(reference: str, overrides: Sequence[str], output: Output, invitation: Optional[Invitation] = None) -> None:
    """Continue a run that was stopped or killed, to its last iteration or, with ``overrides``, beyond."""
    directory = find_run(reference)
    with RunLock(directory.lock):
        task = tasks.stopped(directory, overrides, warn)
        if task.is_over:
            manifest = read_json(directory.manifest)
            outcome, result = manifest["outcome"], manifest.get("result", {})
            if output.as_json and (not isinstance(result, dict) or not result):
                raise UsageError(f"{directory.manifest}: not what a run that has ended writes: it has no result")
            output.note(f"{directory.root}: {outcome} already, after {task.iteration} iterations")
            _answer(directory, outcome, result, output)
            return
        with _listening(invitation, task.config.settings) as listening:
            _train(task, task.go_on(), output, listening)


@contextmanager
def _listening(invitation: Optional[Invitation], settings: ExperimentSettings) -> Iterator[Optional[Listening]]:
    """Listen for collectors while entered, if there is an ``invitation``, and say how they join."""
    if invitation is None:
        yield None
        return
    tasks.require_shareable(settings, "--listen")
    with address.listening(invitation.address, invitation.token or secrets.token_urlsafe(24).encode()) as listening:
        where = invitation.address._replace(port=listening.server.getsockname()[1])
        known = "" if invitation.token else f"{address.VARIABLE}={listening.token.decode()} "
        note(f"listening at {where}; collectors join by: {known}{call('collect', str(where))}")
        yield listening


def _train(task: Task, manifest: Manifest, output: Output, listening: Optional[Listening]) -> None:
    """Train a run from the start or from its checkpoint, and print its results."""
    directory, progress = task.directory, task.progress()
    title, log_interval = str(directory.root), task.config.settings.train.log_interval
    display = output.display(
        SilentDisplay, lambda console: LineDisplay(console, log_interval), lambda console: LiveDisplay(console, title)
    )
    logged = output.logged(directory.root)
    with logged, StopRequest() as stop, manifest, closed_at_end(warn) as opened, Drawer() as drawer, display:
        experiment = tasks.build(task, manifest, progress, stop, output.began, listening=listening)
        opened.callback(experiment.close)
        for sentence in experiment.told:
            output.note(sentence)
        display.attach(progress, task.threshold)
        task.train(experiment, progress, Supervisor(display, stop, warn), drawer)
        result = tasks.result(progress, manifest.before)
        manifest.reached(progress.ended, result=result)
    _answer(directory, progress.ended, result, output)
    if not output.is_alone:
        threshold = tasks.threshold_said(task.config, task.threshold)
        run_summary(output.console, progress, directory, threshold, manifest.before)
    if progress.ended is Outcome.INTERRUPTED:
        sys.exit(stop.exit_code)


def _answer(directory: RunDirectory, outcome: str, result: dict[str, Any], output: Output) -> None:
    """Print what programs read, if it is wanted: JSON, or the directory."""
    if output.as_json:
        output.print_json({"run": str(directory.root), "outcome": outcome, **result})
    elif output.quiet:
        output.print(directory.root)
