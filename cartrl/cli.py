"""The command line. Each command imports the one heavy function that it calls, and nothing else is heavy."""

import os
import signal
import sys
import time
from pathlib import Path
from typing import Optional

import typer
from rich.console import Console
from rich.text import Text

from cartrl import __version__
from cartrl.errors import CartrlError

BEGAN = time.perf_counter()

app = typer.Typer(
    help="REINFORCE on gym environments: train a policy from one YAML file, evaluate it, film it.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

CONFIG_OPTION = typer.Option(..., "--config", "-c", help="The experiment, a YAML file.", show_default=False)
SET_OPTION = typer.Option(
    [], "--set", metavar="SECTION.KEY=VALUE", help="Override a setting, such as agent.learning_rate=3e-3. Repeatable."
)
CHECKPOINT_OPTION = typer.Option(
    None,
    "--checkpoint",
    help="A run directory (its best policy), a policy directory inside one, or 'latest'. "
    "Default: the latest run below runs/.",
    show_default=False,
)
STOCHASTIC_OPTION = typer.Option(False, "--stochastic", help="Draw actions from the policy instead of the best one.")
SEED_HELP = "Start states, and drawn actions, depend on it alone."
LARGEST_SEED = 2**31 - 1


def main() -> None:
    """Run the command line; an error of cartrl's own is one sentence on stderr."""
    try:
        app()
    except CartrlError as error:
        message(str(error))
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
    except BrokenPipeError:  # the reader of our output has gone, as in `cartrl config … | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


def message(text: str) -> None:
    """Print an error for the user."""
    sentence = Text.assemble(("error:", "bold red"), " ", " ".join(text.splitlines()))
    Console(stderr=True).print(sentence, soft_wrap=True)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"cartrl {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: bool = typer.Option(
        False, "--version", callback=_print_version, is_eager=True, help="Print the version and exit."
    ),
) -> None:
    pass


@app.command()
def train(
    config: Path = CONFIG_OPTION,
    overrides: list[str] = SET_OPTION,
    seed: Optional[int] = typer.Option(None, "--seed", help="Override train.seed.", show_default=False),
    run_dir: Optional[Path] = typer.Option(
        None,
        "--run-dir",
        help="The run's directory, which must not exist. Default: a new one below runs/.",
        show_default=False,
    ),
    quiet: bool = typer.Option(False, "--quiet", "-q", help="Print nothing but the run's directory."),
    as_json: bool = typer.Option(False, "--json", help="Print one JSON object on stdout; progress goes to stderr."),
) -> None:
    """Train a policy and save everything about it in a run directory."""
    from cartrl.commands.train import run
    from cartrl.settings import load

    run(load(config, overrides, seed), run_dir, quiet=quiet, as_json=as_json, began=BEGAN)


@app.command(name="eval")
def evaluate(
    checkpoint: Optional[str] = CHECKPOINT_OPTION,
    episodes: int = typer.Option(100, "--episodes", min=1, help="How many episodes."),
    stochastic: bool = STOCHASTIC_OPTION,
    seed: int = typer.Option(0, "--seed", min=0, max=LARGEST_SEED, help=SEED_HELP),
    as_json: bool = typer.Option(False, "--json", help="Print one JSON object on stdout, and nothing else there."),
) -> None:
    """Roll a saved policy out on the real environment, and say how good it is and how sure that is."""
    from cartrl.commands.evaluate import run

    run(checkpoint, episodes, is_greedy=not stochastic, seed=seed, as_json=as_json)


@app.command()
def record(
    checkpoint: Optional[str] = CHECKPOINT_OPTION,
    episodes: int = typer.Option(3, "--episodes", min=1, help="How many episodes."),
    output: Optional[Path] = typer.Option(
        None,
        "--output",
        "-o",
        help="The film, ending in .mp4, .gif or .webm. Default: in the run's videos/.",
        show_default=False,
    ),
    fps: Optional[int] = typer.Option(
        None, "--fps", min=1, max=1000, help="Frames a second. Default: the environment's own.", show_default=False
    ),
    stochastic: bool = STOCHASTIC_OPTION,
    seed: int = typer.Option(0, "--seed", min=0, max=LARGEST_SEED, help=SEED_HELP),
) -> None:
    """Film a saved policy."""
    from cartrl.commands.record import run

    run(checkpoint, episodes, output, fps, is_greedy=not stochastic, seed=seed)


@app.command()
def env(
    name: str = typer.Argument(..., metavar="NAME", help="A gym id, such as CartPole-v1.", show_default=False),
    picture: Optional[Path] = typer.Option(
        None, "--picture", metavar="FILE.png", help="Also render the first frame to this file.", show_default=False
    ),
) -> None:
    """Show what an environment is like: its specs, its limits, and its first time steps."""
    from cartrl.commands.environment import run

    run(name, picture)


@app.command()
def config(
    file: Optional[Path] = typer.Argument(
        None, metavar="FILE", help="The experiment, a YAML file.", show_default=False
    ),
    overrides: list[str] = SET_OPTION,
    seed: Optional[int] = typer.Option(None, "--seed", help="Override train.seed.", show_default=False),
    schema: bool = typer.Option(False, "--schema", help="Print the JSON Schema of a config, for editors."),
) -> None:
    """Check a config, and print every setting with where its value came from."""
    from cartrl.commands.config import run

    run(file, overrides, seed, schema=schema)
