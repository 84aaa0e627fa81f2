"""Options that several commands take."""

import time

import typer

BEGAN = time.perf_counter()  # when the process did, nearly

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
