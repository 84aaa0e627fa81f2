"""Options that several commands take."""

import time
from typing import Any

import typer

from cartrl.cli import completion

BEGAN = time.perf_counter()  # about when the process began

CONFIG_HELP = "The experiment: a YAML file, or a shipped config that cartrl config --list names."
CONFIG_ARGUMENT = typer.Argument(
    None, metavar="[CONFIG]", autocompletion=completion.configs, help=CONFIG_HELP, show_default=False
)
CONFIG_OPTION = typer.Option(
    None, "--config", "-c", autocompletion=completion.configs, help="The same, as an option.", show_default=False
)
SET_OPTION = typer.Option(
    [],
    "--set",
    metavar="SECTION.KEY=VALUE",
    autocompletion=completion.settings,
    help="Override a setting, such as agent.learning_rate=3e-3. Repeatable.",
)
POLICY_ARGUMENT = typer.Argument(
    None,
    metavar="[RUN]",
    autocompletion=completion.runs,
    help="A run directory (its best policy), a policy directory inside one, or 'latest'. "
    "Default: the latest run below runs/.",
    show_default=False,
)
CHECKPOINT_OPTION = typer.Option(
    None,
    "--checkpoint",
    autocompletion=completion.runs,
    help="The same, as an option.",
    show_default=False,
)
STOCHASTIC_OPTION = typer.Option(False, "--stochastic", help="Draw actions from the policy instead of the best one.")
MODULES_OPTION = typer.Option(
    [],
    "--import-module",
    metavar="MODULE",
    help="Import this Python module, installed or in the working directory; its code runs, and its environments can "
    "be named as MODULE:NAME. Repeatable.",
)
PATHS_HELP = "Runs and studies, by their directories; or 'latest'."
PATHS_ARGUMENT = typer.Argument(
    ..., metavar="PATH...", autocompletion=completion.runs, help=PATHS_HELP, show_default=False
)
CSV_OPTION = typer.Option(
    None,
    "--csv",
    metavar="steps=COLUMN,return=COLUMN",
    help="CSV files may be given too: the columns with the environment steps and the returns; add ,seed=COLUMN where "
    "a file holds several seeds.",
    show_default=False,
)
GROUP_OPTION = typer.Option(
    None,
    "--group",
    metavar="TEMPLATE",
    help="What the paths of other tools' runs below a PATH tell: {method}, {env}, {seed}, and {*} for any other text, "
    "as in '{method}/{env}_{seed}'. Default: inferred, and shown.",
    show_default=False,
)
JOBS_OPTION = typer.Option(
    None, "--jobs", "-j", min=1, max=1024, help="Processes of a study. Default: the cores.", show_default=False
)
CLUSTER_OPTION = typer.Option(
    None,
    "--cluster",
    metavar="ADDRESS",
    help="Train on a Dask cluster: tcp://HOST:PORT, tls://HOST:PORT or a scheduler file, of which the environment "
    "variable CARTRL_CLUSTER may hold one too. Needs Dask.",
    show_default=False,
)
SHIP_OPTION = typer.Option(
    False, "--ship", help="With --cluster: hosts that share no folder send each run when it has ended."
)
TLS_OPTION = typer.Option(
    None,
    "--tls",
    metavar="CA CERT KEY",
    help="With --cluster tls://…: files of the authority, of a certificate and of its key. Default: what Dask's own "
    "configuration names.",
    show_default=False,
)
LISTEN_OPTION = typer.Option(
    None,
    "--listen",
    metavar="HOST:PORT",
    help="Let collectors of other machines join there, by cartrl collect. For the engine vectorized.",
    show_default=False,
)
TOKEN_FILE_OPTION = typer.Option(
    None,
    "--token-file",
    metavar="FILE",
    help="A file with the secret that collectors and learner share. Default: the environment variable CARTRL_TOKEN; "
    "a learner without either makes a new one and prints it.",
    show_default=False,
)
LOG_TO_OPTION = typer.Option(
    [],
    "--log-to",
    metavar="TRACKER",
    help="Also log the runs to mlflow, wandb (offline, unless WANDB_MODE says otherwise) or trackio, while they train. "
    "Needs the extra of that name. Repeatable.",
)
EPISODES_HELP = "How many episodes."
MOST_EPISODES = 1_000_000
SEED_OPTION = typer.Option(
    0, "--seed", min=0, max=2**31 - 1, help="Start states, and drawn actions, depend on it alone."
)
JSON_OPTION = typer.Option(False, "--json", help="Print one JSON object on stdout, and nothing else there.")
JSON_OF_TRAINING_OPTION = typer.Option(
    False, "--json", help="Print one JSON object on stdout; progress goes to stderr."
)


def run_dir_option(whose: str) -> Any:
    """Return the option for the new directory of a run, or of whatever else ``whose`` names."""
    said = f"The {whose}'s directory, which must not exist. Default: a new one below runs/."
    return typer.Option(None, "--run-dir", help=said, show_default=False)
