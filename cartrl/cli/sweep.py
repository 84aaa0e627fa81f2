"""The options of ``cartrl sweep``."""

from pathlib import Path
from typing import Optional

import typer

from cartrl.cli import completion
from cartrl.cli.executors import Chosen
from cartrl.cli.options import (
    BEGAN,
    CLUSTER_OPTION,
    CONFIG_ARGUMENT,
    CONFIG_OPTION,
    JOBS_OPTION,
    JSON_OF_TRAINING_OPTION,
    LOG_TO_OPTION,
    MODULES_OPTION,
    SET_OPTION,
    SHIP_OPTION,
    TLS_OPTION,
    run_dir_option,
)
from cartrl.cli.references import one_of, refuse_beside_resume, resolved
from cartrl.errors import UsageError
from cartrl.system.imports import import_environments

GRID_OPTION = typer.Option(
    [],
    "--grid",
    metavar="SECTION.KEY=VALUE,…",
    autocompletion=completion.settings,
    help="Values of a setting, such as agent.learning_rate=1e-3,3e-3. Repeatable: all combinations are trained.",
)
SEARCH_OPTION = typer.Option(
    [],
    "--search",
    metavar="SECTION.KEY=LOW..HIGH",
    autocompletion=completion.settings,
    help="A range to search, such as agent.discount=0.9..1; 1e-4..1e-2:log is searched in the logarithm, and of "
    "true|false or a|b|c one is chosen. Repeatable. Needs Optuna.",
)
CONFIRM_OPTION = typer.Option(
    None,
    "--confirm",
    min=2,
    max=10_000,
    metavar="N",
    help="At the end, train the best two settings with N fresh seeds, and say whether the best holds.",
    show_default=False,
)
RESUME_OPTION = typer.Option(
    None,
    "--resume",
    metavar="SWEEP",
    autocompletion=completion.runs,
    help="Continue a sweep that was stopped: its directory, or 'latest'. In place of all that describes one.",
    show_default=False,
)


def sweep(
    file: Optional[Path] = CONFIG_ARGUMENT,
    config_option: Optional[Path] = CONFIG_OPTION,
    overrides: list[str] = SET_OPTION,
    grid: list[str] = GRID_OPTION,
    search: list[str] = SEARCH_OPTION,
    trials: Optional[int] = typer.Option(
        None, "--trials", min=1, max=1000, help="How many settings --search tries.", show_default=False
    ),
    seeds: Optional[str] = typer.Option(
        None, "--seeds", metavar="SEEDS", help="The seeds of every setting: 0-7, or 0,3,7.", show_default=False
    ),
    race: bool = typer.Option(
        False,
        "--race",
        help="Train all settings with a few of the seeds, and only the better half with twice as many, and so on.",
    ),
    confirm: Optional[int] = CONFIRM_OPTION,
    resume: Optional[str] = RESUME_OPTION,
    jobs: Optional[int] = JOBS_OPTION,
    cluster: Optional[str] = CLUSTER_OPTION,
    ship: bool = SHIP_OPTION,
    tls: Optional[tuple[Path, Path, Path]] = TLS_OPTION,
    run_dir: Optional[Path] = run_dir_option("sweep"),
    log_to: list[str] = LOG_TO_OPTION,
    quiet: bool = typer.Option(False, "--quiet", "-q", help="Print nothing but the sweep's directory."),
    as_json: bool = JSON_OF_TRAINING_OPTION,
    modules: list[str] = MODULES_OPTION,
) -> None:
    """Train many settings with the same seeds, and rank them."""
    from cartrl.cli.commands.output import Output
    from cartrl.cli.commands.sweep import Choices, go_on, run
    from cartrl.runs.directory import SWEEP
    from cartrl.runs.sweep import find_sweep
    from cartrl.sweeps.grid import Base

    import_environments(modules)
    config = one_of(file, config_option, "--config")
    output = Output.opened(quiet, as_json, BEGAN, log_to)
    chosen = Chosen(jobs, cluster, ship, tls)
    if resume is not None:
        given = {
            "--config": config, "--set": overrides or None, "--grid": grid or None, "--search": search or None,
            "--trials": trials, "--seeds": seeds, "--race": race or None, "--confirm": confirm,
            "--run-dir": run_dir,
        }  # fmt: skip
        refuse_beside_resume(given)
        go_on(find_sweep(resolved(Path(resume), SWEEP)), chosen.executor(), output)
    elif config is None:
        raise UsageError("give a --config to sweep over, or a sweep to --resume")
    elif seeds is None:
        raise UsageError("give --seeds, such as 0-7: settings are ranked by what several seeds reach")
    else:
        choices = Choices(grid, search, trials, seeds, race, confirm or 0)
        run(Base(config, overrides), choices, run_dir, chosen.executor(), output)
