"""The parts of a report that only runs have, and those that only studies have."""

from collections import Counter
from typing import Any, Optional

import numpy as np

from cartrl.analysis.curves import learning_curve
from cartrl.analysis.numbers import NOTHING, counted
from cartrl.analysis.seeds import interquartile_mean, summary
from cartrl.analysis.summaries import certainty
from cartrl.report import figures
from cartrl.report.charts import Chart, axis
from cartrl.report.content import Evaluated, Subject, date, duration, frame_of, tile
from cartrl.report.numbers import given, number, with_minus
from cartrl.runs import metrics
from cartrl.runs.directory import RunDirectory
from cartrl.runs.evaluated import Run

EVALUATED = "The best policy of each seed played 100 fresh episodes of the environment."


def page_of(subject: Subject) -> dict[str, Any]:
    """Return the content of the page, for the template."""
    particular = study_parts(subject) if subject.is_study else run_parts(subject)
    return {**frame_of(subject), **particular}


def run_parts(subject: Subject) -> dict[str, Any]:
    """Return the content that only the page of a run has."""
    (run,) = subject.study.runs
    rows = metrics.read(RunDirectory(run.directory).metrics)
    evaluated = subject.evaluations.get(run.seed)
    returns = None
    if evaluated:
        center = figures.Center("mean", evaluated.facts["mean"], *(evaluated.facts["interval_95"] or (None, None)))
        returns = figures.histogram("Evaluation", "episodes", np.array(evaluated.returns), center, subject.threshold)
    return {
        "lead": f"seed {run.seed} · {date(subject.manifest.get('started'))}",
        "tiles": _run_tiles(run, rows[-1], evaluated, duration(subject.manifest)),
        "curve_note": f"Returns of the episodes that each iteration learned from, and evaluations of the greedy "
        f"policy over {subject.study.settings.eval.num_eval_episodes} episodes of their own.",
        "chart": figures.run_chart(figures.curve_of(rows), subject.threshold),
        "returns": returns,
        "returns_note": _returns_note(evaluated) if evaluated else "",
        "seeds": [],
    }


def _run_tiles(
    run: Run, last: metrics.Row, evaluated: Optional[Evaluated], took: Optional[str]
) -> list[dict[str, Any]]:
    tiles = []
    if evaluated:
        facts = evaluated.facts
        threshold = facts["reward_threshold"]
        solved = "" if threshold is None else f"; solved from {given(threshold)}"
        mean, note = map(with_minus, evaluated.level)
        tiles.append(tile(f"Mean return of {facts['episodes']} episodes", mean, f"{note}{solved}", facts["verdict"]))
    where = int(run.iterations[np.flatnonzero(run.returns == run.best)[-1]])
    steps = f"in {number(last['environment_steps'] or 0)} environment steps"
    return [
        *tiles,
        tile("Best in training", number(run.best), f"evaluated at iteration {where:,} of {run.num_iterations:,}"),
        tile("Episodes collected", number(last["episodes"] or 0), steps),
        tile("Time", took or NOTHING, "start-up and saving included"),
    ]


def _returns_note(evaluated: Evaluated) -> str:
    facts = evaluated.facts
    return (
        f"The best policy (iteration {facts['step']:,}) over {facts['episodes']} fresh episodes of the environment, "
        f"{facts['actions']}, seed {facts['seed']}: least {number(facts['min'])}, "
        f"median {number(facts['median'])}, greatest {number(facts['max'])}; "
        f"{facts['truncated']} ended by the time limit."
    )


def study_parts(subject: Subject) -> dict[str, Any]:
    """Return the content that only the page of a study has."""
    study = subject.study
    of_seeds = {run.seed: figures.curve_of(metrics.read(RunDirectory(run.directory).metrics)) for run in study.runs}
    together = learning_curve(study, study.path.name, "iterations", interquartile_mean)
    counted = [run.seed for run in study.ended or study.runs]
    results = [evaluated for seed, evaluated in subject.evaluations.items() if seed in counted]
    means = np.array([evaluated.facts["mean"] for evaluated in results])
    bounds = [bound for evaluated in subject.evaluations.values() for bound in evaluated.ends]
    thresholds = [] if subject.threshold is None else [subject.threshold]
    returns = None
    if results:
        level = summary(means)
        center = figures.Center("interquartile mean", level.middle, level.low, level.high)
        returns = figures.histogram("Evaluation", "seeds", means, center, subject.threshold)
    notes = "".join(f" {note[0].upper()}{note[1:]}." for note in study.notes())
    return {
        "lead": f"{len(study.runs)} seeds · {date(subject.manifest.get('started'))}",
        "tiles": _study_tiles(subject, results),
        "curve_note": "Evaluations of the greedy policy during training: each seed thin, and the interquartile mean "
        f"(the mean of the middle half of the seeds) with its 95 % interval.{notes}",
        "chart": figures.study_chart(list(of_seeds.values()), together, subject.threshold),
        "returns": returns,
        "returns_note": f"{EVALUATED} Here is how many seeds reached which mean return.",
        "seeds_note": f"{EVALUATED} The number is its mean return, the bar below its 95 % interval. The curves are "
        "those of training, all on the same scales.",
        "evaluation_scale": axis([*bounds, *thresholds]),
        "seeds": _seeds(subject, of_seeds),
    }


def _seeds(subject: Subject, of_seeds: dict[int, figures.Curve]) -> list[dict[str, Any]]:
    reached = [value for curve in of_seeds.values() for value in curve.reached]
    plane = figures.plane_of(list(of_seeds.values()), reached, subject.threshold)
    found: list[dict[str, Any]] = []
    for run in subject.study.runs:
        evaluated = subject.evaluations.get(run.seed)
        chart = figures.small_chart(of_seeds[run.seed], plane)
        found.append(_seed(run, chart, evaluated))
    missing = [{"seed": seed, "state": "missing", "chart": None, "evaluation": None, "note": "nothing yet"}
               for seed in subject.study.missing]  # fmt: skip
    return sorted(found + missing, key=lambda seed: seed["seed"])


def _seed(run: Run, chart: Chart, evaluated: Optional[Evaluated]) -> dict[str, Any]:
    note = f"best in training {number(run.best)}"
    shown = None
    if evaluated:
        facts = evaluated.facts
        (low, high), (mean, certainty) = evaluated.ends, map(with_minus, evaluated.level)
        shown = {"at": facts["mean"], "mean": mean, "low": low, "high": high, "certainty": certainty,
                 "verdict": facts["verdict"], "threshold": facts["reward_threshold"]}  # fmt: skip
    return {"seed": run.seed, "state": run.state, "chart": chart, "evaluation": shown, "note": note}


def _study_tiles(subject: Subject, results: list[Evaluated]) -> list[dict[str, Any]]:
    """Return the tiles of a study with the evaluations ``results``."""
    means = np.array([evaluated.facts["mean"] for evaluated in results])
    took = duration(subject.manifest) or NOTHING
    time = tile("Time", took, f"{number(sum(run.steps[-1] for run in subject.study.runs))} environment steps")
    if not len(means):
        return [time]
    middle, certain = map(with_minus, certainty(summary(means), len(means), "seed"))
    seeds = counted(len(means), "seed")
    tiles = [tile("Interquartile mean return", middle, f"{certain}; {seeds}")]
    if subject.threshold is not None:
        verdicts = Counter(evaluated.facts["verdict"] for evaluated in results)
        rest = "".join(f"; {verdicts[name]} {name}" for name in ("undecided", "not solved") if verdicts[name])
        note = f"from a mean return of {given(subject.threshold)}{rest}"
        tiles.append(tile("Solved", f"{verdicts['solved']} of {len(means)}", note))
    best = f"best seed {number(float(means.max()))}"
    return [*tiles, tile("Worst seed", number(float(means.min())), best), time]
