"""The options of ``cartrl train``."""

from pathlib import Path
from typing import TYPE_CHECKING, Optional

import typer

from cartrl.cli import completion
from cartrl.cli.collect import invited
from cartrl.cli.executors import Chosen
from cartrl.cli.options import (
    BEGAN,
    CLUSTER_OPTION,
    CONFIG_ARGUMENT,
    CONFIG_OPTION,
    JOBS_OPTION,
    JSON_OF_TRAINING_OPTION,
    LISTEN_OPTION,
    LOG_TO_OPTION,
    MODULES_OPTION,
    SET_OPTION,
    SHIP_OPTION,
    TLS_OPTION,
    TOKEN_FILE_OPTION,
    run_dir_option,
)
from cartrl.cli.references import one_of, refuse_beside_resume, resolved
from cartrl.errors import UsageError
from cartrl.system.imports import import_environments

if TYPE_CHECKING:
    from cartrl.cli.commands.output import Output
    from cartrl.experience.remote.address import Invitation

RESUME_OPTION = typer.Option(
    None,
    "--resume",
    metavar="RUN",
    autocompletion=completion.runs,
    help="Continue a run or a study that was stopped: its directory, or 'latest'. In place of --config; "
    "--set train.num_iterations=N extends it.",
    show_default=False,
)


def train(
    file: Optional[Path] = CONFIG_ARGUMENT,
    config_option: Optional[Path] = CONFIG_OPTION,
    overrides: list[str] = SET_OPTION,
    seed: Optional[int] = typer.Option(None, "--seed", help="Override train.seed.", show_default=False),
    resume: Optional[str] = RESUME_OPTION,
    seeds: Optional[str] = typer.Option(
        None, "--seeds", metavar="SEEDS", help="Train a study of many seeds: 0-31, or 0,3,7.", show_default=False
    ),
    jobs: Optional[int] = JOBS_OPTION,
    cluster: Optional[str] = CLUSTER_OPTION,
    ship: bool = SHIP_OPTION,
    tls: Optional[tuple[Path, Path, Path]] = TLS_OPTION,
    listen: Optional[str] = LISTEN_OPTION,
    token_file: Optional[Path] = TOKEN_FILE_OPTION,
    run_dir: Optional[Path] = run_dir_option("run"),
    log_to: list[str] = LOG_TO_OPTION,
    quiet: bool = typer.Option(False, "--quiet", "-q", help="Print nothing but the run's directory."),
    as_json: bool = JSON_OF_TRAINING_OPTION,
    dry_run: bool = typer.Option(
        False, "--dry-run", help="Check all that a training checks, print the settings, and train nothing."
    ),
    modules: list[str] = MODULES_OPTION,
) -> None:
    """Train a policy and save everything about it in a run directory."""
    from cartrl.cli.commands.output import Output
    from cartrl.cli.commands.train import run
    from cartrl.runs.directory import MANIFEST, STUDY
    from cartrl.runs.study import parse_seeds
    from cartrl.settings import load

    import_environments(modules)
    config = one_of(file, config_option, "--config")
    output = Output.opened(quiet, as_json, BEGAN, log_to)
    chosen = Chosen(jobs, cluster, ship, tls)
    invitation = invited(listen, token_file)
    if dry_run and output.is_alone:
        raise UsageError("--dry-run prints the settings; it cannot be given with --quiet or --json")
    if resume is not None:
        refuse_beside_resume({"--config": config, "--seed": seed, "--seeds": seeds, "--run-dir": run_dir})
        _go_on(str(resolved(Path(resume), MANIFEST, STUDY)), overrides, chosen, invitation, output, dry_run)
    elif config is None:
        raise UsageError("give a --config to train, or a run to --resume")
    elif seeds is None and chosen.first is not None:
        raise UsageError(f"{chosen.first} is for a study; give its --seeds, such as 0-7")
    elif seeds is not None and invitation is not None:
        raise UsageError("--listen is for one run; a study takes --seeds and --cluster")
    elif seeds is not None and seed is not None:
        raise UsageError("give --seed for one run, or --seeds for a study")
    elif dry_run:
        _check(config, overrides, seed, seeds, run_dir)
    elif seeds is not None:
        checked, executor = load(config, overrides), chosen.executor()
        from cartrl.cli.commands import study  # imports SciPy; a bad config is answered without it

        study.run(checked, parse_seeds(seeds), run_dir, executor, output)
    else:
        run(load(config, overrides, seed), run_dir, output, invitation)


def _check(
    config: Path, overrides: list[str], seed: Optional[int], seeds: Optional[str], run_dir: Optional[Path]
) -> None:
    """Check what ``--dry-run`` was given beside a config, as a training would, and print all settings."""
    from cartrl.cli.commands.config import show
    from cartrl.runs.directory import RUNS, require_new
    from cartrl.runs.study import parse_seeds
    from cartrl.settings import load
    from cartrl.system.paths import require_creatable

    if seeds is not None:
        parse_seeds(seeds)
    if run_dir is None:
        require_creatable(RUNS / "new")
    else:
        require_new(run_dir)
    show(load(config, overrides, seed))


def _go_on(
    reference: str,
    overrides: list[str],
    chosen: Chosen,
    invitation: "Optional[Invitation]",
    output: "Output",
    dry_run: bool,
) -> None:
    """Resume the run or the study in the directory ``reference``, or with ``dry_run`` say from where it would go on."""
    from cartrl.cli.commands import study, train
    from cartrl.cli.commands.stopped import show_what_goes_on
    from cartrl.runs.directory import SWEEP
    from cartrl.runs.finding import find_run
    from cartrl.runs.study import find_study
    from cartrl.system.calls import call

    if Path(reference, SWEEP).is_file():
        raise UsageError(f"{reference}: this is a sweep; go on with it by {call('sweep', '--resume', reference)}")
    known = find_study(reference)
    if known is None and chosen.first is not None:
        raise UsageError(f"{chosen.first} is for a study, but {find_run(reference).root} is one run")
    if known is not None and invitation is not None:
        raise UsageError(f"--listen is for one run, but {reference} is a study")
    if dry_run:
        show_what_goes_on(known or find_run(reference), overrides)
    elif known is not None:
        study.resume(known, overrides, chosen.executor(), output)
    else:
        train.resume(reference, overrides, output, invitation)
