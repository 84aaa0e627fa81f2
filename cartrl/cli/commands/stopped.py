"""``cartrl train --dry-run --resume``."""

from collections.abc import Sequence
from typing import Union

import typer

from cartrl.runs.directory import RunDirectory
from cartrl.runs.study import StudyDirectory, named
from cartrl.settings import ResolvedConfig, load
from cartrl.settings.writing import read_resolved, resolved_yaml
from cartrl.training import tasks
from cartrl.training.checkpoints import TrainingCheckpoints
from cartrl.training.resuming import require_same_experiment


def show_what_goes_on(stopped: Union[RunDirectory, StudyDirectory], overrides: Sequence[str]) -> None:
    """Check the config with which a run or a study would go on; print it below a comment that says from where."""
    config = read_resolved(stopped.config, overrides)
    require_same_experiment(load(stopped.config).settings, config)
    tasks.check_environment(config)
    typer.echo(f"# {_place(stopped, config, is_extended=bool(overrides))}")
    typer.echo(resolved_yaml(config), nl=False)


def _place(stopped: Union[RunDirectory, StudyDirectory], config: ResolvedConfig, is_extended: bool) -> str:
    """Return the sentence that says after which iteration a run, or with which seeds a study, would go on."""
    if isinstance(stopped, RunDirectory):
        reached = TrainingCheckpoints(stopped.checkpoints).latest()
        last = config.settings.train.num_iterations
        if reached is None:
            return f"{stopped.root}: begins anew"
        what = "goes on" if reached < last else "nothing is left to train"
        return f"{stopped.root}: {what} after iteration {reached} of {last}"
    seeds = stopped.seeds()
    left = seeds if is_extended else stopped.left()
    return f"{stopped.root}: {len(left)} of {len(seeds)} seeds go on: {named(left) or 'none'}"
