"""Settings written out as YAML, each with where it came from."""

import json
import math
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Optional

import pydantic.schema
import yaml

from cartrl.settings import ExperimentSettings, ResolvedConfig, agents, experiment, load, suites
from cartrl.settings.describing import shown
from cartrl.system import files, reading

COMMENT_COLUMN = 44
PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9/_-]*")
NOT_TEXTS = ("true", "false", "null", "yes", "no", "on", "off", "y", "n")  # in YAML 1.1 or 1.2


def resolved_yaml(config: ResolvedConfig) -> str:
    """Write all settings as a config that reads back to the same, with each value's origin in a comment."""
    lines: list[str] = []
    for section in config.settings.__fields__:
        lines.append(f"{section}:")
        values = getattr(config.settings, section)
        for key in values.__fields__:
            setting = f"  {key}: {scalar(getattr(values, key))}"
            lines.append(f"{setting:<{COMMENT_COLUMN}}  # {' '.join(config.origins[(section, key)].splitlines())}")
    return "\n".join(lines) + "\n"


def read_resolved(path: Path, overrides: Sequence[str] = (), seed: Optional[int] = None) -> ResolvedConfig:
    """Load a config that `write_resolved` wrote. Each origin is the one in its comment, or the override's."""
    config = load(path, overrides, seed)
    lines = reading.read_text(path, reading.LARGEST_CONFIG).splitlines()

    def first_origin(origin: str) -> str:
        file, _, line = origin.rpartition(":")
        if file != str(path) or not line.isdigit():
            return origin
        return lines[int(line) - 1].rpartition("  # ")[2] if "  # " in lines[int(line) - 1] else origin

    return ResolvedConfig(config.settings, {key: first_origin(origin) for key, origin in config.origins.items()})


def by_name(sections: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return the values of ``sections`` by ``section.key``."""
    return {f"{section}.{key}": value for section, keys in sections.items() for key, value in keys.items()}


def flat_settings(settings: ExperimentSettings) -> dict[str, Any]:
    """Return all settings by ``section.key``, named as a config names them and with values as JSON has them."""
    return by_name(json.loads(settings.json(by_alias=True)))


def scalar(value: Any) -> str:
    """Write a value as YAML; a text is quoted where it would read as something else."""
    if not isinstance(value, str):
        return shown(value, limit=sys.maxsize)
    if PLAIN.fullmatch(value) and value.lower() not in NOT_TEXTS:
        return value
    return str(yaml.dump(value, Dumper=yaml.SafeDumper, default_style='"', allow_unicode=True, width=math.inf)).strip()


def schema() -> str:
    """Return the JSON Schema of a config, with the agents and suites of all packages that are installed."""
    return json.dumps(_schema_of(agents.names()), indent=2)


def shipped_schema() -> str:
    """Return the JSON Schema of a config with cartrl's own agents and suites, the same wherever it is written."""
    found = _schema_of(agents.OWN)
    found["definitions"]["EnvironmentSettings"]["properties"]["suite"]["enum"] = list(suites.OWN)
    return json.dumps(found, indent=2) + "\n"


def _schema_of(names: Iterable[str]) -> dict[str, Any]:
    """Return the JSON Schema of the configs whose agents are of the kinds ``names``."""
    models = [experiment.of_kind(name) for name in names]
    together = pydantic.schema.schema(models, title="ExperimentSettings")
    kinds = [{"$ref": f"#/definitions/{pydantic.schema.normalize_name(model.__name__)}"} for model in models]
    return {"anyOf": kinds, **together}


def write_resolved(config: ResolvedConfig, path: Path) -> None:
    """Write the resolved settings to ``path``."""
    files.write_text(path, resolved_yaml(config))
