"""Labels of studies by what differs between their settings, such as ``learning_rate 0.003, 8 episodes``."""

from collections.abc import Mapping, Sequence
from typing import Any

from cartrl.settings.writing import scalar

MOST_SETTINGS = 4  # more of them make no label that can be read
# Settings on which neither a return nor the length of a run depends.
WITHOUT_EFFECT = ("train.checkpoint_interval", "train.log_interval", "eval.keep_policies")
UNITS = {
    "collect.collect_episodes_per_iteration": "episodes",
    "collect.num_environments": "environments",
    "environment.max_episode_steps": "steps at most",
    "eval.num_eval_episodes": "evaluation episodes",
    "train.num_iterations": "iterations",
}


def by_settings(differences: Mapping[str, Sequence[Any]], names: Sequence[str]) -> list[str]:
    """Return a label for each study: the settings in which it differs from others, or else its name.

    Args:
        differences: by ``section.key``, the value of each study.
        names: of the studies, each another; a name is added where two studies have the same settings.
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
    """Return by ``section.key`` what to call a setting: its key, and all of it where two sections have that key."""
    short = [key.partition(".")[2] for key in keys]
    return {key: name if short.count(name) == 1 else key for key, name in zip(keys, short)}


def _phrase(key: str, name: str, value: Any) -> str:
    """Return a setting and its value as one says it."""
    if key in UNITS and isinstance(value, int):
        return f"{value:,} {UNITS[key]}"
    if isinstance(value, float):
        return f"{name} {value:g}"
    if isinstance(value, dict):
        return ", ".join(f"{constant} {number:g}" for constant, number in value.items()) or f"{name} as gym has them"
    return f"{name} {scalar(value)}"
