"""Plans that are written before the first run: sealed by a checksum, and held against what was done since."""

import json
from collections.abc import Sequence
from typing import Any, Optional

from cartrl.runs.study import named
from cartrl.settings import ExperimentSettings
from cartrl.settings.section import has_type
from cartrl.settings.writing import by_name
from cartrl.system.archives import sha256_of


def checksum(content: Any) -> str:
    """Return the SHA-256 of ``content`` as JSON."""
    return sha256_of(json.dumps(content, sort_keys=True, default=str).encode())


def sealed(plan: dict[str, Any]) -> dict[str, Any]:
    """Return a plan for a manifest, with a checksum that tells whether it was changed later."""
    return {"plan": plan, "plan_sha256": checksum(plan)}


def is_sealed(manifest: dict[str, Any]) -> bool:
    """Whether the plan in a manifest is the one that was made."""
    return checksum(manifest.get("plan")) == manifest.get("plan_sha256")


def of_study(settings: ExperimentSettings, seeds: Sequence[int], tested: str, level: float) -> dict[str, Any]:
    """Return the plan of a study.

    Args:
        settings: with which all of its runs are trained.
        seeds: all that will be trained.
        tested: the number of each seed that counts, as ``--by`` names it.
        level: the probability of a wrong claim.
    """
    return {
        "settings": flat(settings),
        "seeds": list(seeds),
        "tested": tested,
        "level": level,
        "budget": {"runs": len(seeds), "iterations": settings.train.num_iterations},
    }


def flat(settings: ExperimentSettings) -> dict[str, Any]:
    """Return settings by ``section.key``, as JSON has them; the seed is that of each run."""
    found = by_name(json.loads(json.dumps(settings.dict(), default=str)))
    del found["train.seed"]
    return found


def said(
    manifest: dict[str, Any],
    settings: ExperimentSettings,
    seeds: Sequence[int],
    is_over: bool,
    tested: Optional[str] = None,
) -> list[str]:
    """Return a sentence on whether the plan of a study was kept; none where the study has no plan.

    Args:
        manifest: that of the study.
        settings: with which it was trained.
        seeds: those of its runs.
        is_over: whether nothing is left to train, so that seeds that are not there are left out.
        tested: the number of each seed that is tested now, as ``--by`` names it; None where nothing is tested.
    """
    plan = manifest.get("plan")
    if plan is None:
        return []
    if not is_sealed(manifest) or not _is_plan(plan):
        return ["the plan of this study was changed after it was made"]
    found = [
        f"{key} was {json.dumps(plan['settings'][key])} and is {json.dumps(value)}"
        for key, value in flat(settings).items()
        if key in plan["settings"] and plan["settings"][key] != value
    ]
    added, left_out = set(seeds) - set(plan["seeds"]), set(plan["seeds"]) - set(seeds)
    found += [f"seeds added: {named(sorted(added))}"] if added else []
    found += [f"seeds left out: {named(sorted(left_out))}"] if left_out and is_over else []
    if tested not in (None, plan["tested"]):
        found.append(f"the number tested was {plan['tested']} and is {tested}")
    if found:
        return [f"the plan made before the first run was not kept: {'; '.join(found)}"]
    return [f"kept to the plan made before the first run: seeds {named(plan['seeds'])}, by {plan['tested']} return"]


def _is_plan(plan: Any) -> bool:
    return (
        isinstance(plan, dict)
        and isinstance(plan.get("settings"), dict)
        and has_type(plan.get("seeds"), tuple[int, ...])
        and isinstance(plan.get("tested"), str)
    )
