"""A claim: studies, the sentence that they are claimed to show and the numbers behind it, in one zip file.

    claim.json               what is claimed; the SHA-256 of every other file, and of all that stands beside it here
    A/config.yaml            of the first study; B/ is the second
    A/study.json             its seeds, its plan, and the reward threshold
    A/seed-3/manifest.json   how the run ended, and with which versions and on which processor it was trained
    A/seed-3/metrics.csv

A run on its own is a study of one seed here. No file names a machine, its user or a path on it.
"""

import re
import shutil
import string
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cartrl.errors import CartrlError, UsageError
from cartrl.runs import formats
from cartrl.runs.directory import STUDY, RunDirectory
from cartrl.runs.json_files import read_json, write_json
from cartrl.runs.plans import checksum
from cartrl.runs.results import Study
from cartrl.runs.study import StudyDirectory
from cartrl.settings import ResolvedConfig, load
from cartrl.settings.section import has_type
from cartrl.settings.writing import write_resolved
from cartrl.system import fingerprints

CLAIM = "claim.json"
LETTERS = string.ascii_uppercase  # the names of the studies' directories
MOST_RUNS = 1_000  # which claim.json has room for
MOST_FILES = 1 + 2 * len(LETTERS) + 2 * MOST_RUNS
ORIGIN = "as it was claimed"  # of each setting
FILES = re.compile(r"claim\.json|[A-Z]/(config\.yaml|study\.json|seed-[0-9]{1,10}/(manifest\.json|metrics\.csv))")
# What of a manifest is in a claim.
OF_STUDY = ("env_name", "agent", "outcome", "reward_threshold", "import_modules", "plan", "plan_sha256")
OF_RUN = ("seed", "outcome", "reward_threshold", "import_modules", "versions")
FACTS = {
    "kind": str,
    "sentence": str,
    "by": str,
    "names": tuple[str, ...],
    "numbers": dict[str, Any],
    "policies": dict[str, dict[str, str]],
    "files": dict[str, str],
    "sha256": str,
}


class ClaimDirectory:
    """The paths inside a claim that was unpacked, or is about to be packed."""

    def __init__(self, root: Path):
        self.root = root
        self.manifest = root / CLAIM

    def studies(self, count: int) -> list[StudyDirectory]:
        """Return the directories of so many studies."""
        return [StudyDirectory(self.root / letter) for letter in LETTERS[:count]]


def lay_out(studies: Sequence[Study], claim: ClaimDirectory) -> None:
    """Write the files of ``studies`` into a claim, but for claim.json.

    Raises:
        UsageError: when a run has not ended, or there are too many.
    """
    if sum(len(study.runs) for study in studies) > MOST_RUNS:
        raise UsageError(f"a claim holds {MOST_RUNS:,} runs at most")
    for study, place in zip(studies, claim.studies(len(studies))):
        require_ended(study, study.path)
        place.root.mkdir()
        config = load(RunDirectory(study.path).config)
        write_resolved(ResolvedConfig(config.settings, dict.fromkeys(config.origins, ORIGIN)), place.config)
        seeds = [run.seed for run in study.runs]
        write_json(place.manifest, {"kind": "study", "seeds": seeds, **_kept(study.manifest, OF_STUDY)})
        for run in study.runs:
            original, copy = RunDirectory(run.directory), place.run(run.seed)
            copy.root.mkdir()
            manifest = read_json(original.manifest)
            host = manifest.get("host")
            processor = host.get("processor") if isinstance(host, dict) else None
            write_json(copy.manifest, {**_kept(manifest, OF_RUN), "host": {"processor": processor}})
            shutil.copyfile(original.metrics, copy.metrics)


def require_ended(study: Study, whose: Path) -> None:
    """Check that there is a run for each seed of ``study``, that it has ended, and that no run stands for another.

    Raises:
        UsageError: naming a seed; ``whose`` is the study or the claim.
    """
    left = [*study.missing, *(run.seed for run in study.runs if not run.has_ended)]
    if left:
        raise UsageError(f"{whose}: seed {min(left)} has not ended, and a claim is about runs that have")
    seeds = [run.seed for run in study.runs]
    twice = next((seed for seed in seeds if seeds.count(seed) > 1), None)
    if twice is not None:
        raise UsageError(f"{whose}: two runs have the seed {twice}")


def _kept(manifest: dict[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """Return what of a manifest is in a claim; a plan is there with its seal, or not at all."""
    return {name: manifest[name] for name in (formats.KEY, *names) if name in manifest}


def seal(claim: ClaimDirectory, facts: dict[str, Any]) -> str:
    """Write claim.json with ``facts`` about the files that are there already; return its seal."""
    content = {formats.KEY: formats.FORMAT, **facts, "files": fingerprints.fingerprints(claim.root, but=CLAIM)}
    content["sha256"] = checksum(content)
    write_json(claim.manifest, content)
    return str(content["sha256"])


def read(claim: ClaimDirectory, whose: Path) -> dict[str, Any]:
    """Return the facts in claim.json, after checking that the other files are those that it is about.

    `require_sealed` checks claim.json itself; before that its numbers can be held against the files.

    Raises:
        UsageError: when it is no claim; ``whose`` is its file.
        CartrlError: naming a file that was changed since.
    """
    if not claim.manifest.is_file():
        raise UsageError(f"{whose}: not a claim: it holds no {CLAIM}")
    facts = read_json(claim.manifest)
    wrong = next((name for name, kind in FACTS.items() if not has_type(facts.get(name), kind)), None)
    if wrong is not None:
        raise UsageError(f"{whose}: not a claim: its {CLAIM} has no {wrong}, or no such one as cartrl writes")
    letters = sorted(path.parent.name for path in claim.root.glob(f"*/{STUDY}"))
    if not letters or len(letters) != len(facts["names"]) or letters != [*LETTERS][: len(letters)]:
        raise UsageError(f"{whose}: not a claim: its {CLAIM} is of other studies than are there")
    changed = fingerprints.difference(claim.root, CLAIM, facts["files"])
    if changed is not None:
        raise CartrlError(f"{whose}: changed since the claim was made: {changed}")
    return facts


def require_sealed(facts: dict[str, Any], whose: Path) -> None:
    """Check that claim.json is as it was written.

    Raises:
        CartrlError: when it was changed since.
    """
    if checksum({name: value for name, value in facts.items() if name != "sha256"}) != facts["sha256"]:
        raise CartrlError(f"{whose}: changed since the claim was made: {CLAIM} is not what its own SHA-256 says")
