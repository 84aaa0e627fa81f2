"""Settings suggested one after another by Optuna's tree-structured Parzen estimator (Bergstra et al., 2011)."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Optional

from cartrl.errors import UsageError
from cartrl.runs.sweep import Setting, named, record_of, setting_of
from cartrl.sweeps.grid import Range


def load_optuna() -> Any:
    """Import Optuna, which is an extra.

    Raises:
        UsageError: when it is not installed.
    """
    try:
        import optuna
    except ImportError:
        reason = "--search needs Optuna, which is not installed; in a checkout of cartrl: pip install '.[search]'"
        raise UsageError(reason) from None
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna


def version() -> str:
    """Return the version of Optuna, on which the suggestions depend."""
    return str(load_optuna().__version__)


def suggest(
    ranges: Sequence[Range],
    search: dict[str, Any],
    records: list[dict[str, Any]],
    measure: Callable[[Setting], Optional[float]],
    note: Callable[[], None],
) -> Iterator[Setting]:
    """Suggest the settings of all trials; the caller trains each before it asks for the next.

    A resumed search asks Optuna again for the trials in ``records``, so that the sampler gets back into its state.

    Args:
        ranges: the settings that are varied.
        search: the manifest's facts about the search: ``trials``, ``sampler_seed``, and the version of ``optuna``.
        records: the manifest's record of each trial, with its ``value`` once it is known; new trials are appended.
        measure: returns the number that a trained setting reached, or None.
        note: called when the records have changed.

    Raises:
        UsageError: when another version of Optuna suggests other settings than are recorded.
    """
    optuna = load_optuna()
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=search["sampler_seed"]))
    distributions = {range_.key: _distribution(optuna, range_) for range_ in ranges}
    for number in range(search["trials"]):
        trial = study.ask(distributions)
        overrides = [range_.override(trial.params[range_.key]) for range_ in ranges]
        if number == len(records):
            records.append(_record(overrides, records))
            note()
        record = records[number]
        if record["overrides"] != overrides:
            raise UsageError(
                f"Optuna {optuna.__version__} suggests something else than {search['optuna']} did, with which the "
                f"search began; to go on: pip install optuna=={search['optuna']}"
            )
        yield setting_of(record)
        if "value" not in record:
            record["value"] = measure(setting_of(record))
            note()
        if record["value"] is None:
            study.tell(trial, state=optuna.trial.TrialState.FAIL)
        else:
            study.tell(trial, record["value"])


def _distribution(optuna: Any, range_: Range) -> Any:
    kind = optuna.distributions.IntDistribution if range_.is_whole else optuna.distributions.FloatDistribution
    return kind(range_.low, range_.high, log=range_.is_log)


def _record(overrides: list[str], earlier: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the record of a new trial. A trial that repeats an earlier one has the study of that one."""
    known = next((record for record in earlier if record["overrides"] == overrides), None)
    if known is not None:
        return {"name": known["name"], "overrides": overrides}
    (setting,) = named([tuple(overrides)])
    if setting.name.startswith("setting-"):  # too long a name
        setting = Setting(f"setting-{len(earlier) + 1}", setting.overrides)
    return record_of(setting)
