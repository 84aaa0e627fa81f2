"""JSON files that cartrl writes and reads back; a damaged one is refused with a sentence."""

import json
from pathlib import Path
from typing import Any

from cartrl.errors import UsageError
from cartrl.runs import formats
from cartrl.system import files, reading

MOST_DIGITS = 100  # of a whole number


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object.

    Raises:
        UsageError: when the file cannot be read, is no page of text or holds anything else, or is of a newer cartrl.
    """
    try:
        content = json.loads(reading.read_text(path, reading.LARGEST_JSON), parse_int=_whole)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise UsageError(f"{path}: cannot be read: {error}") from None
    except RecursionError:
        raise UsageError(f"{path}: cannot be read: nested too deep") from None
    if not isinstance(content, dict):
        raise UsageError(f"{path}: not a JSON object")
    formats.require_readable(content.get(formats.KEY), path)
    return content


def _whole(digits: str) -> int:
    """Return a whole number. A longer one is refused, because Python takes seconds for a million digits."""
    if len(digits) > MOST_DIGITS:
        raise ValueError(f"a number of {len(digits)} digits")
    return int(digits)


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write a JSON object so that no reader ever sees half of it."""
    files.write_text(path, json.dumps(content, indent=2, allow_nan=False) + "\n")
