"""The options of ``cartrl compare``."""

from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Optional

import typer

from cartrl.cli import completion
from cartrl.cli.executors import Chosen
from cartrl.cli.options import (
    BEGAN,
    CLUSTER_OPTION,
    CSV_OPTION,
    GROUP_OPTION,
    JOBS_OPTION,
    JSON_OPTION,
    MODULES_OPTION,
    PATHS_HELP,
    SHIP_OPTION,
    TLS_OPTION,
    run_dir_option,
)
from cartrl.cli.references import layout_of, refuse_beside_resume, resolved
from cartrl.errors import UsageError
from cartrl.system.imports import import_environments

if TYPE_CHECKING:
    from cartrl.cli.commands.compare import Asked

MOST_SEEDS = 64


class By(str, Enum):
    """The number that a comparison tests."""

    final = "final"
    best = "best"
    area = "area"
    steps = "steps"


PATHS_ARGUMENT = typer.Argument(
    None, metavar="[PATH...]", autocompletion=completion.runs, help=PATHS_HELP, show_default=False
)
PLOT_OPTION = typer.Option(
    None,
    "--plot",
    metavar="FILE",
    help="Also draw the performance profiles, to a .png, .svg or .pdf.",
    show_default=False,
)
BY_OPTION = typer.Option(
    By.final, "--by", help="The number that is tested; the others describe. Choose before you look."
)
REFERENCES_OPTION = typer.Option(
    [],
    "--reference",
    metavar="ENV=LOW..HIGH",
    help="With studies of several environments: the returns of one that count as 0 and as 1. Default: a random "
    "policy's, and the reward threshold, where cartrl knows them. Repeatable.",
)
UNTIL_DECIDED_OPTION = typer.Option(
    False,
    "--until-decided",
    help="Train the two --config, a batch of seeds at a time, until it is decided which is better.",
)
CONFIGS_OPTION = typer.Option(
    [],
    "--config",
    "-c",
    autocompletion=completion.configs,
    help="With --until-decided: an experiment, a YAML file or a shipped config. Given twice.",
)
MOST_SEEDS_OPTION = typer.Option(
    None,
    "--max-seeds",
    min=1,
    max=10_000,
    help=f"With --until-decided: the seeds of each, at most. Default: {MOST_SEEDS}.",
    show_default=False,
)
RESUME_OPTION = typer.Option(
    None,
    "--resume",
    metavar="DECISION",
    autocompletion=completion.runs,
    help="Go on with an --until-decided that was stopped: its directory, or 'latest'.",
    show_default=False,
)


def compare(
    paths: list[Path] = PATHS_ARGUMENT,
    picture: Optional[Path] = PLOT_OPTION,
    by: By = BY_OPTION,
    csv: Optional[str] = CSV_OPTION,
    group: Optional[str] = GROUP_OPTION,
    references: list[str] = REFERENCES_OPTION,
    until_decided: bool = UNTIL_DECIDED_OPTION,
    configs: list[Path] = CONFIGS_OPTION,
    most_seeds: Optional[int] = MOST_SEEDS_OPTION,
    resume: Optional[str] = RESUME_OPTION,
    jobs: Optional[int] = JOBS_OPTION,
    cluster: Optional[str] = CLUSTER_OPTION,
    ship: bool = SHIP_OPTION,
    tls: Optional[tuple[Path, Path, Path]] = TLS_OPTION,
    run_dir: Optional[Path] = run_dir_option("decision"),
    as_json: bool = JSON_OPTION,
    modules: list[str] = MODULES_OPTION,
) -> None:
    """Compare studies, or the settings of a sweep, across their seeds: which one is better, and how sure that is."""
    import_environments(modules)
    chosen = Chosen(jobs, cluster, ship, tls)
    if resume is not None or until_decided:
        given = {
            "--plot": picture,
            "--csv": csv,
            "--group": group,
            "--reference": references or None,
            **{str(path): path for path in paths or ()},
        }
        what = next((name for name, value in given.items() if value is not None), None)
        if what is not None:
            raise UsageError(f"{what} is for studies that are there; --until-decided trains its own")
        if resume is None:
            _decide(configs, by, most_seeds or MOST_SEEDS, run_dir, chosen, as_json)
        else:
            refuse_beside_resume({"--config": configs or None, "--max-seeds": most_seeds, "--run-dir": run_dir})
            _go_on(resume, chosen, as_json)
        return
    training = {"--config": configs or None, "--max-seeds": most_seeds, "--run-dir": run_dir}
    option = next((name for name, value in training.items() if value is not None), chosen.first)
    if option is not None:
        raise UsageError(f"{option} is for --until-decided, which trains what it compares")
    if not paths:
        raise UsageError("give the studies to compare, or two --config and --until-decided")
    from cartrl.cli.commands.compare import Asked
    from cartrl.runs.references import parse_references

    _compare(paths, Asked(by.value, layout_of(csv, group), parse_references(references), picture, as_json))


def _compare(paths: list[Path], asked: "Asked") -> None:
    from cartrl.cli.commands.compare import run
    from cartrl.runs.directory import MANIFEST, STUDY, SWEEP

    run([resolved(path, MANIFEST, STUDY, SWEEP, is_said=not asked.as_json) for path in paths], asked)


def _decide(
    configs: list[Path], by: By, most_seeds: int, run_dir: Optional[Path], chosen: Chosen, as_json: bool
) -> None:
    if len(configs) != 2:
        raise UsageError(f"--until-decided compares two configs, but --config was given {len(configs)} times")
    from cartrl.settings import load

    loaded = [load(config, []) for config in configs]
    from cartrl.cli.commands.decide import run  # imports SciPy; a bad config is answered without it
    from cartrl.cli.commands.output import Output

    run(loaded, by.value, most_seeds, run_dir, chosen.executor(), Output.opened(False, as_json, BEGAN))


def _go_on(reference: str, chosen: Chosen, as_json: bool) -> None:
    from cartrl.cli.commands.decide import go_on
    from cartrl.cli.commands.output import Output
    from cartrl.runs.decision import find_decision
    from cartrl.runs.directory import DECISION

    found = find_decision(resolved(Path(reference), DECISION, is_said=not as_json))
    go_on(found, chosen.executor(), Output.opened(False, as_json, BEGAN))
