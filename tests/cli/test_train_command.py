"""`cartrl train`: what it prints, what it writes, that it repeats itself, and how it stops."""

import csv
import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from PIL import Image

from cartrl.runs import metrics
from cartrl.settings.agents import kind
from tests.conftest import SHORT
from tests.helpers import CONFIGS, WHOLE, clean_environment, run_cartrl, wait_until


def rows_of(run: Path):
    with (run / "metrics.csv").open() as file:
        return list(csv.DictReader(file))


def test_it_says_what_it_does_in_plain_lines_and_makes_no_noise(short_run):
    done = short_run.done
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    progress = [line for line in lines if line.startswith("iteration")]
    # Every log_interval (25) and every evaluation (10), with the one before the first and that after the last.
    assert [int(line.split()[1].split("/")[0]) for line in progress] == [0, 10, 20, 25, 30]
    assert all(len(line) <= 80 for line in lines), max(lines, key=len)
    assert "\x1b" not in done.stdout
    for path in ("config.yaml", "metrics.csv", "policies/best", "policies/final", "learning_curve.png"):
        assert f"  runs/short/{path}" in lines
    assert "  cartrl eval runs/short" in lines


def test_the_metrics_add_up(short_run):
    rows = rows_of(short_run.directory)
    assert list(rows[0]) == [column.name for column in metrics.columns(kind("reinforce"))]
    assert [int(row["iteration"]) for row in rows] == list(range(31))
    assert [int(row["episodes"]) for row in rows] == list(range(0, 61, 2))
    steps = [int(row["environment_steps"]) for row in rows]
    for row, before, after in zip(rows[1:], steps, steps[1:]):
        # In CartPole a step is a reward of 1, so two episodes of mean return m are 2 m steps.
        assert after - before == 2 * float(row["collect_return_mean"])
        low, mean, high = (float(row[f"collect_return_{which}"]) for which in ("min", "mean", "max"))
        assert low <= mean == (low + high) / 2 <= high
        parts = ("policy_gradient_loss", "value_estimation_loss", "entropy_regularization_loss")
        assert float(row["loss"]) == pytest.approx(sum(float(row[part]) for part in parts), rel=1e-5)
        assert 0 < float(row["policy_entropy"]) <= 0.6932  # ln 2, two actions
        assert int(row["terminated_episodes"]) + int(row["truncated_episodes"]) == 2
    evaluated = [int(row["iteration"]) for row in rows if row["greedy_return_mean"]]
    assert evaluated == [0, 10, 20, 30]


def test_truncated_episodes_are_told_from_fallen_ones(tmp_path):
    done = run_cartrl(
        "train", "-c", CONFIGS / "reinforce.yaml", "--set", "environment.max_episode_steps=9",
        "--set", "train.num_iterations=2", "--run-dir", "run", "--quiet", cwd=tmp_path,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "run\n", "")
    # No pole of CartPole falls within 8 steps of its start, and some do not within 9: all are cut off, or nearly.
    rows = rows_of(tmp_path / "run")[1:]
    assert sum(int(row["truncated_episodes"]) for row in rows) >= 3
    report = json.loads(run_cartrl("eval", "--checkpoint", "run", "--json", cwd=tmp_path).stdout)
    assert report["max"] == 9
    assert report["truncated"] > report["terminated"]


def test_the_run_directory_is_complete(short_run):
    run = short_run.directory
    assert {path.name for path in run.iterdir()} == {
        ".lock", "config.yaml", "manifest.json", "metrics.csv", "tensorboard", "policies", "checkpoints",
        "learning_curve.png",
    }  # fmt: skip
    config = yaml.safe_load((run / "config.yaml").read_text())
    assert config["train"] == {
        "num_iterations": 30, "num_environment_steps": None, "stop_when_solved": False, "checkpoint_interval": 200,
        "log_interval": 25, "seed": 3,
    }  # fmt: skip
    assert config["agent"]["fc_layer_params"] == [100]
    manifest = json.loads((run / "manifest.json").read_text())
    assert manifest["outcome"] == "finished"
    assert manifest["seed"] == 3
    assert manifest["command"][1:3] == ["train", "--config"]
    assert manifest["versions"]["tensorflow"].startswith("2.15")
    assert manifest["started"] < manifest["ended"]
    best, final = (json.loads((run / "policies" / name / "policy.json").read_text()) for name in ("best", "final"))
    assert final["step"] == 30
    own = {
        "env_name": "CartPole-v0",
        "suite": "gym",
        "max_episode_steps": 200,
        "constants": {},
        "kwargs": {},
        "wrappers": [],
    }
    assert best["environment"] == own
    rows = {int(row["iteration"]): row for row in rows_of(run)}
    assert best["greedy_return"]["mean"] == float(rows[best["step"]]["greedy_return_mean"])
    assert best["greedy_return"]["mean"] == max(float(row["greedy_return_mean"] or 0) for row in rows.values())
    with Image.open(run / "learning_curve.png") as picture:
        assert picture.size[0] >= 800
        assert len(picture.convert("RGB").getcolors(maxcolors=1 << 20)) > 20  # something is drawn


def test_tensorboard_reads_the_same_numbers(short_run):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(short_run.directory / "tensorboard"), size_guidance={"scalars": 0}).Reload()
    for tag, column in (("losses/total", "loss"), ("returns/greedy_mean", "greedy_return_mean")):
        values = {event.step: event.value for event in events.Scalars(tag)}
        expected = {int(row["iteration"]): float(row[column]) for row in rows_of(short_run.directory) if row[column]}
        assert values == pytest.approx(expected)


def weights_of(policy: Path):
    return (policy / "variables/variables.data-00000-of-00001").read_bytes()


def without_seconds(run: Path):
    return [{name: value for name, value in row.items() if name != "seconds"} for row in rows_of(run)]


def test_the_same_seed_gives_the_same_bits_and_another_seed_another_run(short_run, tmp_path):
    for name, seed in (("again", "3"), ("other", "4")):
        done = run_cartrl(
            "train", "--config", CONFIGS / "reinforce.yaml", "--seed", seed, *SHORT, "--run-dir", name, "--json",
            cwd=tmp_path,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["run"] == name
    first, again, other = short_run.directory, tmp_path / "again", tmp_path / "other"
    assert without_seconds(first) == without_seconds(again)
    for policy in ("best", "final"):
        assert weights_of(first / "policies" / policy) == weights_of(again / "policies" / policy)
    assert without_seconds(first)[1:] != without_seconds(other)[1:]
    assert weights_of(first / "policies/final") != weights_of(other / "policies/final")


def test_a_learning_rate_that_blows_up_is_named_and_what_was_reached_is_kept(tmp_path):
    done = run_cartrl(
        "train", "-c", CONFIGS / "reinforce.yaml", "--set", "agent.learning_rate=1e38", "--run-dir", "run",
        cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr == "error: weights_norm is inf in iteration 1; try a smaller agent.learning_rate\n"
    assert json.loads((tmp_path / "run/manifest.json").read_text())["outcome"] == "failed"
    assert run_cartrl("eval", "--checkpoint", "run", "--episodes", "2", cwd=tmp_path).returncode == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_a_signal_ends_the_run_after_its_iteration_and_keeps_what_was_reached(number, tmp_path):
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "cartrl",
            "train",
            "-c",
            CONFIGS / "reinforce.yaml",
            "--run-dir",
            "run",
            "--set",
            "train.num_iterations=100000",
        ],
        cwd=tmp_path,
        env={**clean_environment(), **WHOLE, "TMPDIR": str(temporary)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    written = tmp_path / "run/metrics.csv"
    wait_until(lambda: written.exists() and len(rows_of(tmp_path / "run")) > 3, "there were 4 rows", process=process)
    process.send_signal(number)
    stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert stderr == ""
    rows = rows_of(tmp_path / "run")
    assert re.search(rf"^interrupted +after {len(rows) - 1} of 100000 iterations$", stdout, re.MULTILINE)
    assert json.loads((tmp_path / "run/manifest.json").read_text())["outcome"] == "interrupted"
    assert (tmp_path / "run/policies/best/policy.json").exists()
    assert (tmp_path / f"run/checkpoints/{len(rows) - 1:08d}/learner.npz").exists()
    assert not list(temporary.iterdir())
