"""For all tests: signals, surroundings, and runs that several tests look at, trained once a session."""

import json
import os
import shutil
import signal
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from tests import surroundings
from tests.helpers import CONFIGS, Done, run_cartrl
from tests.studies import write_sweep

# Under nohup, or in the background of a script, some signals are ignored, and every process started would ignore them
# too. What is handled here is back at its default in them, so that tests which send signals find what a user finds.
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, lambda *_: None)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--hostile", action="store_true", help="run cartrl in surroundings that do not suit it")


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: tests wait for processes to start, to stop, and to be killed."""
    return len(os.sched_getaffinity(0)) + 1


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--hostile"):
        os.environ.setdefault(surroundings.HOSTILE, str(os.getpid()))


def pytest_unconfigure(config: pytest.Config) -> None:
    is_a_worker = hasattr(config, "workerinput")
    if surroundings.are_hostile() and not is_a_worker:
        shutil.rmtree(surroundings.home(), ignore_errors=True)


# Measuring coverage makes a process that loads TensorFlow take half as long again. The processes that tests of these
# folders start train the longest, and are not measured; those of the others are, and run nearly all lines. What tests
# of several folders look at is measured, whichever of them comes first.
NOT_MEASURED = ("agents", "environments", "experience", "pictures", "training")
TO_MEASURE = {name: value for name, value in os.environ.items() if name.startswith("COVERAGE_PROCESS_")}


def measure(is_measured: bool) -> None:
    for name, value in TO_MEASURE.items():
        if is_measured:
            os.environ[name] = value
        else:
            os.environ.pop(name, None)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    measure(item.path.parent.name not in NOT_MEASURED)


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef: "pytest.FixtureDef[Any]") -> "Generator[None, object, object]":
    before = all(name in os.environ for name in TO_MEASURE)
    measure(before or fixturedef.scope == "session")
    try:
        return (yield)
    finally:
        measure(before)


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


@pytest.fixture(scope="session")
def short_export(short_run, tmp_path_factory) -> Path:
    """The best policy of the short run as arrays, which plays without TensorFlow."""
    directory = tmp_path_factory.mktemp("exported") / "policy"
    done = run_cartrl("export", short_run.directory, "-o", directory, "--episodes", "1", cwd=directory.parent)
    assert done.returncode == 0, done.stderr
    return directory


@pytest.fixture(scope="session")
def short_study(short_run, tmp_path_factory) -> Path:
    """A study of two seeds, 3 and 4, with 30 iterations each."""
    home = tmp_path_factory.mktemp("study")
    study = home / "runs" / "both"
    shutil.copytree(short_run.directory, study / "seed-3")
    done = run_cartrl(
        "train", "--config", CONFIGS / "reinforce.yaml", "--seed", "4", *SHORT, "--run-dir", study / "seed-4", cwd=home
    )
    assert done.returncode == 0, done.stderr
    manifest = json.loads((study / "seed-4" / "manifest.json").read_text())
    facts = {"kind": "study", "env_name": "CartPole-v0", "agent": "reinforce", "seeds": [3, 4]}
    (study / "study.json").write_text(json.dumps({**manifest, **facts}))
    shutil.copy(study / "seed-3" / "config.yaml", study)
    return study


class Report:
    """A written report: of what, where, and what its process printed."""

    def __init__(self, subject: Path, page: Path, done: Done):
        self.subject = subject
        self.page = page
        self.done = done


def report_of(subject: Path, page: Path) -> Report:
    done = run_cartrl("report", subject, "--output", page, cwd=subject.parent)
    assert done.returncode == 0, done.stderr
    return Report(subject, page, done)


@pytest.fixture(scope="session")
def run_report(short_run, tmp_path_factory) -> Report:
    """The report of the short run, in a directory whose name means something in HTML."""
    home = tmp_path_factory.mktemp("report")
    subject = shutil.copytree(short_run.directory, home / "<img src=x onerror=alert(1)>\"'&amp;")
    return report_of(subject, home / "run.html")


@pytest.fixture(scope="session")
def study_report(short_study, tmp_path_factory) -> Report:
    """The report of the short study."""
    return report_of(short_study, tmp_path_factory.mktemp("report") / "study.html")


@pytest.fixture(scope="session")
def sweep_report(tmp_path_factory) -> Report:
    """The report of a sweep of nine settings, and of one that has not begun."""
    home = tmp_path_factory.mktemp("report")
    finals = {f"0.00{number}": [20.0 * number, 21.0 * number, 22.0 * number] for number in range(1, 10)}
    sweep = write_sweep(home / "<img src=x onerror=alert(1)>", finals, ["0.01"], reward_threshold=195.0)
    return report_of(sweep, home / "sweep.html")
