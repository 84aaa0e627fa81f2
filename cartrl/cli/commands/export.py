"""``cartrl export``."""

import os
from pathlib import Path
from typing import Optional

from cartrl.analysis.summaries import certainty, of_json
from cartrl.errors import UsageError
from cartrl.policies import sidecar
from cartrl.policies.matching import require_match
from cartrl.policies.portable import onnx_file
from cartrl.policies.portable.parity import Parity
from cartrl.policies.rollouts import Rollouts
from cartrl.policies.sidecar import SavedPolicy
from cartrl.runs.directory import run_of
from cartrl.runs.finding import find_policy
from cartrl.system import quiet
from cartrl.system.console import Console
from cartrl.system.paths import require_creatable
from cartrl.terminal import tables


def run(checkpoint: Optional[str], form: str, output: Optional[Path], rollouts: Rollouts) -> None:
    """Export the policy that ``checkpoint`` names in the format ``form``; print its return and how it differs."""
    saved = sidecar.read(find_policy(checkpoint))
    if (saved.directory / sidecar.ARRAYS).is_file():
        raise UsageError(f"{saved.directory}: is an exported policy; name the one that it was made from")
    directory = output or _default(saved, form)
    require_creatable(directory)
    if os.path.lexists(directory):
        raise UsageError(f"{directory}: exists already; give a new directory with --output")
    if form == "onnx":
        onnx_file.require_installed()
    require_match(saved)
    with quiet.loading():
        from cartrl.policies.portable import writing

        exported = writing.export(saved, form, directory, rollouts)
    parity, report = exported.parity, exported.report
    console = Console()
    tables.facts(
        console,
        [
            ("policy", f"{saved.directory} (step {saved.step})"),
            ("environment", saved.environment.env_name),
            ("mean return", ", ".join(certainty(of_json(report, "mean"), report["episodes"], "episode"))),
            ("parity", f"{parity.identical:,} of {parity.observations:,} greedy actions equal to the last bit"),
            *([("ties", f"{parity.ties:,} actions of equal value but for rounding")] if parity.ties else []),
            ("differences", _differences(saved, parity)),
        ],
    )  # fmt: skip
    tables.lines(console, "exported", [str(directory)])


def _differences(saved: SavedPolicy, parity: Parity) -> str:
    """Return the greatest differences from the original in words."""
    of_distributions = f"{parity.greatest_difference_of_distributions:.1e}"
    if saved.is_discrete:
        return f"at most {of_distributions} of a probability"
    of_actions = f"{parity.greatest_difference:.1e}"
    return f"in half ranges, at most {of_actions} of an action, {of_distributions} of a mean or deviation"


def _default(saved: SavedPolicy, form: str) -> Path:
    """Return where an export goes: to exports/ in the run that the policy is in, or here for a policy on its own."""
    run = run_of(saved.directory)
    return (Path() if run is None else run.exports) / f"{saved.directory.resolve().name}-{form}"
