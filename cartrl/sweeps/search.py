"""Settings suggested in batches by Optuna's tree-structured Parzen estimator (Bergstra et al., 2011)."""

import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Optional

from cartrl.errors import UsageError
from cartrl.runs.sweep import Setting, named, record_of, setting_of
from cartrl.sweeps.grid import Categories, Varied
from cartrl.system import extras

BATCH = 4  # settings suggested at once: many for the workers, and few that know nothing of each other's results


def load_optuna() -> Any:
    """Import Optuna, which is an extra.

    Raises:
        UsageError: when it is not installed.
    """
    try:
        import optuna
    except ImportError:
        raise UsageError(extras.missing("--search", "Optuna", "search")) from None
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna


def version() -> str:
    """Return the version of Optuna, on which the suggestions depend."""
    return str(load_optuna().__version__)


def suggest(
    varied: Sequence[Varied],
    search: dict[str, Any],
    records: list[dict[str, Any]],
    measure: Callable[[Setting], Optional[float]],
    note: Callable[[], None],
) -> Iterator[list[Setting]]:
    """Suggest the settings of all trials in batches; the caller trains each batch before it asks for the next.

    The size of a batch is fixed, so that the suggestions do not depend on how many workers train them. A resumed search
    asks Optuna again for the trials in ``records``, so that the sampler gets back into its state.

    Args:
        varied: the settings that are varied.
        search: the manifest's facts about the search: ``trials``, ``sampler_seed``, ``batch``, which searches of older
            versions lack, and the version of ``optuna``.
        records: the manifest's record of each trial, with its ``value`` once it is known; new trials are appended.
        measure: returns the number that a trained setting reached, or None.
        note: called when the records have changed.

    Raises:
        UsageError: when another version of Optuna suggests other settings than are recorded.
    """
    optuna = load_optuna()
    size = search.get("batch", 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Optuna calls the option experimental
        # A setting that is in training counts as a bad one, so that a batch does not hold one setting many times.
        sampler = optuna.samplers.TPESampler(seed=search["sampler_seed"], constant_liar=size > 1)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    distributions = {setting.key: distribution(optuna, setting) for setting in varied}
    for first in range(0, search["trials"], size):
        trials = [study.ask(distributions) for _ in range(min(size, search["trials"] - first))]
        for number, trial in enumerate(trials, first):
            overrides = [setting.override(trial.params[setting.key]) for setting in varied]
            if number == len(records):
                records.append(_record(overrides, records))
            if records[number]["overrides"] != overrides:
                raise UsageError(
                    f"Optuna {optuna.__version__} suggests something else than {search['optuna']} did, with which the "
                    f"search began; to go on: pip install optuna=={search['optuna']}"
                )
        note()
        batch = records[first : first + len(trials)]
        yield list(dict.fromkeys(map(setting_of, batch)))
        for trial, record in zip(trials, batch):
            if "value" not in record:
                record["value"] = measure(setting_of(record))
            if record["value"] is None:
                study.tell(trial, state=optuna.trial.TrialState.FAIL)
            else:
                study.tell(trial, record["value"])
        note()


def distribution(optuna: Any, setting: Varied) -> Any:
    """Return how Optuna has the range or the values of a setting."""
    if isinstance(setting, Categories):
        return optuna.distributions.CategoricalDistribution(setting.values)
    kind = optuna.distributions.IntDistribution if setting.is_whole else optuna.distributions.FloatDistribution
    return kind(setting.low, setting.high, log=setting.is_log)


def _record(overrides: list[str], earlier: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the record of a new trial. A trial that repeats an earlier one has the study of that one."""
    known = next((record for record in earlier if record["overrides"] == overrides), None)
    if known is not None:
        return {"name": known["name"], "overrides": overrides}
    (setting,) = named([tuple(overrides)])
    if setting.name.startswith("setting-"):  # too long a name
        setting = Setting(f"setting-{len(earlier) + 1}", setting.overrides)
    return record_of(setting)
