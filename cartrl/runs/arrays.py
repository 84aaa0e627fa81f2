"""Runs and studies as numpy arrays, for programs that import cartrl: `cartrl.load_run` and `cartrl.load_study`."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Union

import numpy as np
from numpy.typing import NDArray

from cartrl.errors import CartrlError, UsageError
from cartrl.runs import evaluated, metrics, results
from cartrl.runs.directory import STUDY
from cartrl.runs.finding import LATEST, find_run, latest
from cartrl.runs.json_files import read_json
from cartrl.runs.states import state_of
from cartrl.settings import load

if TYPE_CHECKING:
    import pandas

EVALUATED = {"environment_steps": "steps", "seconds": "seconds", "greedy_return_mean": "returns"}  # of `evaluated.Run`
LARGEST_INT64 = np.iinfo(np.int64).max


@dataclass(frozen=True, eq=False)
class Run:
    """A run: its settings, its manifest, and its metrics as arrays.

    Attributes:
        path: the directory of the run.
        seed: the seed of the run.
        state: ``running``, ``finished``, ``stopped``, ``failed`` or ``unknown``, as ``cartrl runs`` prints it.
        settings: every setting with which the run was trained, by section and key.
        manifest: the content of manifest.json.
        metrics: an array [rows] for each column of metrics.csv. A column of whole numbers is int64. Any other is
            float64, with NaN where metrics.csv is empty.
    """

    path: Path
    seed: int
    state: str
    settings: dict[str, dict[str, Any]] = field(repr=False)
    manifest: dict[str, Any] = field(repr=False)
    metrics: dict[str, NDArray[Any]] = field(repr=False)

    def frame(self) -> "pandas.DataFrame":
        """Return the metrics as a pandas frame of the same columns.

        Raises:
            CartrlError: when pandas is not installed.
        """
        return _frame(self.metrics)


@dataclass(frozen=True, eq=False)
class Study:
    """A study: its settings, its manifest, and its seeds' evaluations as arrays.

    Attributes:
        path: the directory of the study.
        settings: every setting with which its runs were trained, by section and key; ``train.seed`` is one of theirs.
        manifest: the content of study.json.
        seeds: int64 [seeds], the seeds with an evaluation.
        states: the state of each seed's run, as ``cartrl runs`` prints it.
        missing: the study's other seeds, which have no evaluation yet.
        iterations: int64 [evaluations], the iterations after which any seed was evaluated.
        evaluations: a float64 array [seeds, evaluations] for each of the columns ``environment_steps``, ``seconds`` and
            ``greedy_return_mean`` of metrics.csv, with NaN where a seed was not evaluated after that iteration.
    """

    path: Path
    settings: dict[str, dict[str, Any]] = field(repr=False)
    manifest: dict[str, Any] = field(repr=False)
    seeds: NDArray[Any]
    states: tuple[str, ...]
    missing: tuple[int, ...]
    iterations: NDArray[Any] = field(repr=False)
    evaluations: dict[str, NDArray[Any]] = field(repr=False)

    def frame(self) -> "pandas.DataFrame":
        """Return a pandas frame with a row for each evaluation of a seed: ``seed``, ``iteration``, and its columns.

        Raises:
            CartrlError: when pandas is not installed.
        """
        is_evaluated = ~np.isnan(self.evaluations["greedy_return_mean"])
        rows, columns = np.nonzero(is_evaluated)
        values = {name: array[is_evaluated] for name, array in self.evaluations.items()}
        return _frame({"seed": self.seeds[rows], "iteration": self.iterations[columns], **values})


def load_run(path: Union[str, "os.PathLike[str]"]) -> Run:
    """Return the run in the directory ``path``; one that still trains is read as far as it has come.

    Raises:
        CartrlError: when there is no run, or it is damaged.
    """
    run = find_run(os.fspath(path))
    manifest = read_json(run.manifest)
    settings = load(run.config).settings
    return Run(
        path=run.root,
        seed=settings.train.seed,
        state=state_of(run.root, manifest),
        settings=settings.dict(),
        manifest=manifest,
        metrics=_columns(run.metrics),
    )


def load_study(path: Union[str, "os.PathLike[str]"]) -> Study:
    """Return the study in the directory ``path``; a run on its own is a study of one seed.

    Raises:
        CartrlError: when there is no study, it is damaged, or none of its seeds has an evaluation yet.
    """
    place = latest(STUDY) if os.fspath(path) == LATEST else Path(path)
    study = results.load_study(place)
    iterations = np.unique(np.concatenate([run.iterations for run in study.runs]))
    return Study(
        path=study.path,
        settings=study.settings.dict(),
        manifest=study.manifest,
        seeds=np.array([run.seed for run in study.runs], np.int64),
        states=tuple(run.state for run in study.runs),
        missing=study.missing,
        iterations=iterations.astype(np.int64),
        evaluations={name: _aligned(iterations, study.runs, attribute) for name, attribute in EVALUATED.items()},
    )


def _columns(path: Path) -> dict[str, NDArray[Any]]:
    """Return the columns of a metrics file.

    Raises:
        UsageError: when the file is damaged, or holds no row.
    """
    rows = metrics.read(path)
    if not rows:
        raise UsageError(f"{path}: there is no iteration in it yet")
    return {name: _array([row[name] for row in rows]) for name in rows[0]}


def _array(values: list[metrics.Value]) -> NDArray[Any]:
    if all(isinstance(value, int) and abs(value) <= LARGEST_INT64 for value in values):
        return np.array(values, np.int64)
    return np.array(values, np.float64)  # None becomes NaN


def _aligned(iterations: NDArray[Any], runs: Sequence[evaluated.Run], attribute: str) -> NDArray[Any]:
    """Return an attribute of the runs' evaluations as [runs, iterations], NaN where a run has no evaluation."""
    values = np.full((len(runs), len(iterations)), np.nan)
    for row, run in zip(values, runs):
        row[np.searchsorted(iterations, run.iterations)] = getattr(run, attribute)
    return values


def _frame(columns: dict[str, NDArray[Any]]) -> "pandas.DataFrame":
    try:
        import pandas
    except ImportError as error:
        raise CartrlError(f"a frame needs pandas ({error}); install it with: pip install pandas") from error
    return pandas.DataFrame(columns)
