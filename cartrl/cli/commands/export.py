"""``cartrl export``."""

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional

from cartrl.analysis.summaries import certainty, of_json
from cartrl.errors import UsageError
from cartrl.policies import sidecar
from cartrl.policies.matching import require_match
from cartrl.policies.portable import onnx_file
from cartrl.policies.portable.parity import TOLERANCE, Parity
from cartrl.policies.rollouts import Rollouts
from cartrl.policies.sidecar import SavedPolicy
from cartrl.runs.directory import run_of
from cartrl.runs.finding import find_policy
from cartrl.system import answers, files, quiet
from cartrl.system.console import Console
from cartrl.system.paths import require_creatable
from cartrl.terminal import tables

if TYPE_CHECKING:
    from cartrl.policies.portable.card import Exported


def run(checkpoint: Optional[str], form: str, output: Optional[Path], rollouts: Rollouts, as_json: bool) -> None:
    """Export the policy that ``checkpoint`` names in the format ``form``; print its return and how it differs."""
    stdout = answers.stream(is_alone=as_json)
    saved = sidecar.read(find_policy(checkpoint))
    require_original(saved)
    directory = output or _default(saved, form)
    require_possible(directory, form, "--output")
    require_match(saved)
    with quiet.loading(lambda: files.discard(directory)):
        from cartrl.policies.portable import writing

        exported = writing.export(saved, form, directory, rollouts)
    if as_json:
        print(json.dumps(facts(directory, exported, {})), file=stdout, flush=True)
        return
    console = Console()
    tables.facts(console, rows(exported))
    tables.lines(console, "exported", [str(directory)])


def require_original(saved: SavedPolicy) -> None:
    """Check that a policy is that of a run, and not itself an export.

    Raises:
        UsageError: for an export.
    """
    if (saved.directory / sidecar.ARRAYS).is_file():
        raise UsageError(f"{saved.directory}: is an exported policy; name the one that it was made from")


def require_possible(directory: Path, form: str, option: str) -> None:
    """Check, before anything slow, that ``directory``, which ``option`` names, can be made, and ``form`` be written.

    Raises:
        UsageError: saying why not.
    """
    require_creatable(directory)
    if os.path.lexists(directory):
        raise UsageError(f"{directory}: exists already; give a new directory with {option}")
    if form == "onnx":
        onnx_file.require_installed()


def facts(directory: Path, exported: "Exported", seeds: dict[str, float]) -> dict[str, Any]:
    """Return the JSON of an export to ``directory``; ``seeds`` are the mean returns of a study's."""
    return {
        "directory": str(directory),
        "format": exported.form,
        "parity": {**asdict(exported.parity), "tolerance": TOLERANCE},
        "evaluation": exported.report,
        "seeds": seeds,
    }


def rows(exported: "Exported") -> list[tuple[str, str]]:
    """Return what people read of an export: the policy, its mean return, and how it differs from the original."""
    saved, parity, report = exported.saved, exported.parity, exported.report
    return [
        ("policy", f"{saved.directory} (step {saved.step})"),
        ("environment", saved.environment.env_name),
        ("mean return", ", ".join(certainty(of_json(report, "mean"), report["episodes"], "episode"))),
        ("parity", f"{parity.identical:,} of {parity.observations:,} greedy actions equal to the last bit"),
        *([("ties", f"{parity.ties:,} actions of equal value but for rounding")] if parity.ties else []),
        ("differences", _differences(saved, parity)),
    ]


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
    return Path(f"{saved.directory.resolve().name}-{form}") if run is None else run.export(saved.directory, form)
