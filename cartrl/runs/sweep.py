"""A sweep: one experiment with many settings, each of them a study of the same seeds."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Optional

from cartrl.errors import UsageError
from cartrl.runs.directory import KINDS, MANIFEST, STUDY, SWEEP
from cartrl.runs.json_files import read_json
from cartrl.runs.modules import remember_modules
from cartrl.runs.outcome import Outcome
from cartrl.runs.study import StudyDirectory
from cartrl.settings.section import has_type
from cartrl.system.calls import call
from cartrl.system.paths import LONGEST_NAME

CONFIRMATION = "confirm"  # the folder of the studies with fresh seeds
CONFIRMED = 2  # settings that are trained with them: the best, and the one that it has to beat


@dataclass(frozen=True)
class Setting:
    """A setting of a sweep: overrides ``section.key=value``, and the name of its study's directory."""

    name: str
    overrides: tuple[str, ...]
    dropped_after: Optional[int] = field(default=None, compare=False)  # the seeds after which a race went on without it


class SweepDirectory:
    """The paths inside a sweep."""

    def __init__(self, root: Path):
        self.root = root
        self.lock = root / ".lock"
        self.config = root / "config.yaml"
        self.manifest = root / SWEEP

    def study(self, setting: Setting) -> StudyDirectory:
        """Return the study of ``setting``."""
        return StudyDirectory(self.root / setting.name)


@dataclass(frozen=True)
class Plan:
    """The content of a sweep's manifest."""

    seeds: list[int]
    records: list[dict[str, Any]]  # for each setting its name and overrides, and in a search its value
    search: dict[str, Any]  # ranges, trials and sampler; empty for a grid
    outcome: Outcome
    is_race: bool  # whether settings that fall behind are dropped before they have been trained with all seeds
    fresh: list[int]  # other seeds, with which the best two settings are trained at the end; empty for none

    @property
    def settings(self) -> list[Setting]:
        """The settings so far, without repetitions."""
        return list(dict.fromkeys(setting_of(record) for record in self.records))

    @property
    def total(self) -> int:
        """How many settings, or trials of a search, there are to be."""
        return int(self.search["trials"]) if self.search else len(self.records)

    @property
    def runs(self) -> int:
        """How many runs there are to be, at most."""
        return self.total * len(self.seeds) + min(self.total, CONFIRMED) * len(self.fresh)


def setting_of(record: dict[str, Any]) -> Setting:
    """Return the setting of a record in a manifest."""
    return Setting(record["name"], tuple(record["overrides"]), record.get("dropped_after"))


def record_of(setting: Setting) -> dict[str, Any]:
    """Return the record of ``setting`` for a manifest."""
    return {"name": setting.name, "overrides": list(setting.overrides)}


def confirming(setting: Setting) -> Setting:
    """Return ``setting`` as it is trained with fresh seeds: in a study of its own."""
    return Setting(f"{CONFIRMATION}/{setting.name}", setting.overrides)


def read_plan(sweep: SweepDirectory) -> Plan:
    """Read a sweep's manifest.

    Raises:
        UsageError: when it is damaged.
    """
    content = read_json(sweep.manifest)
    try:
        plan = Plan(
            content["seeds"], content["settings"], content.get("search") or {}, Outcome(content["outcome"]),
            content.get("race") is True, content.get("confirm_seeds") or [],
        )  # fmt: skip
        names = [setting.name for setting in plan.settings]
        overrides = [override for setting in plan.settings for override in setting.overrides]
        dropped = [setting.dropped_after for setting in plan.settings]
        is_right = (
            has_type(plan.seeds, tuple[int, ...])
            and has_type(plan.fresh, tuple[int, ...])
            and has_type(overrides, tuple[str, ...])
            and has_type(dropped, tuple[Optional[int], ...])
            and all(map(_is_name, names))
        )
        if plan.seeds and is_right and (not plan.search or has_type(plan.search["trials"], int)):
            return plan
    except (KeyError, TypeError, ValueError, AttributeError):
        pass
    raise UsageError(f"{sweep.manifest}: not what a sweep writes")


def _is_name(name: Any) -> bool:
    """Whether ``name`` is that of a directory inside the sweep, and does not lead elsewhere."""
    return isinstance(name, str) and name not in ("", "..") and Path(name).name == name


def find_sweep(directory: Path) -> SweepDirectory:
    """Return the sweep in ``directory``.

    Raises:
        UsageError: when there is none.
    """
    sweep = SweepDirectory(directory)
    if not sweep.manifest.is_file():
        kind = next((KINDS[name] for name in (STUDY, MANIFEST) if (directory / name).is_file()), None)
        if kind is not None:
            raise UsageError(f"{directory}: this is a {kind}; go on with it by {call('train', '--resume', directory)}")
        raise UsageError(f"{sweep.root}: no such sweep; give a directory that `cartrl sweep` has made")
    remember_modules(sweep.root)
    return sweep


def directory_name(overrides: Sequence[str]) -> str:
    """Return a name made of the values, safe in any shell: without brackets, and with dashes for a list's commas."""
    parts = (override.partition("=") for override in overrides)
    return ",".join(f"{key}={re.sub(r'[^a-zA-Z0-9_.+]+', '-', _bare(value)) or '-'}" for key, _, value in parts)


def _bare(value: str) -> str:
    """Return a value without brackets and quotes; a minus sign before a number stays."""
    return value.strip("[]\"'")


def named(choices: Sequence[tuple[str, ...]]) -> list[Setting]:
    """Name settings after their values, or number them all where such names are too long or not all different."""
    names = [directory_name(choice) for choice in choices]
    if len(set(names)) < len(names) or any(len(name.encode()) > LONGEST_NAME for name in names):
        names = [f"setting-{number:0{len(str(len(names)))}d}" for number in range(1, len(names) + 1)]
    return [Setting(name, choice) for name, choice in zip(names, choices)]
