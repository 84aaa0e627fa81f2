"""The modules with which a run was trained (``--import-module``), as its manifest names them."""

import itertools
from contextlib import suppress
from pathlib import Path
from typing import Any

from cartrl.errors import UsageError
from cartrl.runs.directory import MANIFESTS
from cartrl.runs.json_files import read_json
from cartrl.system import imports


def remember_modules(place: Path) -> None:
    """Note in `imports.remembered` the modules with which the run, study or sweep in ``place`` was trained.

    Args:
        place: the directory of the run, study or sweep, or of a policy inside it.
    """
    folders = [place, *itertools.islice(place.absolute().parents, 3)]
    manifest = next((folder / name for folder in folders for name in MANIFESTS if (folder / name).is_file()), None)
    if manifest is not None:
        with suppress(UsageError):
            imports.remembered[:] = modules_of(read_json(manifest))


def modules_of(manifest: dict[str, Any]) -> list[str]:
    """Return the modules that a manifest names: those of ``--import-module`` in the training."""
    modules = manifest.get("import_modules")
    return [name for name in modules if imports.is_name(name)] if isinstance(modules, list) else []
