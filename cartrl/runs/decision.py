"""A decision: two studies of one environment, trained until it is decided which is better, after a plan made before."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cartrl.errors import UsageError
from cartrl.runs.directory import DECISION
from cartrl.runs.json_files import read_json
from cartrl.runs.modules import remember_modules
from cartrl.runs.plans import checksum, sealed
from cartrl.runs.study import StudyDirectory
from cartrl.settings import ExperimentSettings, load

NAMES = ("A", "B")  # of the studies, and of their directories


class DecisionDirectory:
    """The paths inside a decision."""

    def __init__(self, root: Path):
        self.root = root
        self.lock = root / ".lock"
        self.manifest = root / DECISION

    @property
    def studies(self) -> list[StudyDirectory]:
        """The two studies."""
        return [StudyDirectory(self.root / name) for name in NAMES]


@dataclass(frozen=True)
class Plan:
    """What was decided before the first run: what is trained, what counts, and when it is looked at."""

    settings: tuple[str, ...]  # SHA-256 of those of each study
    tested: str  # the number of each seed, as --by names it
    level: float  # the probability of a wrong claim, over all looks together
    batch: int  # seeds of each study between two looks; they are counted from 0
    looks: int  # at most

    @property
    def most_seeds(self) -> int:
        """The seeds of each study, at most."""
        return self.batch * self.looks

    def facts(self) -> dict[str, Any]:
        """Return the plan for a manifest, with a checksum that tells whether it was changed later."""
        return sealed({**asdict(self), "settings": list(self.settings)})


def fingerprint(settings: ExperimentSettings) -> str:
    """Return the SHA-256 of settings."""
    return checksum(settings.dict())


def read_plan(decision: DecisionDirectory) -> Plan:
    """Read the plan of a decision, and check that it is kept.

    Raises:
        UsageError: when the manifest is damaged, or the plan or a setting was changed since.
    """
    content = read_json(decision.manifest)
    try:
        facts = content["plan"]
        plan = Plan(**{**facts, "settings": tuple(facts["settings"])})
        is_kept = plan.facts()["plan_sha256"] == content["plan_sha256"]
    except (KeyError, TypeError, ValueError):
        raise UsageError(f"{decision.manifest}: not what a decision writes") from None
    if not is_kept:
        raise UsageError(f"{decision.manifest}: the plan was changed after it was made")
    for study, planned in zip(decision.studies, plan.settings):
        if fingerprint(load(study.config).settings) != planned:
            raise UsageError(f"{study.config}: changed since the plan was made, which holds for other settings")
    return plan


def find_decision(directory: Path) -> DecisionDirectory:
    """Return the decision in ``directory``.

    Raises:
        UsageError: when there is none.
    """
    decision = DecisionDirectory(directory)
    if not decision.manifest.is_file():
        raise UsageError(f"{directory}: no such decision; give what `cartrl compare --until-decided` has made")
    remember_modules(directory)
    return decision
