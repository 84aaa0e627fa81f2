"""The command line. Each command imports the one heavy function that it calls, and nothing else is heavy."""

import os
import signal
import sys
import time
import traceback
from enum import Enum
from pathlib import Path
from typing import Any, NoReturn, Optional

import typer
from rich.console import Console
from rich.text import Text

from cartrl import __version__, quiet
from cartrl.errors import CartrlError, UsageError, cut

BEGAN = time.perf_counter()

app = typer.Typer(
    help="REINFORCE on gym environments: train a policy from one YAML file, evaluate it, film it.",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

CONFIG_OPTION = typer.Option(None, "--config", "-c", help="The experiment, a YAML file.", show_default=False)
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
PATHS_ARGUMENT = typer.Argument(
    ..., metavar="PATH...", help="Runs and studies, by their directories.", show_default=False
)
JOBS_OPTION = typer.Option(
    None, "--jobs", "-j", min=1, max=1024, help="Processes of a study. Default: the cores.", show_default=False
)
EPISODES_HELP = "How many episodes."
SEED_HELP = "Start states, and drawn actions, depend on it alone."
LARGEST_SEED = 2**31 - 1
MOST_EPISODES = 1_000_000
LONGEST_SURPRISE = 400  # characters of an error that nobody foresaw; TensorFlow's can fill pages
USAGE_ERROR: Any = typer.BadParameter.__base__  # click's; newer versions of typer keep click inside themselves


class XAxis(str, Enum):
    """What a learning curve runs over."""

    iterations = "iterations"
    steps = "steps"
    seconds = "seconds"


def main() -> None:
    """Run the command line; whatever goes wrong is one sentence on stderr, and after ``--debug`` a traceback too."""
    try:
        # Standalone, typer would print usage errors itself, as a box of several lines.
        sys.exit(app(prog_name="cartrl", standalone_mode=False))
    except CartrlError as error:
        _fail(str(error), error.exit_code)
    except USAGE_ERROR as error:
        said = error.format_message().rstrip(".")
        _fail(f"{said[:1].lower()}{said[1:]} (see {error.ctx.command_path} --help)", error.exit_code)
    except (KeyboardInterrupt, typer.Abort):  # what typer makes of Ctrl-C depends on its version
        sys.exit(128 + signal.SIGINT)
    except BrokenPipeError:  # the reader of our output has gone, as in `cartrl config … | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:  # such as a disk that is full; nothing that was saved before is lost
        _fail(f"{error.filename or 'a file'}: {error.strerror or error}", 1)
    except Exception as error:
        said = f"{type(error).__name__}: {error}".rstrip(": ")
        _fail(
            f"unexpected {cut(said, LONGEST_SURPRISE)}; run with --debug for the traceback (cartrl --debug COMMAND …)",
            1,
        )


def _fail(sentence: str, exit_code: int) -> NoReturn:
    if quiet.debug:
        traceback.print_exc()
    message(sentence)
    sys.exit(exit_code)


def message(text: str) -> None:
    """Print an error for the user, in one line; what could drive a terminal is written as an escape sequence."""
    line = "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in " ".join(text.splitlines())
    )
    Console(stderr=True).print(Text.assemble(("error:", "bold red"), " ", line), soft_wrap=True)


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
    import_module: Optional[str] = typer.Option(
        None,
        "--import-module",
        metavar="MODULE",
        help="Import this Python module, whose code runs, so that its environments can be named as MODULE:NAME.",
        show_default=False,
    ),
) -> None:
    quiet.debug = debug
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit(2)
    if import_module is not None:
        from cartrl.environments.imports import import_environments

        import_environments(import_module)


@app.command()
def train(
    config: Optional[Path] = CONFIG_OPTION,
    overrides: list[str] = SET_OPTION,
    seed: Optional[int] = typer.Option(None, "--seed", help="Override train.seed.", show_default=False),
    resume: Optional[str] = typer.Option(
        None,
        "--resume",
        metavar="RUN",
        help="Continue a run or a study that was stopped: its directory, or 'latest'. In place of --config; "
        "--set train.num_iterations=N extends it.",
        show_default=False,
    ),
    seeds: Optional[str] = typer.Option(
        None, "--seeds", metavar="SEEDS", help="Train a study of many seeds: 0-31, or 0,3,7.", show_default=False
    ),
    jobs: Optional[int] = JOBS_OPTION,
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
    from cartrl.commands import study
    from cartrl.commands import train as one_run
    from cartrl.settings import load
    from cartrl.studies import find_study, parse_seeds

    output = one_run.Output(quiet, as_json, BEGAN)
    if resume is not None:
        given = {"--config": config, "--seed": seed, "--seeds": seeds, "--run-dir": run_dir}
        for option in (name for name, value in given.items() if value is not None):
            raise UsageError(f"{option} cannot be given with --resume: what goes on has its own")
        known = find_study(resume)
        if known is not None:
            study.resume(known, overrides, jobs, output)
        else:
            one_run.resume(resume, overrides, output)
    elif config is None:
        raise UsageError("give a --config to train, or a run to --resume")
    elif seeds is not None:
        if seed is not None:
            raise UsageError("give --seed for one run, or --seeds for a study")
        study.run(load(config, overrides), parse_seeds(seeds), run_dir, jobs, output)
    else:
        one_run.run(load(config, overrides, seed), run_dir, output)


@app.command()
def sweep(
    config: Optional[Path] = CONFIG_OPTION,
    overrides: list[str] = SET_OPTION,
    grid: list[str] = typer.Option(
        [],
        "--grid",
        metavar="SECTION.KEY=VALUE,…",
        help="Values of a setting, such as agent.learning_rate=1e-3,3e-3. Repeatable: all combinations are trained.",
    ),
    search: list[str] = typer.Option(
        [],
        "--search",
        metavar="SECTION.KEY=LOW..HIGH",
        help="A range to search, such as agent.discount=0.9..1; 1e-4..1e-2:log is searched in the logarithm. "
        "Repeatable. Needs Optuna.",
    ),
    trials: Optional[int] = typer.Option(
        None, "--trials", min=1, max=1000, help="How many settings --search tries.", show_default=False
    ),
    seeds: Optional[str] = typer.Option(
        None, "--seeds", metavar="SEEDS", help="The seeds of every setting: 0-7, or 0,3,7.", show_default=False
    ),
    resume: Optional[str] = typer.Option(
        None,
        "--resume",
        metavar="SWEEP",
        help="Continue a sweep that was stopped: its directory, or 'latest'. In place of all that describes one.",
        show_default=False,
    ),
    jobs: Optional[int] = JOBS_OPTION,
    run_dir: Optional[Path] = typer.Option(
        None,
        "--run-dir",
        help="The sweep's directory, which must not exist. Default: a new one below runs/.",
        show_default=False,
    ),
    quiet: bool = typer.Option(False, "--quiet", "-q", help="Print nothing but the sweep's directory."),
    as_json: bool = typer.Option(False, "--json", help="Print one JSON object on stdout; progress goes to stderr."),
) -> None:
    """Train many settings with the same seeds, and rank them."""
    from cartrl.commands import sweep as command
    from cartrl.commands.train import Output
    from cartrl.sweeps import find_sweep

    output = Output(quiet, as_json, BEGAN)
    if resume is not None:
        given = {
            "--config": config, "--set": overrides, "--grid": grid, "--search": search, "--trials": trials,
            "--seeds": seeds, "--run-dir": run_dir,
        }  # fmt: skip
        for option in (name for name, value in given.items() if value):
            raise UsageError(f"{option} cannot be given with --resume: what goes on has its own")
        command.resume(find_sweep(resume), jobs, output)
    elif config is None:
        raise UsageError("give a --config to sweep over, or a sweep to --resume")
    elif seeds is None:
        raise UsageError("give --seeds, such as 0-7: settings are ranked by what several seeds reach")
    else:
        command.run(config, overrides, command.Choices(grid, search, trials), seeds, run_dir, jobs, output)


@app.command(name="eval")
def evaluate(
    checkpoint: Optional[str] = CHECKPOINT_OPTION,
    episodes: int = typer.Option(100, "--episodes", min=1, max=MOST_EPISODES, help=EPISODES_HELP),
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
    progress: Optional[str] = typer.Option(
        None,
        "--progress",
        metavar="RUN",
        help="Film how a run learned: its first policy, some of those on the way and its best, side by side. "
        "Its directory, or 'latest'. In place of --checkpoint.",
        show_default=False,
    ),
    episodes: int = typer.Option(3, "--episodes", min=1, max=MOST_EPISODES, help=EPISODES_HELP),
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
    """Film a saved policy, or how a run learned."""
    from cartrl.commands.record import run

    run(checkpoint, progress, episodes, output, fps, is_greedy=not stochastic, seed=seed)


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


@app.command()
def plot(
    paths: list[Path] = PATHS_ARGUMENT,
    output: Optional[Path] = typer.Option(
        None,
        "--output",
        "-o",
        help="The picture, ending in .png, .svg or .pdf. Default: draw in the terminal.",
        show_default=False,
    ),
    axis: XAxis = typer.Option(XAxis.iterations, "--x", help="What the curves run over."),
    mean: bool = typer.Option(False, "--mean", help="The mean of the seeds instead of their interquartile mean."),
    terminal: bool = typer.Option(False, "--terminal", help="Draw in the terminal beside --output."),
) -> None:
    """Draw the learning curves of runs and studies."""
    from cartrl.commands.plot import run

    run(paths, output, axis.value, with_mean=mean, in_terminal=terminal)


@app.command()
def compare(
    paths: list[Path] = PATHS_ARGUMENT,
    picture: Optional[Path] = typer.Option(
        None,
        "--plot",
        metavar="FILE",
        help="Also draw the performance profiles, to a .png, .svg or .pdf.",
        show_default=False,
    ),
    as_json: bool = typer.Option(False, "--json", help="Print one JSON object on stdout, and nothing else there."),
) -> None:
    """Compare studies across their seeds: which one is better, and how sure that is."""
    from cartrl.commands.compare import run

    run(paths, picture, as_json=as_json)


@app.command()
def reproduce(
    run_directory: Path = typer.Argument(..., metavar="RUN", help="A run's directory.", show_default=False),
    run_dir: Optional[Path] = typer.Option(
        None,
        "--run-dir",
        help="Keep the new run in this directory, which must not exist. Default: it is removed.",
        show_default=False,
    ),
) -> None:
    """Train a run again from its own config, and say whether it comes out identical."""
    from cartrl.commands.reproduce import run

    run(run_directory, run_dir)


@app.command()
def runs(
    directory: Optional[Path] = typer.Argument(
        None, metavar="DIRECTORY", help="What to look in. Default: runs/.", show_default=False
    ),
    env_name: Optional[str] = typer.Option(
        None, "--env", metavar="NAME", help="Only those on this environment.", show_default=False
    ),
    states: list[str] = typer.Option(
        [], "--state", metavar="STATE", help="Only running, finished, stopped, failed or damaged ones. Repeatable."
    ),
    as_json: bool = typer.Option(False, "--json", help="Print one JSON array on stdout, and nothing else there."),
) -> None:
    """List runs and studies: how far each is, what it reached, and whether it still runs."""
    from cartrl.commands.runs import run

    run(directory, env_name, states, as_json)


@app.command()
def report(
    path: Path = typer.Argument(..., metavar="PATH", help="The directory of a run or a study.", show_default=False),
    output: Optional[Path] = typer.Option(
        None, "--output", "-o", metavar="FILE.html", help="The file. Default: report.html in PATH.", show_default=False
    ),
) -> None:
    """Write one HTML file about a run or a study, with curve, evaluation and film, that can be mailed."""
    from cartrl.commands.report import run

    run(path, output)
