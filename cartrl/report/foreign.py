"""The report of another tool's study: what its files tell, and how they were read."""

from dataclasses import replace
from typing import Any

import numpy as np

from cartrl import __version__
from cartrl.analysis.curves import learning_curve
from cartrl.analysis.numbers import counted
from cartrl.analysis.seeds import interquartile_mean, summary
from cartrl.analysis.summaries import certainty
from cartrl.report import figures
from cartrl.report.content import date, tile
from cartrl.report.numbers import number, with_minus
from cartrl.runs.evaluated import Run
from cartrl.runs.foreign.study import ForeignStudy
from cartrl.runs.machine import timestamp

POINTS = 300  # of one run's curve: a screen has no more


def page_of(study: ForeignStudy) -> dict[str, Any]:
    """Return the content of the page, for the template ``foreign.html``."""
    drawn = replace(study, runs=tuple(map(_thinned, study.runs)))
    curves = [_curve(run) for run in drawn.runs]
    together = learning_curve(drawn, study.name, "steps", interquartile_mean)
    plane = figures.plane_of(curves, [value for curve in curves for value in curve.reached], None)
    finals = np.array([run.final for run in study.runs])
    found = summary(finals)
    middle = figures.Center("interquartile mean", found.middle, found.low, found.high)
    return {
        "name": study.path.resolve().name,
        "kind": "study" if len(study.runs) > 1 else "run",
        "agent": "Runs" if study.name == study.env_name else study.name,
        "env_name": study.env_name or "an environment without a name",
        "lead": counted(len(study.runs), "seed"),
        "tiles": _tiles(study, *map(with_minus, certainty(found, len(finals), "seed"))),
        "curve_note": f"The {study.measure}s of each seed over environment steps, and their interquartile mean with "
        "its 95 % interval.",
        "chart": figures.study_chart(curves, together, None, "step"),
        "returns": figures.histogram("Final returns", "seeds", finals, middle, None) if len(finals) > 1 else None,
        "returns_note": "How many seeds ended with which return.",
        "film": None,
        "played": None,
        "missing": [],
        "seeds_note": "The curve of each seed, all on the same scales.",
        "seeds": [
            {"seed": run.seed, "state": "finished", "chart": figures.small_chart(curve, plane), "evaluation": None,
             "note": f"final {number(run.final)}, best {number(run.best)}, {counted(int(run.steps[-1]), 'step')}"}
            for run, curve in zip(study.runs, curves)
        ],
        "notes": study.notes(),
        "version": __version__,
        "written": date(timestamp()),
    }  # fmt: skip


def _tiles(study: ForeignStudy, middle: str, certain: str) -> list[dict[str, Any]]:
    finals = [run.final for run in study.runs]
    steps = sum(run.steps[-1] for run in study.runs)
    title = "Interquartile mean of final returns" if len(finals) > 1 else "Final return"
    return [
        tile(title, middle, f"{certain}; {study.measure}s"),
        tile("Best in training", number(max(run.best for run in study.runs)), "of all seeds"),
        tile("Worst seed", number(min(finals)), f"best seed {number(max(finals))}"),
        tile("Environment steps", number(steps), "of all seeds together"),
    ]


def _thinned(run: Run) -> Run:
    """Return ``run`` with at most `POINTS` of its returns, the first and the last among them."""
    kept = np.unique(np.linspace(0, len(run.returns) - 1, POINTS).round().astype(int))
    names = ("iterations", "steps", "seconds", "returns")
    return replace(run, **{name: getattr(run, name)[kept] for name in names})


def _curve(run: Run) -> figures.Curve:
    return figures.Curve(np.empty((0, 5)), np.stack([run.steps, run.returns, np.zeros(len(run.steps))], axis=1))
