"""From a YAML file and overrides to validated settings, and where each of them came from."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

from pydantic import BaseModel, ValidationError

from cartrl.errors import UsageError, cut, nearest
from cartrl.settings import agents, experiment, shipped
from cartrl.settings.describing import allowed, shown
from cartrl.settings.experiment import ExperimentSettings
from cartrl.settings.suggesting import meant
from cartrl.settings.yaml_text import parse
from cartrl.system import reading

DEFAULT = "default"
LISTED = "`cartrl config --list` names the shipped configs"
MISSING, SENTENCE = "value_error.missing", "value_error.sentence"  # pydantic's names of errors; SentenceError's

Key = tuple[str, str]


@dataclass(frozen=True)
class ResolvedConfig:
    """Validated settings, and for each (section, key) its origin: ``FILE:LINE``, an option, or ``default``."""

    settings: ExperimentSettings
    origins: dict[Key, str]

    def error(self, key: Key, reason: str) -> UsageError:
        """Return the error for an unusable value, which names the file and line, or the option, that it came from."""
        file, _, line = self.origins[key].rpartition(":")
        place = f"{file}, line {line}" if line.isdigit() else self.origins[key]
        return UsageError(f"{place}: {'.'.join(key)}: {reason}")


@dataclass
class _Draft:
    """Values before validation, with the origin of each, and the place that an error message about a key names."""

    values: dict[str, Any]
    origins: dict[Key, str]
    places: dict[tuple[str, ...], str]
    name: str


def load(path: Path, overrides: Sequence[str] = (), seed: Optional[int] = None) -> ResolvedConfig:
    """Read the config at ``path``, apply ``section.key=value`` overrides and ``seed``, and validate the whole.

    Where there is no such file, ``path`` may be the name of a shipped config, and origins and messages call it so.

    Raises:
        UsageError: one sentence that says where, what was read, and what is allowed.
    """
    draft = _read(path)
    for override in overrides:
        _apply(draft, override)
    if seed is not None:
        _put(draft, ("train", "seed"), seed, f"--seed {seed}")
    model = experiment.of_kind(_kind(draft))
    try:
        settings = model(**draft.values)
    except ValidationError as error:
        raise UsageError(_explain(error, draft, model)) from None
    origins = {
        (section, key): draft.origins.get((section, key), DEFAULT)
        for section in settings.__fields__
        for key in getattr(settings, section).__fields__
    }
    steps = origins[("train", "num_environment_steps")]
    if steps != DEFAULT and settings.train.num_environment_steps is None:  # `TrainSettings.in_iterations`
        origins[("train", "num_iterations")] = steps
    return ResolvedConfig(settings, origins)


def _kind(draft: _Draft) -> str:
    """Return the kind of agent that the config names, or the default one.

    Raises:
        UsageError: for a name that is none, or a package of that kind which cannot be used.
    """
    section = draft.values.get("agent")
    named = section.get("kind", agents.DEFAULT) if isinstance(section, dict) else agents.DEFAULT
    if named in list(agents.OWN):  # a list, as what stands there may be no text at all
        return str(named)
    known = agents.names()
    if named in known:
        return str(named)
    place = draft.places.get(("agent", "kind")) or draft.name
    allowed = " or ".join(map(repr, known))
    raise UsageError(f"{place}: agent.kind is {shown(named)}, but must be {allowed}{_near(named, known)}")


def _near(named: Any, known: Sequence[str]) -> str:
    return nearest(named, list(known)) if isinstance(named, str) and len(known) > 1 else ""


def _read(path: Path) -> _Draft:
    document = parse(_text(path), str(path))
    if document.values is None:
        raise UsageError(f"{path}: the file is empty; it must at least name environment.env_name")
    if not isinstance(document.values, dict):
        raise UsageError(f"{path}: a config is a mapping of sections, but this is {shown(document.values)}")
    # A section whose every line is commented out reads as null.
    values = {section: {} if content is None else content for section, content in document.values.items()}
    places = {key: f"{path}, line {line}" for key, line in document.lines.items()}
    origins = {(key[0], key[1]): f"{path}:{line}" for key, line in document.lines.items() if len(key) == 2}
    return _Draft(values, origins, places, str(path))


def _text(path: Path) -> str:
    try:
        content = reading.read_bytes(shipped.file_of(path), reading.LARGEST_CONFIG)
        return content.decode("utf-8-sig")
    except FileNotFoundError:
        raise UsageError(f"{path}: no such file{_similar(path)}") from None
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}; give a YAML file") from None
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UsageError(f"{path}, line {line}: not UTF-8 text") from None


def _similar(path: Path) -> str:
    folder = path.parent
    names = [str(other) for other in folder.glob("*.y*ml")] if folder.is_dir() else []
    is_name = not path.suffix  # of a shipped config; files have one
    return nearest(str(path), [*names, *shipped.names()]) or (f"; {LISTED}" if is_name else "")


def _apply(draft: _Draft, override: str) -> None:
    name, equals, text = override.partition("=")
    option = f"--set {cut(override)}"
    parts = name.strip().split(".")
    entry = parts.pop() if len(parts) == 3 and (parts[0], parts[1]) in experiment.mappings() else None
    if not equals or len(parts) != 2 or not all(parts) or entry == "":
        known = None if "." in name else meant(name.strip(), experiment.known_keys())
        hint = ", such as --set agent.learning_rate=3e-3" if known is None else f", did you mean {known!r}?"
        raise UsageError(f"{option}: an override is section.key=value{hint}")
    key, value = (parts[0], parts[1]), parse(text, option).values
    if entry is None:
        _put(draft, key, value, option)
    else:
        _put_entry(draft, key, {entry: value}, option)


def _put_entry(draft: _Draft, key: Key, entry: dict[str, Any], option: str) -> None:
    """Add an entry to a setting that is a mapping; its origin is then that of the others, and the option."""
    section = draft.values.get(key[0])
    others = section.get(key[1]) if isinstance(section, dict) else None
    origin = draft.origins.get(key) if isinstance(others, dict) and others else None
    _put(draft, key, {**others, **entry} if isinstance(others, dict) else entry, option)
    if origin is not None:
        draft.origins[key] = f"{origin}, {option}"


def _put(draft: _Draft, key: Key, value: Any, option: str) -> None:
    section = draft.values.setdefault(key[0], {})
    if not isinstance(section, dict):
        return  # the section itself is wrong, and validation will say so
    section[key[1]] = value
    draft.origins[key] = option
    draft.places[key] = option
    draft.places.setdefault(key[:1], option)


def _explain(error: ValidationError, draft: _Draft, model: type[ExperimentSettings]) -> str:
    """Return a sentence about the first error in the file; a missing setting comes last: it may only be misspelt."""
    items = error.errors()
    given = [item for item in items if item["type"] != MISSING]
    place, sentence = min(
        (_problem(item, draft, model) for item in given or items), key=lambda problem: _line(problem[0])
    )
    return f"{place}: {sentence}"


def _line(place: str) -> int:
    _, _, line = place.rpartition(", line ")
    return int(line) if line.isdigit() else 0


def _problem(item: Any, draft: _Draft, whole: type[ExperimentSettings]) -> tuple[str, str]:
    path = tuple(part for part in item["loc"] if isinstance(part, str))
    if path == ("__root__",) and item["type"] != "value_error.extra":
        named = re.findall(r"\b(\w+)\.(\w+)\b", item["msg"])
        return next((draft.places[key] for key in named if key in draft.places), draft.name), item["msg"]
    dotted = ".".join(path[:2])
    place = draft.places.get(path[:2]) or draft.places.get(path[:1]) or draft.name
    model: type[BaseModel] = whole.__fields__[path[0]].type_ if len(path) > 1 else whole
    if item["type"] == "value_error.extra":
        return place, _unknown(path, model, whole)
    if item["type"] == MISSING:
        if path == ("environment",):
            path, dotted = ("environment", "env_name"), "environment.env_name"
        return place, f"{dotted} is missing; it must name a gym environment, such as CartPole-v0"
    if item["type"] == SENTENCE:
        return place, f"{dotted}: {item['msg']}"
    value = _value(draft.values, path[:2])
    return place, f"{dotted} is {shown(value)}, but must be {allowed(model.__fields__[path[:2][-1]], model)}"


def _unknown(path: tuple[str, ...], model: type[BaseModel], whole: type[ExperimentSettings]) -> str:
    names: list[str] = list(model.__fields__)
    if len(path) == 1:
        homes = [f"{name}.{path[0]}" for name, keys in experiment.fields(whole) if path[0] in keys]
        known = homes[0] if homes else None if nearest(path[0], names) else meant(path[0], experiment.keys_of(whole))
        hint = f", did you mean {known!r}?" if known else nearest(path[0], names)
        return f"there is no section {shown(path[0])}{hint or '; the sections are ' + ', '.join(names)}"
    known = meant(path[1], experiment.keys_of(whole))
    hint = nearest(path[1], names) or (f", did you mean {known!r}?" if known else "")
    return f"{path[0]} has no setting {shown(path[1])}{hint or '; it has ' + ', '.join(names)}"


def _value(values: Any, path: tuple[str, ...]) -> Any:
    for part in path:
        values = values[part]
    return values
