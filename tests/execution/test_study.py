"""Studies: many seeds over several processes, each of which gives what it gives alone."""

import json
import signal
import subprocess
from pathlib import Path

import pytest

from tests.helpers import CARTRL, CONFIGS, children, clean_environment, run_cartrl, wait_until

CONFIG = CONFIGS / "reinforce.yaml"
SHORT = ("--set", "train.num_iterations=30", "--set", "eval.eval_interval=10", "--set", "train.checkpoint_interval=5")


def rows(run: Path):
    return [line.rpartition(",")[0] for line in (run / "metrics.csv").read_text().splitlines()]


def weights(run: Path):
    return [path.read_bytes() for path in sorted(run.glob("policies/**/variables.data*"))]


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A study of three seeds in two processes, and what it printed."""
    home = tmp_path_factory.mktemp("study")
    done = run_cartrl("train", "-c", CONFIG, *SHORT, "--seeds", "3,7-8", "--jobs", "2", "--run-dir", "study", cwd=home)
    assert (done.returncode, done.stderr) == (0, "")
    return home / "study", done.stdout


def test_each_seed_gives_to_the_last_bit_what_it_gives_alone(study, short_run):
    directory, _ = study
    assert sorted(path.name for path in directory.glob("seed-*")) == ["seed-3", "seed-7", "seed-8"]
    alone, within = short_run.directory, directory / "seed-3"  # trained second or later by its process, or first
    assert rows(within) == rows(alone)
    assert weights(within / "policies/best") == weights(alone / "policies/best")
    assert {path.name for path in within.iterdir()} == {path.name for path in alone.iterdir()}
    assert rows(directory / "seed-7") != rows(directory / "seed-8")


def test_the_study_says_what_was_run_and_what_each_seed_reached(study):
    directory, stdout = study
    manifest = json.loads((directory / "study.json").read_text())
    assert (manifest["kind"], manifest["seeds"], manifest["outcome"]) == ("study", [3, 7, 8], "finished")
    assert (manifest["env_name"], manifest["agent"]) == ("CartPole-v0", "reinforce")
    for seed in (3, 7, 8):
        result = json.loads((directory / f"seed-{seed}/manifest.json").read_text())["result"]
        best, final = (f"{result[f'{kind}_greedy_return']['mean']:.4g}" for kind in ("best", "final"))
        line = next(line for line in stdout.splitlines() if line.startswith(f"seed {seed} "))
        assert "finished" in line
        assert line.split()[-4:] == ["best", best, "final", final]
    assert "3,7-8: 3 of 3 finished" in stdout
    assert max(map(len, stdout.splitlines())) <= 80


def test_a_study_that_is_done_is_not_done_again(study):
    directory, _ = study
    before = {path: path.stat().st_mtime_ns for path in directory.rglob("*.csv")}
    done = run_cartrl("train", "--resume", directory, cwd=directory.parent)
    assert (done.returncode, done.stdout) == (0, f"{directory}: finished already, 3 seeds\n")
    assert {path: path.stat().st_mtime_ns for path in directory.rglob("*.csv")} == before


@pytest.mark.parametrize(
    "number", [signal.SIGKILL, pytest.param(signal.SIGINT, marks=pytest.mark.slow)], ids=lambda number: number.name
)
def test_a_study_that_is_stopped_goes_on_and_ends_the_same(study, number, tmp_path):
    directory, _ = study
    process = subprocess.Popen(
        [CARTRL, "train", "-c", CONFIG, *SHORT, "--seeds", "3,7-8", "-j", "2",
         "--run-dir", "again"],
        cwd=tmp_path, env=clean_environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    metrics = "again/*/metrics.csv"
    wait_until(lambda: any(path.read_bytes().count(b"\n") > 8 for path in tmp_path.glob(metrics)), "a seed had 8 rows")
    workers = children(process.pid)
    assert len(workers) == 2
    process.send_signal(number)
    stdout, stderr = process.communicate(timeout=60)
    if number == signal.SIGINT:
        assert (process.returncode, stderr) == (130, "")
        assert "cartrl train --resume again" in stdout
        assert all((path.parent / "learning_curve.png").is_file() for path in tmp_path.glob(metrics))
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers), "the workers ended")
    done = run_cartrl("train", "--resume", "again", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["outcome"] == "finished"
    for seed in (3, 7, 8):
        assert rows(tmp_path / f"again/seed-{seed}") == rows(directory / f"seed-{seed}")
        assert weights(tmp_path / f"again/seed-{seed}") == weights(directory / f"seed-{seed}")


def test_a_seed_that_fails_fails_alone(tmp_path):
    done = run_cartrl("train", "-c", CONFIG, *SHORT, "--set", "agent.learning_rate=1e38", "--seeds", "0-1",
                      "--run-dir", "study", cwd=tmp_path)  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith("error: 2 of 2 seeds failed; seed 0: weights_norm is ")
    assert done.stderr.count("\n") == 1
    assert json.loads((tmp_path / "study/study.json").read_text())["outcome"] == "failed"
    assert (tmp_path / "study/seed-1/policies/best/policy.json").exists()
