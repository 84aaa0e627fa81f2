"""Which setting of a sweep mattered, and how much is lost by keeping the default: functional ANOVA.

The functional analysis of variance (Hutter et al., 2014, "An efficient approach for assessing hyperparameter
importance") divides the variance between settings into a share for each varied key, its main effect, and a rest:
interactions, and the noise of the seeds. Of a full grid it is exact, by means over the other keys. Of other settings
Optuna's random forest stands for those that were not tried.
"""

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Optional

import numpy as np
from numpy.typing import NDArray

from cartrl import randomness
from cartrl.analysis.comparison import across
from cartrl.analysis.numbers import NOTHING, counted, percent
from cartrl.analysis.seeds import interquartile_mean
from cartrl.analysis.summaries import certain, of_json
from cartrl.errors import UsageError
from cartrl.settings.writing import scalar
from cartrl.sweeps.grid import Varied
from cartrl.sweeps.search import distribution, load_optuna
from cartrl.system import extras

GRID, FOREST = "analysis of variance of the full grid", "functional ANOVA by Optuna's random forest"
RESAMPLES = 1_000  # of the seeds
FEW_RESAMPLES = 100  # where each needs a forest
TREES = 16
ENDS = (0.025, 0.975)
HEADERS = ("what mattered", "share", "95 % interval", "default", "lost by it", "95 % interval")
MISSING = extras.missing("Which setting mattered", "Optuna or scikit-learn", "search")

Shares = Callable[[NDArray[Any]], NDArray[Any]]  # values of the settings [N] -> the share of each key


def sensitivity(
    entries: Sequence[dict[str, Any]], defaults: Mapping[str, Any], varied: Sequence[Varied]
) -> Optional[dict[str, Any]]:
    """Return what the ranked ``entries`` of a sweep show of its keys, by the names of the JSON.

    Args:
        entries: those of the settings, the best first.
        defaults: the values that the sweep's own config has, by key.
        varied: the ranges of a search; none for a grid.

    Returns:
        None where there are not two settings that differ, with a seed that all have.
    """
    known = [entry for entry in entries if entry["final_return"]]
    texts = {key: [scalar(entry["values"][key]) for entry in known] for key in (known[0]["values"] if known else ())}
    texts = {key: own for key, own in texts.items() if len(set(own)) > 1}
    seeds = sorted(set.intersection(*(set(entry["seeds"]) for entry in known))) if known else []
    if not texts or not seeds:
        return None
    of_seeds = [dict(zip(entry["seeds"], entry["final_return"]["values"])) for entry in known]
    finals = np.array([[own[seed] for seed in seeds] for own in of_seeds])
    shares, method, resamples = _method(texts, varied)
    found, intervals = _shares(finals, shares, resamples) if shares is not None else (None, None)
    names = [*texts, None]
    parts = [
        {
            "share": None if found is None else found[place],
            "interval_95": None if intervals is None else intervals[place],
        }
        for place in range(len(names))
    ]
    return {
        "method": method,
        "seeds": len(seeds),
        "keys": [
            {
                "name": key, **part, "default": defaults.get(key), "best": known[0]["values"][key],
                "lost": _lost(finals, own, scalar(defaults.get(key))),
            }
            for (key, own), part in zip(texts.items(), parts)
        ],
        "rest": parts[-1],
        "note": MISSING if shares is None else None,
    }  # fmt: skip


def _lost(finals: NDArray[Any], texts: Sequence[str], default: str) -> Optional[dict[str, Any]]:
    """Return by how much the best setting is above the best of those with the default, seed by seed.

    ``finals`` [N, S] are of the settings, the best first. None where none has the default.
    """
    return across(finals[0] - finals[texts.index(default)]) if default in texts else None


def _shares(
    finals: NDArray[Any], shares: Shares, resamples: int
) -> tuple[Optional[list[float]], Optional[list[list[float]]]]:
    """Return the share of each key and that of the rest, and their intervals over the seeds; None where none differs.

    ``finals`` [N, S] are resampled by seeds, for all settings the same, as all have the same seeds.
    """

    def divided(values: NDArray[Any]) -> NDArray[Any]:
        own = shares(values)
        return np.append(own, max(1 - own.sum(), 0.0))

    values = interquartile_mean(finals)
    if np.ptp(values) == 0:
        return None, None
    found, count = divided(values), finals.shape[1]
    if count == 1:
        return found.tolist(), None
    rng = np.random.default_rng(randomness.draw(4, 0, randomness.Stream.BOOTSTRAP))
    drawn = (interquartile_mean(finals[:, places]) for places in rng.integers(count, size=(resamples, count)))
    again = np.array([divided(values) for values in drawn if np.ptp(values) > 0])
    return found.tolist(), np.quantile(again, ENDS, axis=0).T.tolist()


def _method(
    texts: Mapping[str, Sequence[str]], varied: Sequence[Varied]
) -> tuple[Optional[Shares], Optional[str], int]:
    """Return what computes the shares, its name, and how often that is worth the time; None if it is not installed."""
    levels = np.array([[sorted(set(own)).index(text) for text in own] for own in texts.values()])
    is_full = len(np.unique(levels, axis=1).T) == levels.shape[1] == np.prod(levels.max(axis=1) + 1)
    if is_full:
        return lambda values: main_effects(values, levels), GRID, RESAMPLES
    try:
        return _forest(texts, varied), FOREST, FEW_RESAMPLES
    except (ImportError, UsageError):
        return None, None, 0


def main_effects(values: NDArray[Any], levels: NDArray[Any]) -> NDArray[Any]:
    """Return the share of the variance of ``values`` [N] that each key explains alone.

    The ``levels`` [keys, N] say which of its values each setting has, and are those of a full grid.
    """
    means = [[values[own == level].mean() for level in range(own.max() + 1)] for own in levels]
    return np.asarray([np.var(own) for own in means] / values.var())


def _forest(texts: Mapping[str, Sequence[str]], varied: Sequence[Varied]) -> Shares:
    """Return a function that asks Optuna's random forest.

    Raises:
        ImportError, UsageError: when Optuna, or what its forest is made of, is not installed.
    """
    optuna = load_optuna()
    import sklearn  # noqa: F401 (Optuna imports it late)

    spaces = {one.key: distribution(optuna, one) for one in varied}
    for key in texts.keys() - spaces.keys():
        spaces[key] = optuna.distributions.CategoricalDistribution(sorted(set(texts[key])))
    params = [{key: _read(text, spaces[key]) for key, text in zip(texts, own)} for own in zip(*texts.values())]

    def shares(values: NDArray[Any]) -> NDArray[Any]:
        study = optuna.create_study(direction="maximize")
        for own, value in zip(params, values):
            trial = optuna.trial.create_trial(params=own, distributions={key: spaces[key] for key in own}, value=value)
            study.add_trial(trial)
        evaluator = optuna.importance.FanovaImportanceEvaluator(n_trees=TREES, seed=0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = evaluator.evaluate(study)
        return np.array([found[key] for key in texts])

    return shares


def _read(text: str, space: Any) -> Any:
    """Return the value that ``text`` writes, as one of a distribution of Optuna's."""
    kinds = {"FloatDistribution": float, "IntDistribution": int}
    return kinds.get(type(space).__name__, str)(text)


def rows(found: dict[str, Any]) -> list[list[str]]:
    """Return a row of texts below `HEADERS` for each key, and one for the rest."""
    named = [[key["name"].partition(".")[2], *_share_said(key), *_lost_said(key)] for key in found["keys"]]
    return [*named, ["interactions and noise", *_share_said(found["rest"]), "", "", ""]]


def basis(found: dict[str, Any]) -> str:
    """Return a sentence on what the shares are, or why there are none."""
    seeds = counted(found["seeds"], "seed")
    return found["note"] or f"Shares of the variance between settings, over {seeds}: {found['method']}."


def _share_said(part: dict[str, Any]) -> list[str]:
    share, interval = part["share"], part["interval_95"]
    ends = NOTHING if interval is None else " to ".join(map(percent, interval))
    return [NOTHING if share is None else percent(share), ends]


def _lost_said(key: dict[str, Any]) -> list[str]:
    default = scalar(key["default"])
    if key["lost"] is None:
        return [default, "not tried", NOTHING]
    if key["default"] == key["best"]:
        return [default, "the best", NOTHING]
    return [default, *certain(of_json(key["lost"]))]
