"""``cartrl claim``."""

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cartrl.analysis import claims
from cartrl.analysis.numbers import counted
from cartrl.errors import UsageError
from cartrl.policies import variables
from cartrl.runs import claim as claimed
from cartrl.runs.claim import LETTERS, ClaimDirectory
from cartrl.runs.directory import DECISION, RunDirectory
from cartrl.runs.gathering import load_studies
from cartrl.runs.labelling import names
from cartrl.runs.results import Study
from cartrl.runs.study import StudyDirectory
from cartrl.system import answers, zip_files
from cartrl.system.calls import call
from cartrl.system.console import Console
from cartrl.system.paths import require_writable
from cartrl.terminal import tables


def run(paths: Sequence[Path], output: Path, by: str, as_json: bool) -> None:
    """Write the claim that the runs or studies at ``paths`` make into the zip file ``output``, and print it."""
    require_writable(output, "claim", (".zip",))
    stdout = answers.stream(is_alone=as_json)  # gym, for its thresholds, may load modules that print
    studies = _studies(paths)
    called = names(studies)
    numbers, sentence = claims.shown(studies, called, by)
    with tempfile.TemporaryDirectory(prefix="cartrl-") as scratch:
        claim = ClaimDirectory(Path(scratch))
        claimed.lay_out(studies, claim)
        facts = {"kind": _kind(studies), "sentence": sentence, "by": by, "names": called, "numbers": numbers}
        sha256 = claimed.seal(claim, {**facts, "policies": _policies(studies)})
        zip_files.pack(claim.root, output)
    runs = sum(len(study.runs) for study in studies)
    if as_json:
        answer = {"claim": str(output), "kind": facts["kind"], "sentence": sentence, "runs": runs, "sha256": sha256}
        print(json.dumps(answer), file=stdout, flush=True)
        return
    console = Console()
    size = f"{output.stat().st_size:,} bytes"
    notes = tables.titled("notes", claims.notes(numbers))
    rows = [("claim", sentence), *notes, ("runs", f"{counted(runs, 'run')}, {size}"), ("SHA-256", sha256)]
    tables.facts(console, rows)
    tables.lines(console, "written", [str(output)])
    tables.lines(console, "to check", [call("reproduce", output, *(("--sample", 4) if runs > 4 else ()))])


def _studies(paths: Sequence[Path]) -> list[Study]:
    """Read what is claimed about.

    Raises:
        UsageError: when there is something else than runs and studies of cartrl, or too many of them.
    """
    if len(paths) > len(LETTERS):
        raise UsageError(f"claim takes up to {len(LETTERS)} runs or studies, but was given {len(paths)}")
    own = []
    for study in load_studies(list(paths)):
        if not isinstance(study, Study):
            raise UsageError(f"{study.path}: runs of another tool, which cartrl cannot train again")
        if (study.path.absolute().parent / DECISION).is_file():
            raise UsageError(
                f"{study.path}: trained until it was decided which is better; the error level holds for what that "
                "decision says alone"
            )
        own.append(study)
    return own


def _kind(studies: Sequence[Study]) -> str:
    if len(studies) > 1:
        return "comparison"
    return "study" if StudyDirectory(studies[0].path).manifest.is_file() else "run"


def _policies(studies: Sequence[Study]) -> dict[str, Any]:
    """Return the SHA-256 of the policies of each run, by the run's name in the claim."""
    return {
        f"{letter}/seed-{run.seed}": variables.digests(RunDirectory(run.directory))
        for letter, study in zip(LETTERS, studies)
        for run in study.runs
    }
