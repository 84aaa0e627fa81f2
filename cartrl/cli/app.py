"""The program ``cartrl``: its commands, and the options that stand before them."""

import sys
from collections.abc import Callable

import typer

from cartrl import __version__
from cartrl.cli.claim import claim
from cartrl.cli.collect import collect
from cartrl.cli.compare import compare
from cartrl.cli.config import config
from cartrl.cli.ending import failures_told
from cartrl.cli.environment import env
from cartrl.cli.evaluate import evaluate
from cartrl.cli.export import export
from cartrl.cli.options import MODULES_OPTION
from cartrl.cli.plot import plot
from cartrl.cli.record import record
from cartrl.cli.report import report
from cartrl.cli.reproduce import reproduce
from cartrl.cli.runs import runs
from cartrl.cli.sweep import sweep
from cartrl.cli.train import train
from cartrl.cli.usage import Command, Group
from cartrl.cli.watch import watch
from cartrl.system import quiet, surroundings
from cartrl.system.imports import import_environments

app = typer.Typer(
    cls=Group,
    help="Reinforcement learning on gym environments: train a policy from one YAML file, evaluate it, film it.",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
# In the order of the help.
COMMANDS: dict[str, Callable[..., None]] = {
    "train": train,
    "sweep": sweep,
    "collect": collect,
    "eval": evaluate,
    "record": record,
    "export": export,
    "watch": watch,
    "env": env,
    "config": config,
    "plot": plot,
    "compare": compare,
    "claim": claim,
    "reproduce": reproduce,
    "runs": runs,
    "report": report,
}
for name, command in COMMANDS.items():
    app.command(name, cls=Command)(command)


def main() -> None:
    """Run the command line; whatever goes wrong is one sentence on stderr, and after ``--debug`` a traceback too."""
    with failures_told():
        # Standalone, typer would print usage errors itself, as a box of several lines.
        sys.exit(app(prog_name="cartrl", standalone_mode=False))


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"cartrl {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def _options(
    context: typer.Context,
    version: bool = typer.Option(
        False, "--version", callback=_print_version, is_eager=True, help="Print the version and exit."
    ),
    debug: bool = typer.Option(
        False, "--debug", help="Show the traceback of an error, and what the libraries write on stderr."
    ),
    modules: list[str] = MODULES_OPTION,
) -> None:
    quiet.debug = debug
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit(2)
    surroundings.require()
    import_environments(modules)
