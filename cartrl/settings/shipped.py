"""The configs that cartrl ships, by names such as ``ppo/cartpole-v1``: those of `configs/` in the repository.

`cartrl/settings/configs` links there, and what is built from the repository has the files themselves in its place.
"""

import re
from pathlib import Path

from cartrl.system import reading

FOLDER = Path(__file__).parent / "configs"
SCHEMA = FOLDER / "schema.json"  # written by docs/generate.py
SUFFIX = ".yaml"
SCHEMA_LINE = re.compile(r"\A(# yaml-language-server: \$schema=)\S+$", re.MULTILINE)


def names() -> list[str]:
    """Return the names of all shipped configs, in order."""
    return sorted(path.relative_to(FOLDER).as_posix()[: -len(SUFFIX)] for path in FOLDER.rglob(f"*{SUFFIX}"))


def is_shipped(path: Path) -> bool:
    """Tell whether ``path`` is the name of a shipped config, and of no file: a file of that name wins."""
    return str(path) in names() and not path.is_file()


def path_of(name: str) -> Path:
    """Return the file of the shipped config ``name``."""
    return FOLDER / f"{name}{SUFFIX}"


def file_of(path: Path) -> Path:
    """Return the file that ``path`` stands for: that of a shipped config, or ``path`` itself."""
    return path_of(str(path)) if is_shipped(path) else path


def text_of(name: str) -> str:
    """Return the shipped config ``name`` as it stands in its file."""
    return reading.read_text(path_of(name), reading.LARGEST_CONFIG)


def copy_of(name: str) -> str:
    """Return the shipped config ``name`` as a file of one's own, wherever that is put."""
    # The installed schema: an editor finds it from any directory, and it is of the version that reads the config.
    return SCHEMA_LINE.sub(lambda found: found[1] + SCHEMA.as_uri(), text_of(name), count=1)
