"""Imports the modules of ``--import-module``, which bring environments; no other name that a user gives is imported."""

import importlib
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from typing import Any, Optional

from cartrl.errors import UsageError
from cartrl.system import answers, quiet

OPTION = "--import-module"

given: list[str] = []  # the modules that the user asked for with --import-module, in this order
remembered: list[str] = []  # the modules with which the run was trained that a command reads


def import_environments(modules: Sequence[str]) -> None:
    """Import ``modules``, which register environments with gym. A config or a saved policy can never cause this.

    Raises:
        UsageError: when one cannot be imported, for whatever reason of its own.
    """
    for module in modules:
        _import(module)
        if module not in given:
            given.append(module)


def options(modules: Sequence[str]) -> list[str]:
    """Return the words of a command line that ask for ``modules``."""
    return [word for module in modules for word in (OPTION, module)]


def is_name(module: Any) -> bool:
    """Tell whether ``module`` may be the name of a module of Python."""
    return isinstance(module, str) and all(part.isidentifier() for part in module.split("."))


def _import(module: str) -> None:
    if not is_name(module) or module.endswith(".py"):
        raise UsageError(f"{OPTION} {module}: not the name of a module, such as my_module for my_module.py")
    quiet.prepare()
    found = _found_in_working_directory(module.partition(".")[0])
    with quiet.held_back(), answers.nothing_printed(), found:
        try:
            importlib.import_module(module)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # it is the user's code, which may raise anything, and call sys.exit()
            if isinstance(error, ModuleNotFoundError) and f"{module}.".startswith(f"{error.name}."):
                file = Path(*module.split(".")).with_suffix(".py")
                reason = f"there is no such module: none is installed, and there is no {file} in the working directory"
                raise UsageError(f"{OPTION} {module}: {reason}") from None
            reason = f"cannot be imported: {type(error).__name__}: {error}".rstrip(": ")
            raise UsageError(f"{OPTION} {module}: {reason}") from error


class _WorkingDirectory:
    """Finds one module in the working directory, and no other there."""

    def __init__(self, name: str):
        self._name = name

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Optional[ModuleSpec]:
        return PathFinder.find_spec(name, [str(Path.cwd())]) if name == self._name else None


@contextmanager
def _found_in_working_directory(name: str) -> Iterator[None]:
    """Let the module ``name``, if it is nowhere else, be found in the working directory."""
    finder: Any = _WorkingDirectory(name)
    sys.meta_path.append(finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
