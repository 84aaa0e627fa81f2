"""The options of ``cartrl reproduce``."""

from pathlib import Path
from typing import Optional

import typer

from cartrl.cli import completion
from cartrl.cli.options import BEGAN, JSON_OF_TRAINING_OPTION, MODULES_OPTION
from cartrl.cli.references import resolved
from cartrl.errors import UsageError
from cartrl.system.imports import import_environments


def reproduce(
    run_directory: Path = typer.Argument(
        ...,
        metavar="RUN",
        autocompletion=completion.runs,
        help="A run's directory, or 'latest'; or the zip file of a claim.",
        show_default=False,
    ),
    sample: Optional[int] = typer.Option(
        None,
        "--sample",
        min=1,
        help="Of a claim: train so many of its runs again, drawn at random. Default: all.",
        show_default=False,
    ),
    jobs: Optional[int] = typer.Option(
        None, "--jobs", "-j", min=1, max=1024, help="Of a claim: processes. Default: the cores.", show_default=False
    ),
    run_dir: Optional[Path] = typer.Option(
        None,
        "--run-dir",
        help="Keep the new run, or the runs of a claim, in this directory, which must not exist. Default: removed.",
        show_default=False,
    ),
    as_json: bool = JSON_OF_TRAINING_OPTION,
    modules: list[str] = MODULES_OPTION,
) -> None:
    """Train a run, or the runs of a claim, again from its own config, and say whether it comes out identical."""
    import_environments(modules)
    if run_directory.suffix == ".zip" and not run_directory.is_dir():
        from cartrl.cli.commands import verify
        from cartrl.cli.commands.output import Output
        from cartrl.execution.processes import Processes

        verify.run(run_directory, sample, run_dir, Processes(jobs), Output.opened(False, as_json, BEGAN))
        return
    option = next((name for name, value in {"--sample": sample, "--jobs": jobs}.items() if value is not None), None)
    if option is not None:
        raise UsageError(f"{option} is for a claim, the zip file of cartrl claim")
    from cartrl.cli.commands.reproduce import run
    from cartrl.runs.directory import MANIFEST

    run(resolved(run_directory, MANIFEST, is_said=not as_json), run_dir, as_json)
