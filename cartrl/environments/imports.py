"""Environments outside gym: the one place where a name that the user gave becomes an import."""

import importlib

from cartrl import answers, quiet
from cartrl.errors import UsageError

imported: set[str] = set()  # the modules that the user asked for with --import-module


def import_environments(module: str) -> None:
    """Import ``module``, which registers environments with gym. A config or a saved policy can never cause this.

    Raises:
        UsageError: when it cannot be imported, for whatever reason of its own.
    """
    quiet.prepare()
    try:
        with quiet.held_back(), answers.nothing_printed():
            importlib.import_module(module)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # it is the user's code, which may raise anything, and call sys.exit()
        reason = f"{type(error).__name__}: {error}".rstrip(": ")
        raise UsageError(f"--import-module {module}: cannot be imported: {reason}") from error
    imported.add(module)
