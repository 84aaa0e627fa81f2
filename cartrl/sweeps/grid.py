"""Reads ``--grid`` and ``--search``: which settings are varied, and over which values."""

import itertools
import math
from collections.abc import Container, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Union

from cartrl.errors import UsageError, cut
from cartrl.settings import ResolvedConfig, agents, experiment, load
from cartrl.settings.section import annotation_of, has_type
from cartrl.settings.writing import scalar
from cartrl.settings.yaml_text import parse

MOST_SETTINGS = 1000
DIGITS = 4  # significant digits of a number that a search suggests
OPENING, CLOSING = "[{", "]}"

Choice = tuple[str, ...]  # overrides section.key=value, one for each setting that varies


class Base(NamedTuple):
    """The config that all settings of a sweep share."""

    path: Path
    overrides: Sequence[str]  # section.key=value


@dataclass(frozen=True)
class Range:
    """A range of ``--search``: numbers from ``low`` to ``high``, of which the search tries some."""

    key: str
    low: float
    high: float
    is_log: bool
    is_whole: bool

    def override(self, value: float) -> str:
        """Return ``value`` as an override, rounded to `DIGITS`, so that names and tables stay short."""
        if self.is_whole:
            return f"{self.key}={int(value)}"
        return f"{self.key}={scalar(min(max(float(f'{value:.{DIGITS}g}'), self.low), self.high))}"


@dataclass(frozen=True)
class Categories:
    """Values of ``--search`` that have no order, such as true and false."""

    key: str
    values: tuple[str, ...]

    def override(self, value: str) -> str:
        """Return ``value`` as an override."""
        return f"{self.key}={value}"


Varied = Union[Range, Categories]


def parse_grid(texts: Sequence[str]) -> dict[str, list[str]]:
    """Read ``section.key=value,value,…``; commas inside of brackets belong to a value.

    Raises:
        UsageError: when a text is anything else.
    """
    grid: dict[str, list[str]] = {}
    for text in texts:
        key, values = _parts("--grid", text, "agent.learning_rate=1e-3,3e-3", grid)
        grid[key] = _split(values)
        if not all(grid[key]):
            raise UsageError(f"--grid {cut(text)}: a value is empty; null is written out")
    return grid


def _parts(option: str, text: str, example: str, earlier: Container[str]) -> tuple[str, str]:
    """Return the key of ``text``, after checking that a sweep may vary that setting, and what follows the =."""
    key, equals, rest = text.partition("=")
    key = key.strip()
    if not equals or key.count(".") != 1:
        raise UsageError(f"{option} {cut(text)}: it is written {option} section.key=…, such as {example}")
    if key == "train.seed":
        raise UsageError(f"{option} {cut(text)}: every setting has the same seeds, those of --seeds")
    if key.startswith("environment."):
        raise UsageError(f"{option} {cut(text)}: returns compare within one environment only")
    if key in earlier:
        raise UsageError(f"{option} {cut(text)}: {key} is given twice")
    return key, rest


def _split(text: str) -> list[str]:
    """Split at the commas that are outside of brackets."""
    values, depth = [""], 0
    for character in text:
        depth += (character in OPENING) - (character in CLOSING)
        if character == "," and depth <= 0:
            values.append("")
        else:
            values[-1] += character
    return [value.strip() for value in values]


def parse_ranges(texts: Sequence[str]) -> dict[str, Varied]:
    """Read ``section.key=low..high``, ``section.key=low..high:log`` or ``section.key=value|value|…``, by key.

    Raises:
        UsageError: when a text is anything else.
    """
    varied: dict[str, Varied] = {}
    for text in texts:
        key, values = _parts("--search", text, "agent.learning_rate=1e-4..1e-2:log", varied)
        varied[key] = _categories(text, key, values) if "|" in values else _range(text, key, values)
    return varied


def _categories(text: str, key: str, values: str) -> Categories:
    parts = [part.strip() for part in values.split("|")]
    if not all(parts):
        raise UsageError(f"--search {cut(text)}: a value is empty; null is written out")
    return Categories(key, tuple(scalar(parse(part, f"--search {cut(text)}").values) for part in parts))


def _range(text: str, key: str, bounds: str) -> Range:
    bounds, colon, scale = bounds.partition(":")
    ends = [parse(end, f"--search {cut(text)}").values for end in bounds.split("..")]
    if len(ends) != 2 or not all(has_type(end, float) for end in ends) or (colon and scale.strip() != "log"):
        raise UsageError(
            f"--search {cut(text)}: a range is low..high or low..high:log, such as 1e-4..1e-2:log; values without an "
            "order are given as a|b|c"
        )
    low, high = ends
    if low >= high:
        raise UsageError(f"--search {cut(text)}: {low} is not below {high}")
    if colon and low <= 0:
        raise UsageError(f"--search {cut(text)}: a logarithmic range is of numbers above 0")
    return Range(key, low, high, bool(colon), _is_whole(key))


def _is_whole(key: str) -> bool:
    """Whether a setting takes whole numbers only. False for an unknown setting, which `check` refuses."""
    section, _, name = key.partition(".")
    for model in map(experiment.of_kind, agents.names()):
        if name in dict(experiment.fields(model)).get(section, {}):
            return not has_type(0.5, annotation_of(model.__fields__[section].type_, name))
    return False


def check(base: Base, values: dict[str, list[str]], option: str) -> dict[Choice, ResolvedConfig]:
    """Load ``base`` with every combination of ``values``; the first key changes slowest.

    Returns:
        The configs, by the overrides of each combination.

    Raises:
        UsageError: for a combination that cannot be used, a value given twice, or too many of them.
    """
    count = math.prod(map(len, values.values()))
    if count > MOST_SETTINGS:
        raise UsageError(f"{option}: {count:,} combinations; a sweep has at most {MOST_SETTINGS:,}")
    found: dict[Choice, ResolvedConfig] = {}
    for combination in itertools.product(*values.values()):
        given = [f"{key}={value}" for key, value in zip(values, combination)]
        config = _load(base, given, option)
        choice = tuple(f"{key}={scalar(_value(config, key))}" for key in values)
        if choice in found:
            raise UsageError(f"{option} {cut(' '.join(given))}: this is given twice")
        found[choice] = config
    return found


def corners(varied: dict[str, Varied]) -> dict[str, list[str]]:
    """Return both ends of each range, as the values of a grid: if both can be used, all numbers between them can.

    Of categories, that is all values.
    """
    return {
        key: list(found.values) if isinstance(found, Categories) else [scalar(found.low), scalar(found.high)]
        for key, found in varied.items()
    }


def _load(base: Base, given: Sequence[str], option: str) -> ResolvedConfig:
    try:
        return load(base.path, [*base.overrides, *given])
    except UsageError as error:
        if any(str(error).startswith(f"--set {cut(override)}") for override in given):
            raise UsageError(option + str(error)[len("--set") :]) from None  # what the user wrote
        raise


def _value(config: ResolvedConfig, key: str) -> object:
    section, _, name = key.partition(".")
    return getattr(getattr(config.settings, section), name)
