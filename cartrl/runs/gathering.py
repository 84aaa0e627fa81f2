"""Gathers the runs and studies that are drawn or compared together, cartrl's own and those of other tools."""

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Optional

from cartrl.errors import UsageError
from cartrl.runs import foreign
from cartrl.runs.evaluated import Axis, Evaluated
from cartrl.runs.foreign import UNSAID, Layout
from cartrl.runs.results import is_own, load_study


def load_studies(paths: list[Path], layout: Layout = UNSAID) -> list[Evaluated]:
    """Read studies of one environment; see `load_all`.

    Args:
        paths: of studies and runs, and of directory trees with studies of other tools.
        layout: of the files of other tools.

    Raises:
        UsageError: as `load_study`; or when one is given twice, or their environments differ.
    """
    studies = load_all(paths, layout)
    require_one_environment(studies)
    return studies


def load_all(paths: list[Path], layout: Layout = UNSAID) -> list[Evaluated]:
    """Read studies of one environment or of several.

    Raises:
        UsageError: as `load_study`, or when one is given twice.
    """
    studies: list[Evaluated] = []
    for study in itertools.chain.from_iterable(_load(path, layout) for path in paths):
        if any(study.path.resolve() == other.path.resolve() for other in studies):
            raise UsageError(f"{study.path}: given twice")
        studies.append(study)
    return studies


def _load(path: Path, layout: Layout) -> Sequence[Evaluated]:
    others: list[Evaluated] = [] if is_own(path) else [*foreign.load_studies(path, layout)]
    return others or [load_study(path)]


def require_one_environment(studies: Sequence[Evaluated]) -> None:
    """Refuse studies of several environments, as far as these are known.

    Raises:
        UsageError: naming the first two that differ.
    """
    for other, study in itertools.combinations(studies, 2):
        _require_same(study, other)


def _require_same(study: Evaluated, other: Evaluated) -> None:
    of_one_suite = study.suite == other.suite or None in (study.suite, other.suite)
    if of_one_suite and (study.env_name == other.env_name or None in (study.env_name, other.env_name)):
        return
    named = [found.env_name if of_one_suite else f"{found.suite}'s {found.env_name}" for found in (study, other)]
    raise UsageError(
        f"{study.path}: its environment is {named[0]}, but that of {other.path} is {named[1]}; returns compare "
        "within one environment only"
    )


def common_environment(studies: Sequence[Evaluated]) -> Optional[str]:
    """Return the name of the studies' environment; None where none names it."""
    return next((study.env_name for study in studies if study.env_name is not None), None)


def common_threshold(studies: Sequence[Evaluated]) -> Optional[float]:
    """Return the reward threshold of the studies' environment: that of the first study that has one.

    Return None where the time limit, the constants or the arguments of a study are other than the suite's.
    """
    if any(study.is_own_task for study in studies):
        return None
    return next((study.threshold for study in studies if study.threshold is not None), None)


def common_measure(studies: Sequence[Evaluated]) -> str:
    """Return what the returns of all studies are; simply returns where they are not of one kind."""
    measures = {study.measure for study in studies}
    return measures.pop() if len(measures) == 1 else "return"


def common_axis(studies: Sequence[Evaluated], wanted: Optional[Axis]) -> Axis:
    """Return what the curves of all studies run over: what is ``wanted``, or else the usual axis of them all.

    Raises:
        UsageError: when a study does not have what is wanted.
    """
    for study in studies:
        if wanted is not None and wanted not in study.axes:
            raise UsageError(f"--x {wanted}: {study.path} has no {wanted}, but {' and '.join(study.axes)}")
    shared = [axis for axis in studies[0].axes if all(axis in study.axes for study in studies)]
    return wanted or shared[0]
