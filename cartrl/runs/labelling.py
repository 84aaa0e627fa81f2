"""Labels of studies by what differs between their settings, such as ``learning_rate 0.003, 8 episodes``."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any, Optional

from cartrl.errors import UsageError
from cartrl.runs.evaluated import Evaluated
from cartrl.settings.writing import scalar

MOST_SETTINGS = 4  # with more of them a label is too long to read
# Settings on which neither a return nor the length of a run depends.
WITHOUT_EFFECT = (
    "train.checkpoint_interval",
    "train.log_interval",
    "eval.keep_policies",
    "collect.workers",
    "collect.processes",
)
UNITS = {
    "collect.collect_episodes_per_iteration": "episodes",
    "collect.num_environments": "environments",
    "environment.max_episode_steps": "steps at most",
    "eval.num_eval_episodes": "evaluation episodes",
    "train.num_iterations": "iterations",
}
# Settings that are mappings. A label writes each entry, as ``gravity 1.62``; of an empty mapping it says what is here.
OF_ENVIRONMENT = {
    "environment.constants": "constants as gym has them",
    "environment.kwargs": "no kwargs",
}


def labels(studies: Sequence[Evaluated], given: Sequence[str] = ()) -> list[str]:
    """Return the label of each study in a picture: the ``given`` one, or else the settings that differ, or its name.

    Raises:
        UsageError: when there are not as many given as studies.
    """
    if given and len(given) != len(studies):
        raise UsageError(f"--label: {len(given)} labels for {len(studies)} curves; give as many, in their order")
    return list(given) or by_settings(differences(studies) or {}, names(studies))


def names(studies: Sequence[Evaluated]) -> list[str]:
    """Return a short name for each study: its own, or the whole path where two have the same."""
    found = [study.name for study in studies]
    return [name if found.count(name) == 1 else str(study.path) for name, study in zip(found, studies)]


def differences(studies: Sequence[Evaluated]) -> Optional[dict[str, list[Any]]]:
    """Return the settings in which studies differ, by ``section.key``, but for the seed: the value of each study.

    Return None where the settings of a study are not known.
    """
    settings = [own for own in (study.flat_settings() for study in studies) if own is not None]
    if len(settings) < len(studies):
        return None
    found = {key: [own.get(key) for own in settings] for key in dict.fromkeys(itertools.chain(*settings))}
    return {
        key: values
        for key, values in found.items()
        if key != "train.seed" and any(value != values[0] for value in values)
    }


def by_settings(differences: Mapping[str, Sequence[Any]], names: Sequence[str]) -> list[str]:
    """Return a label for each study: the settings in which it differs from others, or else its name.

    Args:
        differences: by ``section.key``, the value of each study.
        names: the names of the studies, all different; a name is added where two studies have the same settings.
    """
    told = [key for key in differences if key not in WITHOUT_EFFECT]
    if not 0 < len(told) <= MOST_SETTINGS:
        return list(names)
    keys = short_names(told)
    labels = [
        ", ".join(_phrase(key, keys[key], differences[key][position]) for key in told) for position in range(len(names))
    ]
    return [label if labels.count(label) == 1 else f"{label} ({name})" for label, name in zip(labels, names)]


def short_names(keys: Sequence[str]) -> dict[str, str]:
    """Return a name for each ``section.key``: the key alone, or ``section.key`` where two sections have that key."""
    short = [key.partition(".")[2] for key in keys]
    return {key: name if short.count(name) == 1 else key for key, name in zip(keys, short)}


def _phrase(key: str, name: str, value: Any) -> str:
    """Return a setting and its value in words, such as ``8 episodes``."""
    if key in UNITS and isinstance(value, int):
        return f"{value:,} {UNITS[key]}"
    if isinstance(value, float):
        return f"{name} {value:g}"
    if key in OF_ENVIRONMENT:
        return ", ".join(_phrase(own, own, given) for own, given in value.items()) or OF_ENVIRONMENT[key]
    return f"{name} {scalar(value)}"
