"""The options of ``cartrl claim``."""

from pathlib import Path

import typer

from cartrl.cli.compare import BY_OPTION, By
from cartrl.cli.options import JSON_OPTION, MODULES_OPTION, PATHS_ARGUMENT
from cartrl.cli.references import resolved
from cartrl.system.imports import import_environments


def claim(
    paths: list[Path] = PATHS_ARGUMENT,
    output: Path = typer.Option(Path("claim.zip"), "--output", "-o", metavar="FILE.zip", help="The file."),
    by: By = BY_OPTION,
    as_json: bool = JSON_OPTION,
    modules: list[str] = MODULES_OPTION,
) -> None:
    """Bundle what runs and studies show, so that anybody can train them again: cartrl reproduce claim.zip."""
    from cartrl.cli.commands.claim import run
    from cartrl.runs.directory import MANIFEST, STUDY

    import_environments(modules)
    run([resolved(path, MANIFEST, STUDY, is_said=not as_json) for path in paths], output, by.value, as_json)
