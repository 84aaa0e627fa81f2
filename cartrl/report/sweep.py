"""The page of a sweep: its settings as a table that can be sorted, their learning curves, and how to go on."""

import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

from cartrl.analysis.curves import learning_curve
from cartrl.analysis.numbers import NOTHING, clock, counted
from cartrl.analysis.seeds import interquartile_mean
from cartrl.analysis.summaries import certain, certainty, of_json, share_said
from cartrl.report.confirmation import confirmation_part
from cartrl.report.content import date, duration, frame, installed, tile, typed
from cartrl.report.numbers import given, number, with_minus
from cartrl.report.sweep_figure import sweep_chart
from cartrl.runs.gathering import load_studies
from cartrl.runs.json_files import read_json
from cartrl.runs.labelling import labels, short_names
from cartrl.runs.modules import modules_of
from cartrl.runs.states import FAILED, STOPPED, state_of
from cartrl.runs.study import named
from cartrl.runs.sweep import Plan, SweepDirectory, read_plan
from cartrl.runs.thresholds import reward_threshold
from cartrl.settings import load
from cartrl.settings.section import has_type
from cartrl.settings.writing import scalar
from cartrl.sweeps import confirming, sensitivity
from cartrl.sweeps.ranking import MOST_DRAWN, RANKED_BY, going_on, require_ranked
from cartrl.system.calls import call_with


@dataclass(frozen=True)
class Cell:
    """The text of a cell of the table, and the number or text that sorts it; an empty ``key`` sorts last."""

    text: str = ""
    key: str = ""


@dataclass(frozen=True)
class Column:
    """A column of the table, with a cell for each setting."""

    title: str
    cells: list[Cell]
    is_number: bool = True
    is_best_first: bool = False  # whether the first click sorts the greatest to the top


def page_of(sweep: SweepDirectory) -> dict[str, Any]:
    """Return the content of the page, for the template.

    Raises:
        UsageError: when a file of the sweep is damaged, or no seed has ended.
    """
    manifest, plan, settings = read_json(sweep.manifest), read_plan(sweep), load(sweep.config).settings
    threshold = reward_threshold(manifest, settings.environment)
    facts = confirming.report(sweep, plan, threshold, plan.outcome)
    entries, confirmed = facts["settings"], facts["confirmation"]
    ranked = require_ranked(sweep, entries)
    drawn = load_studies([Path(entry["path"]) for entry in ranked[:MOST_DRAWN]])
    names = labels(drawn, [])
    curves = [learning_curve(study, name, "iterations", interquartile_mean) for study, name in zip(drawn, names)]
    table = columns(entries, threshold)
    modules = modules_of(manifest)
    again = confirmed["settings"] if confirmed else []
    can_resume = state_of(sweep.root, manifest) in (STOPPED, FAILED)
    size = f"{counted(len(entries), 'setting')} × {counted(len(plan.seeds), 'seed')}"
    found = frame(sweep.root, "sweep", manifest, settings)
    _mark_varied(found["sections"], _keys(entries))
    return {
        **found,
        "lead": f"{size} · {date(manifest.get('started'))}",
        "tiles": [*_tiles(entries, ranked[0], names[0], plan), _time(duration(manifest), facts["spent"])],
        "table_note": _table_note(len(entries) - len(ranked), threshold, facts["race"] or ""),
        "caution": facts["caution"] if len(ranked) > 1 else "",
        "sensitivity": _sensitivity(facts["sensitivity"]) if facts["sensitivity"] else None,
        "confirmation": confirmation_part(confirmed, threshold) if confirmed else None,
        "columns": table,
        "rows": list(zip(*(column.cells for column in table))),
        "curve_note": _curve_note(len(drawn), len(ranked)),
        "chart": sweep_chart(curves, threshold),
        "go_on": going_on(sweep.root, ranked, plan.seeds, can_resume, modules, again),
        "again": [*typed(manifest, _same(manifest, plan, modules)), installed(manifest)],
    }


def columns(entries: Sequence[dict[str, Any]], threshold: Optional[float]) -> list[Column]:
    """Return the columns of the table of the ranked ``entries``; a column without any text is left out."""
    keys = _keys(entries)
    titles = short_names(keys)
    levels = [of_json(entry["final_return"]) if entry["final_return"] else None for entry in entries]
    written = [certain(level) if level else (NOTHING, NOTHING) for level in levels]
    found = [
        Column("rank", [_number(entry["rank"]) for entry in entries]),
        *(_varied(key, titles[key], entries) for key in keys),
        Column(
            "final return",
            [_number(level and level[0], text) for level, (text, _) in zip(levels, written)],
            is_best_first=True,
        ),
        Column(
            "95 % interval",
            [_number(level and level[1], text) for level, (_, text) in zip(levels, written)],
            is_best_first=True,
        ),
        *([] if threshold is None else [_solved(entries)]),
        Column("seeds", [_number(len(entry["seeds"])) for entry in entries], is_best_first=True),
        Column("notes", [Cell(*["; ".join(entry["notes"])] * 2) for entry in entries], is_number=False),
    ]
    return [column for column in found if any(cell.text for cell in column.cells)]


def _number(value: Optional[float], text: Optional[str] = None) -> Cell:
    """Return a cell that is sorted by ``value``, and shows ``text``, or without one ``value``."""
    shown = text if text is not None else NOTHING if value is None else given(value)
    return Cell(with_minus(shown), "" if value is None else json.dumps(value))


def _solved(entries: Sequence[dict[str, Any]]) -> Column:
    cells = []
    for entry in entries:
        solved = entry["solved"]
        text = share_said(solved) if solved else NOTHING
        cells.append(_number(solved and solved["share"], text))
    return Column("solved", cells, is_best_first=True)


def _varied(key: str, title: str, entries: Sequence[dict[str, Any]]) -> Column:
    """Return the column with the values of the setting ``key``."""
    own = [entry["values"] for entry in entries]
    texts = [scalar(values[key]) if key in values else "" for values in own]
    is_number = all(has_type(values[key], float) for values in own if key in values)
    cells = [
        Cell(with_minus(text) if is_number else text, _key(values.get(key), text)) for values, text in zip(own, texts)
    ]
    return Column(title, cells, is_number)


def _key(value: Any, text: str) -> str:
    return json.dumps(value) if has_type(value, float) else text


def _keys(entries: Sequence[dict[str, Any]]) -> list[str]:
    """Return the settings that vary, as ``section.key``."""
    return list(dict.fromkeys(itertools.chain.from_iterable(entry["values"] for entry in entries)))


def _sensitivity(found: dict[str, Any]) -> dict[str, Any]:
    """Return the content of the part on which setting mattered."""
    rows = [[name, *map(with_minus, texts)] for name, *texts in sensitivity.rows(found)]
    return {"note": sensitivity.basis(found), "headers": sensitivity.HEADERS, "rows": rows}


def _mark_varied(sections: list[dict[str, Any]], keys: Sequence[str]) -> None:
    """Mark the settings ``keys`` in the list of all settings as varied."""
    for section in sections:
        for setting in section["settings"]:
            if f"{section['name']}.{setting['name']}" in keys:
                setting.update(value="varied", is_changed=True, note="see the table")


def _tiles(entries: Sequence[dict[str, Any]], best: dict[str, Any], name: str, plan: Plan) -> list[dict[str, Any]]:
    middle, certain_by = map(with_minus, certainty(of_json(best["final_return"]), len(best["seeds"]), "seed"))
    without = sum(entry["rank"] is None for entry in entries)
    trials = f"of {counted(int(plan.search['trials']), 'trial')}; " if plan.search else ""
    rank_note = f"{without} without a rank" if without else "all ranked"
    return [
        tile("Best setting", middle, f"{name}; {certain_by}"),
        tile("Settings", number(len(entries)), f"{trials}{rank_note}"),
        tile("Seeds of each", number(len(plan.seeds)), named(plan.seeds)),
    ]


def _time(took: Optional[str], cost: dict[str, Any]) -> dict[str, Any]:
    steps = f"{number(cost['environment_steps'])} environment steps"
    spent = f"{counted(cost['runs'], 'run')}, {steps}, {clock(cost['hours'] * 3600)} of training"
    return tile("Time", took or NOTHING, spent)


def _table_note(without: int, threshold: Optional[float], race: str) -> str:
    solved = "" if threshold is None else f" Solved are seeds with a final return of at least {given(threshold)}."
    rest = f" Without a seed that has ended, so without a rank: {without}." if without else ""
    race = f" {race}" if race else ""
    return f"Ranked by the {RANKED_BY} of the seeds (the mean of their middle half).{race}{solved}{rest}"


def _curve_note(drawn: int, ranked: int) -> str:
    which = f" Drawn are the best {drawn} of {ranked} settings." if drawn < ranked else ""
    return (
        "Evaluations of the greedy policy during training: of each setting the interquartile mean of its seeds, and "
        f"where a value is shown its 95 % interval.{which}"
    )


def _same(manifest: dict[str, Any], plan: Plan, modules: Sequence[str]) -> str:
    """Return the command that trains the same sweep from the config in the page."""
    option, given_as = ("--search", plan.search.get("ranges")) if plan.search else ("--grid", manifest.get("grid"))
    choices: Sequence[str] = given_as or () if has_type(given_as, tuple[str, ...]) else ()
    words = [word for choice in choices for word in (option, choice)]
    trials = ["--trials", plan.search["trials"]] if plan.search else []
    return call_with(modules, "sweep", "config.yaml", *words, *trials, "--seeds", named(plan.seeds))
