"""The saved policies of a run that goes back to a checkpoint: newer ones are removed, the best of then is put back.

A better policy replaces the best one, perhaps after the last checkpoint. So the replaced policy is kept in
``policies/.earlier`` for as long as there is a checkpoint at which it was the best.
"""

import shutil
from pathlib import Path
from typing import Optional

from cartrl.errors import UsageError
from cartrl.runs.directory import SIDECAR, RunDirectory
from cartrl.runs.json_files import read_json
from cartrl.system import files


def keep(run: RunDirectory, checkpoint: int) -> None:
    """Keep the best policy, which another is about to replace, if it is no newer than the last checkpoint.

    Args:
        run: the run.
        checkpoint: the iteration of the last checkpoint.
    """
    step = _step(run.best_policy)
    if step is None or step > checkpoint:
        return
    target = run.earlier_policies / f"{step:08d}"
    draft = files.draft_of(target)
    shutil.rmtree(draft, ignore_errors=True)
    shutil.copytree(run.best_policy, draft, copy_function=files.link_or_copy)
    files.replace_directory(draft, target)


def forget(run: RunDirectory, oldest: int) -> None:
    """Remove the kept policies that were the best at no checkpoint; ``oldest`` is the oldest checkpoint's iteration."""
    earlier = _earlier(run)
    steps = [*earlier, _step(run.best_policy) or 0]
    needed = max((step for step in steps if step <= oldest), default=0)
    for step, path in earlier.items():
        if step < needed:
            shutil.rmtree(path)


def forget_all(run: RunDirectory) -> None:
    """Remove all kept policies: a run that is over never goes back."""
    if run.earlier_policies.exists():
        shutil.rmtree(run.earlier_policies, ignore_errors=True)
        files.sync(run.policies)  # else a power cut could bring a part of the directory back


def rewind(run: RunDirectory, iteration: int) -> None:
    """Remove all policies that are newer than ``iteration``, and put the best policy up to it back in its place."""
    for path in [run.final_policy, *run.kept_policies.glob("[0-9]*")]:
        if _is_newer(path, iteration):
            shutil.rmtree(path)
    earlier = _earlier(run)
    if _is_newer(run.best_policy, iteration):
        older = [step for step in earlier if step <= iteration]
        if older:
            files.replace_directory(earlier.pop(max(older)), run.best_policy)
        else:
            shutil.rmtree(run.best_policy)
    for step, path in earlier.items():
        if step > iteration:
            shutil.rmtree(path)


def _earlier(run: RunDirectory) -> dict[int, Path]:
    """Return the kept policies by iteration."""
    return {int(path.name): path for path in sorted(run.earlier_policies.glob("[0-9]*")) if path.name.isdigit()}


def _is_newer(policy: Path, iteration: int) -> bool:
    step = _step(policy)
    return step is not None and step > iteration


def _step(policy: Path) -> Optional[int]:
    """Return the iteration of a saved policy; None where there is none, or its sidecar does not say."""
    try:
        step = read_json(policy / SIDECAR).get("step")
    except UsageError:
        return None
    return step if type(step) is int else None
