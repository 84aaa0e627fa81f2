"""The settings of a sweep, ranked by what their seeds reached."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Optional

import numpy as np

from cartrl.analysis.comparison import across, share_of
from cartrl.analysis.seeds import interquartile_mean
from cartrl.errors import UsageError
from cartrl.runs.evaluated import Run
from cartrl.runs.results import Study, load_study
from cartrl.runs.study import LARGEST_SEED, named
from cartrl.runs.sweep import Plan, Setting, SweepDirectory, read_plan
from cartrl.settings.yaml_text import parse
from cartrl.system.calls import call_with

NOT_BEGUN = "not begun"
MOST_DRAWN = 8  # settings of a sweep in one picture: nobody can tell more curves apart
RANKED_BY = "interquartile mean of the final greedy return"
CAUTION = "The best of many settings looks better than it is: it was chosen by these seeds, and luck took part."
ADVICE = "Train it again with fresh seeds to know what it is worth."
SECONDS = 3600  # of an hour


@dataclass
class Chosen:
    """Directories to draw or to compare; each sweep is replaced by the studies of its settings.

    Attributes:
        directories: the directories of runs and studies.
        left_out: the entry (see `entry`) of each setting without a seed that has ended.
        notes: a sentence for each reason why settings are left out.
    """

    directories: list[Path] = field(default_factory=list)
    left_out: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def rank(sweep: SweepDirectory, settings: Sequence[Setting], threshold: Optional[float]) -> list[dict[str, Any]]:
    """Return the entry (see `entry`) of each setting, the best first, and last those without a seed that has ended.

    The settings are ranked by the interquartile mean of the final greedy return; equal settings share a rank. Those
    that a race dropped rank below the others, and the later they were dropped the higher.
    """
    entries = [entry(sweep, setting, threshold) for setting in settings]
    ended = [found for found in entries if found["final_return"] is not None]
    ended.sort(key=_merit, reverse=True)
    merits = [_merit(found) for found in ended]
    for found, merit in zip(ended, merits):
        found["rank"] = 1 + sum(other > merit for other in merits)
    return ended + [found for found in entries if found["final_return"] is None]


def _merit(found: dict[str, Any]) -> tuple[float, float]:
    dropped_after = found["dropped_after"]
    return math.inf if dropped_after is None else dropped_after, _middle(found)


def race_said(settings: Sequence[Setting], seeds: Sequence[int]) -> str:
    """Return a sentence about the settings that a race has dropped; nothing if there are none."""
    dropped = [setting.dropped_after for setting in settings if setting.dropped_after is not None]
    if not dropped:
        return ""
    after = " or ".join(map(str, sorted(set(dropped))))
    return (
        f"The race dropped {len(dropped)} of {len(settings)} settings after {after} of {len(seeds)} seeds; they rank "
        "below the others."
    )


def entry(sweep: SweepDirectory, setting: Setting, threshold: Optional[float]) -> dict[str, Any]:
    """Return the facts about ``setting`` by the names of the JSON, without a rank yet."""
    path = sweep.study(setting).root
    study, problem = _study(sweep, setting)
    finals = np.array([run.final for run in study.ended]) if study else np.array([])
    parts = [override.partition("=") for override in setting.overrides]
    return {
        "rank": None,
        "name": setting.name,
        "path": str(path),
        "values": {key: parse(text, key).values for key, _, text in parts},
        "seeds": [run.seed for run in study.ended] if study else [],
        "notes": study.notes() if study else [problem],
        "dropped_after": setting.dropped_after,
        "final_return": across(finals) if len(finals) else None,
        "solved": share_of(finals, threshold) if len(finals) and threshold is not None else None,
        "spent": _spent(study.runs if study else ()),
    }


def _spent(runs: Sequence[Run]) -> dict[str, Any]:
    """Return what ``runs`` have cost up to their last evaluations; hours are those of each run, added up."""
    return {
        "runs": len(runs),
        "environment_steps": int(sum(run.steps[-1] for run in runs)),
        "hours": float(sum(run.seconds[-1] for run in runs)) / SECONDS,
    }


def spent(entries: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return what the settings of ``entries`` (see `entry`) have cost together."""
    return {key: sum(found["spent"][key] for found in entries) for key in ("runs", "environment_steps", "hours")}


def with_settings(paths: Sequence[Path], most: Optional[int] = None) -> Chosen:
    """Return ``paths``, in which the studies of its settings replace each sweep, and what of a sweep is left out.

    Args:
        paths: the paths of runs, studies and sweeps.
        most: how many settings of a sweep are taken, the best first; None takes all.
    """
    chosen = Chosen()
    for path in paths:
        sweep = SweepDirectory(path)
        if not sweep.manifest.is_file():
            chosen.directories.append(path)
            continue
        entries = rank(sweep, read_plan(sweep).settings, None)
        ranked = require_ranked(sweep, entries)
        chosen.directories += [Path(entry["path"]) for entry in ranked[:most]]
        left_out = [entry for entry in entries if entry["rank"] is None]
        chosen.left_out += left_out
        if left_out:
            rest = f"{len(left_out)} of {len(entries)} settings"
            chosen.notes.append(f"{path}: without a seed that has ended, so left out: {rest}")
        if len(ranked[:most]) < len(ranked):
            chosen.notes.append(f"{path}: the best {most} of {len(ranked)} settings, by their final return")
    return chosen


def caution(plan: Plan) -> str:
    """Return what has to be said of the best setting, and without fresh seeds what to do about it."""
    return CAUTION if plan.fresh else f"{CAUTION} {ADVICE}"


def require_ranked(sweep: SweepDirectory, entries: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the entries with a rank.

    Raises:
        UsageError: when none has a rank.
    """
    ranked = [entry for entry in entries if entry["rank"] is not None]
    if not ranked:
        raise UsageError(f"{sweep.root}: no seed of this sweep has ended yet")
    return ranked


def going_on(
    root: Any,
    ranked: Sequence[dict[str, Any]],
    seeds: Sequence[int],
    can_resume: bool,
    modules: Sequence[str],
    confirmed: Sequence[dict[str, Any]],
) -> list[tuple[str, str]]:
    """Return commands that make sense after a sweep, each with a sentence that says what it does.

    Args:
        root: the sweep's directory.
        ranked: the entries (see `entry`) of the settings that have a rank, the best first.
        seeds: the seeds of the sweep.
        can_resume: whether there is something left to train.
        modules: the modules that the environment needs.
        confirmed: the entries of the best two with fresh seeds, if there are any.
    """
    found = [("Train what is left:", call_with(modules, "sweep", "--resume", root))] if can_resume else []
    best = [entry["path"] for entry in ranked[:2]]
    again = [entry["path"] for entry in confirmed if entry["final_return"]]
    if len(best) == 1:
        found.append(("Draw its learning curve:", call_with(modules, "plot", best[0])))
    elif best:
        both = again if len(again) > 1 else best
        found += [
            ("Draw the best two:", call_with(modules, "plot", *both)),
            ("Compare the best two across their seeds:", call_with(modules, "compare", *both)),
        ]
        if not confirmed:
            words = ("train", f"{best[0]}/config.yaml", "--seeds", named(fresh_seeds(seeds, len(seeds))))
            said = "Train the best again with fresh seeds, to know what it is worth:"
            found.append((said, call_with(modules, *words)))
    return found


def value(sweep: SweepDirectory, setting: Setting, seeds: Sequence[int]) -> Optional[float]:
    """Return the number by which a setting is ranked, of those ``seeds`` that have ended; None where none has."""
    study, _ = _study(sweep, setting)
    finals = [run.final for run in study.ended if run.seed in seeds] if study else []
    return float(interquartile_mean(np.array(finals))) if finals else None


def fresh_seeds(seeds: Sequence[int], count: int) -> list[int]:
    """Return so many other seeds than ``seeds``: those above them, and where there is no room the least."""
    used = set(seeds)
    others = itertools.chain(range(max(seeds) + 1, LARGEST_SEED + 1), range(max(seeds)))
    return list(itertools.islice((seed for seed in others if seed not in used), count))


def _study(sweep: SweepDirectory, setting: Setting) -> tuple[Optional[Study], str]:
    study = sweep.study(setting)
    if not study.manifest.is_file():
        return None, NOT_BEGUN
    try:
        return load_study(study.root), ""
    except UsageError as error:
        return None, str(error)


def _middle(found: dict[str, Any]) -> float:
    return float(found["final_return"]["interquartile_mean"])
