"""Runs that several tests look at: trained once a session, through the command line."""

from pathlib import Path

import pytest

from tests.helpers import CONFIGS, Done, run_cartrl

SHORT = ("--set", "train.num_iterations=30", "--set", "eval.eval_interval=10")


class TrainedRun:
    """A finished run, and what its process printed."""

    def __init__(self, directory: Path, done: Done):
        self.directory = directory
        self.done = done


@pytest.fixture(scope="session")
def solved_run(tmp_path_factory) -> TrainedRun:
    """The tutorial's config as it stands, seed 0."""
    home = tmp_path_factory.mktemp("solved")
    done = run_cartrl("train", "--config", CONFIGS / "reinforce.yaml", "--run-dir", "run", cwd=home)
    assert done.returncode == 0, done.stderr
    return TrainedRun(home / "run", done)


@pytest.fixture(scope="session")
def short_run(tmp_path_factory) -> TrainedRun:
    """30 iterations of the tutorial's config with seed 3."""
    home = tmp_path_factory.mktemp("short")
    done = run_cartrl(
        "train", "--config", CONFIGS / "reinforce.yaml", "--seed", "3", *SHORT, "--run-dir", "runs/short", cwd=home
    )
    assert done.returncode == 0, done.stderr
    return TrainedRun(home / "runs/short", done)
