"""Settings written out as YAML, each with where it came from."""

import math
import re
import sys
from pathlib import Path
from typing import Any

import yaml

from cartrl.settings import ExperimentSettings, ResolvedConfig
from cartrl.settings.describing import shown

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


def scalar(value: Any) -> str:
    """Write a value as YAML; a text is quoted where it would read as something else."""
    if not isinstance(value, str):
        return shown(value, limit=sys.maxsize)
    if PLAIN.fullmatch(value) and value.lower() not in NOT_TEXTS:
        return value
    return str(yaml.dump(value, Dumper=yaml.SafeDumper, default_style='"', allow_unicode=True, width=math.inf)).strip()


def schema() -> str:
    """Return the JSON Schema of a config."""
    return str(ExperimentSettings.schema_json(indent=2))


def write_resolved(config: ResolvedConfig, path: Path) -> None:
    """Write the resolved settings to ``path``."""
    path.write_text(resolved_yaml(config), encoding="utf-8")
