"""The command line answers at once: what needs no library does not load one."""

import subprocess
import sys
import time

import pytest

from tests.helpers import CARTRL, CONFIGS, cpu_of_children, run_and_list_imports, unmeasured_environment

TRIES = 20  # the fastest counts, since other processes only ever make one slower
SLACK = 0.15  # seconds


def fastest(command, cwd, clock=cpu_of_children, within=0.0):
    """Return the least seconds, by ``clock``, that ``command`` took; stop trying at the first below ``within``."""
    best = float("inf")
    for _ in range(TRIES):
        began = clock()
        subprocess.run(command, cwd=cwd, env=unmeasured_environment(), capture_output=True, check=False)
        best = min(best, clock() - began)
        if best < within:
            break
    return best


@pytest.fixture
def home(tmp_path):
    """A directory with a bad config."""
    directory = tmp_path / "home"
    directory.mkdir()
    (directory / "bad.yaml").write_text("environment:\n  env_name: CartPole-v0\nagent:\n  learning_rate: fast\n")
    return directory


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        pytest.param(["--help"], 0, id="help"),
        pytest.param(["train", "--help"], 0, id="help of train"),
        pytest.param(["eval", "--help"], 0, id="help of eval"),
        pytest.param(["--version"], 0, id="version"),
        pytest.param(["config", "--schema"], 0, id="schema"),
        pytest.param(["config", "--list"], 0, id="shipped configs"),
        pytest.param(["config", "ppo/cartpole-v1"], 0, id="copy of a shipped config"),
        pytest.param(["config", "bad.yaml"], 2, id="bad config"),
        pytest.param(["train", "--config", "bad.yaml"], 2, id="train with a bad config"),
        pytest.param(["train", "--config", "missing.yaml"], 2, id="train without a config"),
        pytest.param(["eval", "--checkpoint", "missing"], 2, id="eval of a missing run"),
        pytest.param(["record", "--checkpoint", "missing"], 2, id="film of a missing run"),
        pytest.param(["record"], 2, id="film without any run"),
        pytest.param(["plot", "missing"], 2, id="plot of a missing run"),
        pytest.param(["report", "missing"], 2, id="report of a missing run"),
        pytest.param(["reproduce", "missing"], 2, id="repetition of a missing run"),
        pytest.param(["sweep", "-c", CONFIGS / "reinforce.yaml", "--grid", "x=1", "--seeds", "0"], 2, id="bad sweep"),
        pytest.param(["runs", "."], 0, id="list of runs"),
        pytest.param(["compare", "missing", "missing too"], 2, id="comparison of missing studies"),
    ],
)
def test_nothing_heavy_is_imported(home, tmp_path, arguments, code):
    done, imported = run_and_list_imports(*arguments, cwd=home, report=tmp_path / "report.json")
    assert done.returncode == code, done.stderr
    assert imported == []


@pytest.mark.parametrize("arguments", [["env", "CartPole-v1"], ["config", CONFIGS / "reinforce.yaml"]])
def test_what_watches_imports_sees_them(home, tmp_path, arguments):
    done, imported = run_and_list_imports(*arguments, cwd=home, report=tmp_path / "report.json")
    assert done.returncode == 0, done.stderr
    assert imported == ["gym"]


CLOCKS = [
    pytest.param(cpu_of_children, id="CPU time"),  # which hardly depends on what else the machine does
    pytest.param(time.perf_counter, id="real time", marks=pytest.mark.slow),
]


@pytest.mark.parametrize("clock", CLOCKS)
def test_help_takes_little_longer_than_the_libraries_that_draw_it(home, clock):
    """It finds imports and work that `--help` does not need."""
    libraries = fastest([sys.executable, "-c", "import typer, rich"], home, clock, within=0.1)
    limit = 3 * libraries + SLACK
    assert fastest([CARTRL, "--help"], home, clock, within=limit) < limit


@pytest.mark.parametrize("clock", CLOCKS)
def test_a_bad_config_is_answered_within_half_a_second(home, clock):
    """It finds imports and work that no message about a config needs."""
    command = [CARTRL, "train", "--config", "bad.yaml"]
    assert fastest(command, home, clock, within=0.5) < 0.5
