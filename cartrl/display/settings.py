"""Settings written out as YAML, each with where it came from."""

from pathlib import Path
from typing import Any

from cartrl.settings import ExperimentSettings, ResolvedConfig
from cartrl.settings.describing import shown

COMMENT_COLUMN = 44


def resolved_yaml(config: ResolvedConfig) -> str:
    """Write all settings as a config that reads back to the same, with each value's origin in a comment."""
    lines: list[str] = []
    for section in config.settings.__fields__:
        lines.append(f"{section}:")
        values = getattr(config.settings, section)
        for key in values.__fields__:
            setting = f"  {key}: {scalar(getattr(values, key))}"
            lines.append(f"{setting:<{COMMENT_COLUMN}}  # {config.origins[(section, key)]}")
    return "\n".join(lines) + "\n"


def scalar(value: Any) -> str:
    """Write a value as YAML; a text is quoted where it would read as something else."""
    if not isinstance(value, str):
        return shown(value, limit=10_000)
    plain = value.replace("-", "").replace("/", "").isalnum() and not value[:1].isdigit()
    return value if plain else "'" + value.replace("'", "''") + "'"


def schema() -> str:
    """Return the JSON Schema of a config."""
    return str(ExperimentSettings.schema_json(indent=2))


def write_resolved(config: ResolvedConfig, path: Path) -> None:
    """Write the resolved settings to ``path``."""
    path.write_text(resolved_yaml(config), encoding="utf-8")
