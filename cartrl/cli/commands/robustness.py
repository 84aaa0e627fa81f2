"""``cartrl eval --vary`` and ``--noise``."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Optional

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from cartrl.pictures import plots
from cartrl.policies import loading, sidecar
from cartrl.policies.matching import require_match
from cartrl.policies.rollouts import Rollouts
from cartrl.policies.variations import Axis
from cartrl.runs.finding import find_policy
from cartrl.system import answers, quiet
from cartrl.system.console import Console
from cartrl.system.paths import require_writable
from cartrl.terminal import tables
from cartrl.terminal.heat_map import print_map


def run(
    checkpoint: Optional[str],
    rollouts: Rollouts,
    axes: Sequence[Axis],
    points: int,
    picture: Optional[Path],
    as_json: bool,
) -> None:
    """Play the policy that ``checkpoint`` names along ``axes``; print its returns, and draw them into ``picture``."""
    if picture is not None:
        require_writable(picture, "picture", plots.SUFFIXES)
    stdout = answers.stream(is_alone=as_json)
    saved = sidecar.read(find_policy(checkpoint))
    require_match(saved)
    console = Console(stderr=as_json)
    bar = Progress(
        TextColumn("playing"), BarColumn(), MofNCompleteColumn(), console=console, transient=True,
        disable=as_json or not console.is_terminal,
    )  # fmt: skip
    with quiet.loading():
        from cartrl.policies import robustness

        along = robustness.varied(saved, axes, points)
        policy = loading.load(saved)
    with quiet.held_back(), bar:  # the garbage collector is back, which frees the environments of each cell
        count = robustness.number_of_cells(along)
        found = list(bar.track(robustness.cells(saved, policy, rollouts, along), total=count))
        report = robustness.report(saved, rollouts, along, found)
    if picture is not None:
        from cartrl.pictures import heat_map

        heat_map.draw(report, picture)
    if as_json:
        print(json.dumps(report), file=stdout, flush=True)
        return
    print_map(console, report)
    if picture is not None:
        tables.lines(console, "picture", [str(picture)])
