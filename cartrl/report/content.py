"""The content of a report, from a run or a study and its evaluations."""

import base64
import shlex
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Optional

from cartrl import __version__
from cartrl.analysis.numbers import NOTHING
from cartrl.analysis.summaries import certainty, of_json
from cartrl.runs.directory import STUDY, RunDirectory
from cartrl.runs.json_files import read_json
from cartrl.runs.machine import timestamp
from cartrl.runs.manifest import sessions_of, spent
from cartrl.runs.modules import modules_of
from cartrl.runs.results import Study
from cartrl.runs.states import state_of
from cartrl.runs.study import named
from cartrl.settings import ExperimentSettings
from cartrl.settings.writing import scalar
from cartrl.system.calls import call_with

OURS = ("python", "cartrl")  # names among the versions in a manifest that are not packages to install


@dataclass(frozen=True)
class Evaluated:
    """A run's best policy over fresh episodes.

    Attributes:
        facts: the JSON of ``cartrl eval`` about it.
        returns: the return of each episode.
    """

    facts: dict[str, Any]
    returns: list[float]

    @property
    def ends(self) -> tuple[float, float]:
        """Both ends of the mean's interval; the mean itself where it has none."""
        low, high = self.facts["interval_95"] or (self.facts["mean"], self.facts["mean"])
        return low, high

    @property
    def level(self) -> tuple[str, str]:
        """The mean return, and in words how certain it is."""
        return certainty(of_json(self.facts, "mean"), self.facts["episodes"], "episode")


@dataclass(frozen=True)
class Film:
    """An mp4, and a note about it."""

    content: bytes
    note: str


@dataclass(frozen=True)
class Subject:
    """The subject of a report: a run or a study, with evaluations and a film of its policies.

    Attributes:
        study: a study, or a run on its own as a study of one seed.
        threshold: the reward threshold of the environment, if it has one.
        evaluations: the evaluation of each run's best policy, by the seed of the run.
        film: a film of one of these policies.
        played: a page that plays the same policy, where there can be one.
        missing: a sentence for each part of the report that could not be made.
    """

    study: Study
    threshold: Optional[float]
    evaluations: dict[int, Evaluated]
    film: Optional[Film]
    played: Optional[str]
    missing: list[str]

    @property
    def is_study(self) -> bool:
        """Whether the subject is a study, even one of a single seed."""
        return (self.study.path / STUDY).is_file()

    @property
    def manifest(self) -> dict[str, Any]:
        """The manifest of the run or the study."""
        return read_json(self.study.path / STUDY if self.is_study else RunDirectory(self.study.path).manifest)


def frame_of(subject: Subject) -> dict[str, Any]:
    """Return the content that pages of runs and of studies have in common."""
    study, manifest, film = subject.study, subject.manifest, subject.film
    return {
        **frame(study.path, "study" if subject.is_study else "run", manifest, study.settings),
        "film": {"note": film.note, "base64": _base64(film.content)} if film else None,
        "played": subject.played,
        "missing": subject.missing,
        "again": again(subject, manifest),
    }


def frame(path: Path, kind: str, manifest: dict[str, Any], settings: ExperimentSettings) -> dict[str, Any]:
    """Return the content that all pages have in common: the ``kind`` of ``path``, settings, versions and times."""
    config = config_text(settings)
    return {
        "name": path.resolve().name,
        "kind": kind,
        "state": state_of(path, manifest),
        "agent": settings.agent.kind.upper(),
        "env_name": settings.environment.env_name,
        "sections": sections(settings),
        "config_text": config,
        "config_base64": _base64(config.encode("utf-8", "replace")),
        "facts": provenance(manifest),
        "version": __version__,
        "written": date(timestamp()),
    }


def sections(settings: ExperimentSettings) -> list[dict[str, Any]]:
    """Return every setting, section by section, and whether it differs from its default."""
    found = []
    for name in settings.__fields__:
        section = getattr(settings, name)
        rows = []
        for key, field in section.__fields__.items():
            value = getattr(section, key)
            is_changed = not field.required and value != field.get_default()
            note = f"default {scalar(field.get_default())}" if is_changed else ""
            rows.append({"name": key, "value": scalar(value), "is_changed": is_changed, "note": note})
        found.append({"name": name, "settings": rows})
    return found


def config_text(settings: ExperimentSettings) -> str:
    """Return the whole config as YAML, without the origins of its values: those are places on somebody's machine."""
    lines = []
    for name in settings.__fields__:
        section = getattr(settings, name)
        lines += [f"{name}:", *(f"  {key}: {scalar(getattr(section, key))}" for key in section.__fields__)]
    return "\n".join(lines) + "\n"


def again(subject: Subject, manifest: dict[str, Any]) -> list[dict[str, str]]:
    """Return the ways to train the same again: a text, and the code to type."""
    seeds = (*(run.seed for run in subject.study.runs), *subject.study.missing)
    option = ["--seeds", named(seeds)] if subject.is_study else []
    modules = modules_of(manifest)
    directory = subject.study.runs[0].directory if subject.is_study else subject.study.path
    return [
        *typed(manifest, call_with(modules, "train", "config.yaml", *option)),
        {
            "text": "Where the run's directory still is, this trains it again and compares every number:",
            "label": "Command that compares",
            "code": call_with(modules, "reproduce", directory),
        },
        installed(manifest),
    ]


def typed(manifest: dict[str, Any], same: str) -> list[dict[str, str]]:
    """Return the command that was typed, and ``same``, which does the same from the config in the page."""
    words = manifest.get("command")
    original = shlex.join(["cartrl", *map(str, words[1:])]) if isinstance(words, list) else NOTHING
    return [
        {"text": "The command that was typed:", "label": "Original command", "code": original},
        {
            "text": "The same from the config below, saved as config.yaml:",
            "label": "Command with the config of this report",
            "code": same,
        },
    ]


def installed(manifest: dict[str, Any]) -> dict[str, str]:
    """Return how to install the versions with which the numbers repeat."""
    versions = _mapping(manifest, "versions")
    packages = " ".join(shlex.quote(f"{name}=={version}") for name, version in versions.items() if name not in OURS)
    return {
        "text": f"Numbers repeat to the last bit with cartrl {versions.get('cartrl', '–')}, Python "
        f"{versions.get('python', '–')}, the same processor and these:",
        "label": "Versions to install",
        "code": f"pip install {packages}",
    }


def provenance(manifest: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the facts about the training: versions, machine, commit, times."""
    host, git = _mapping(manifest, "host"), _mapping(manifest, "git")
    facts = [(name, str(version)) for name, version in _mapping(manifest, "versions").items()]
    if git:
        facts.append(("git commit", f"{git.get('commit')}{', with changes' if git.get('dirty') else ''}"))
    facts += [(name, str(host[name])) for name in ("system", "processor", "cpus") if host.get(name)]
    facts += [(name, date(manifest[name])) for name in ("started", "ended") if manifest.get(name)]
    if manifest.get("error"):
        facts.append(("error", str(manifest["error"])))
    return facts


def tile(name: str, value: str, note: str, verdict: Optional[str] = None) -> dict[str, Optional[str]]:
    """Return a number at the top of a page: its name, its value, a note, and a verdict."""
    return {"name": name, "value": value, "note": note, "verdict": verdict}


def date(text: Any) -> str:
    """Return an ISO 8601 time for people, in UTC as it was written."""
    try:
        return datetime.fromisoformat(text).strftime("%d %B %Y, %H:%M UTC").lstrip("0")
    except (TypeError, ValueError):
        return str(text)


def duration(manifest: dict[str, Any]) -> Optional[str]:
    """Return how long the training took in all its processes, with start-up; None while it runs, or if unknown."""
    took = spent(sessions_of(manifest))
    if not manifest.get("ended") or not took.seconds:
        return None
    seconds = took.seconds
    least = "" if took.is_whole else "at least "
    return least + (f"{seconds:.1f} s" if seconds < 120 else f"{seconds / 60:,.1f} min")


def _mapping(content: dict[str, Any], name: str) -> dict[str, Any]:
    value = content.get(name)
    return value if isinstance(value, dict) else {}


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()
