"""What the shell's Tab key completes. Nothing heavy is imported, but a suite for the names of its environments."""

import typer

from cartrl.runs.finding import LATEST


def settings(incomplete: str) -> list[str]:
    """Return the settings that begin with ``incomplete``, each as ``section.key=``."""
    from cartrl.settings import experiment

    names = [f"{section}.{key}=" for section, key in experiment.known_keys()]
    return [name for name in names if name.startswith(incomplete)]


def configs(incomplete: str) -> list[str]:
    """Return the shipped configs and the YAML files that begin with ``incomplete``.

    None where no shipped config does: then the shell completes files itself, and directories too.
    """
    from pathlib import Path

    from cartrl.settings import shipped

    names = [name for name in shipped.names() if name.startswith(incomplete)]
    return names and [*names, *sorted(map(str, Path().glob(f"{incomplete}*.y*ml")))]


def runs(incomplete: str) -> list[str]:
    """Return the runs, studies and sweeps below runs/, and ``latest``, that begin with ``incomplete``."""
    from cartrl.runs.directory import MANIFESTS, RUNS

    found = sorted({str(path.parent) for manifest in MANIFESTS for path in RUNS.glob(f"*/{manifest}")})
    return [name for name in (LATEST, *found) if name.startswith(incomplete)]


def states(incomplete: str) -> list[str]:
    """Return the states of runs that begin with ``incomplete``."""
    from cartrl.runs.states import STATES

    return [state for state in STATES if state.startswith(incomplete)]


def suites(incomplete: str) -> list[str]:
    """Return the installed suites that begin so."""
    from cartrl.settings.suites import names

    return [name for name in names() if name.startswith(incomplete)]


def environments(context: typer.Context, incomplete: str) -> list[str]:
    """Return the environments of the suite in the line, or else of gym, whose names begin with ``incomplete``."""
    from cartrl.errors import CartrlError
    from cartrl.settings.suites import GYM
    from cartrl.system import quiet

    quiet.prepare()
    with quiet.held_back():
        from cartrl.environments import suite
    try:
        names = suite.names(context.params.get("suite") or GYM)
    except CartrlError:  # the suite is unknown or not installed: there is nothing to complete
        return []
    return [name for name in names if name.startswith(incomplete)]
