"""What the files of a run say of it agrees, whatever happened on the way."""

import json
import re
import signal
import subprocess
import sys

import pytest

from cartrl.policies import sidecar
from cartrl.runs import metrics
from cartrl.runs.directory import RunDirectory
from cartrl.runs.json_files import read_json, write_json
from cartrl.training.saving import Climb
from tests.helpers import CONFIGS, clean_environment, module_path, run_cartrl, wait_until

TINY = ("agent.fc_layer_params=[4]", "train.num_iterations=6", "train.checkpoint_interval=1",
        "eval.eval_interval=2", "eval.num_eval_episodes=2", "environment.max_episode_steps=20")  # fmt: skip


def settings(*values):
    return [word for value in (*TINY, *values) for word in ("--set", value)]


def test_a_run_that_fails_and_then_finishes_where_nothing_closes(tmp_path):
    module = ["--import-module", "moody_environment"]
    moody = settings("environment.env_name=moody_environment:Moody-v0", "collect.engine=vectorized")
    first = ["train", "-c", CONFIGS / "reinforce.yaml", *moody, "--run-dir", "run"]
    where = {"PYTHONPATH": module_path()}
    failed = run_cartrl(*module, *first, cwd=tmp_path, env={**where, "FAIL_AT_STEP": "200"})
    assert failed.returncode == 1
    assert "raised RuntimeError in step: the motor is hot" in failed.stderr  # not how closing failed after it
    finished = run_cartrl(*module, "train", "--resume", "run", cwd=tmp_path, env=where)
    assert finished.returncode == 0, finished.stderr
    manifest = read_json(tmp_path / "run/manifest.json")
    assert manifest["outcome"] == "finished"
    assert "error" not in manifest
    assert [session["outcome"] for session in manifest["sessions"]] == ["failed", "finished"]


def interrupted_run(home, *values):
    """Train in ``home``/run until there are some rows, and interrupt that; return what it printed."""
    options = settings("train.num_iterations=100000", "eval.eval_interval=50000", *values)
    command = [sys.executable, "-m", "cartrl", "train", "-c", CONFIGS / "reinforce.yaml", "--run-dir", "run", *options]
    process = subprocess.Popen(
        list(map(str, command)), cwd=home, env=clean_environment(), text=True, stdout=subprocess.PIPE
    )
    metrics = home / "run/metrics.csv"
    wait_until(lambda: metrics.exists() and metrics.read_text().count("\n") >= 10, "there were rows", process=process)
    process.send_signal(signal.SIGTERM)
    printed, _ = process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGTERM
    return printed


def test_a_run_that_was_interrupted_and_resumed_on_the_next_day(tmp_path):
    printed = interrupted_run(tmp_path)
    assert re.search(r"^last greedy return +.* at iteration 0 *$", printed, re.MULTILINE)
    assert "final greedy return" not in printed
    path = tmp_path / "run/manifest.json"
    manifest = read_json(path)
    assert manifest["result"]["final_greedy_return"] is None
    assert manifest["result"]["last_greedy_return"]["step"] == 0
    manifest["started"] = "2020-01-01T00:00:00.000+00:00"
    manifest["sessions"][0]["seconds"] = 100.0
    write_json(path, manifest)

    total = (tmp_path / "run/metrics.csv").read_text().count("\n") + 4
    resume = ["train", "--resume", "run", "--set", f"train.num_iterations={total}"]
    done = run_cartrl(*resume, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    seconds = re.search(
        r"^seconds +([0-9.]+) s in 2 processes; the last of them ([0-9.]+) s:", done.stdout, re.MULTILINE
    )
    assert float(seconds[1]) == pytest.approx(100 + float(seconds[2]), abs=0.2)
    assert re.search(r"^final greedy return ", done.stdout, re.MULTILINE)
    result = read_json(path)["result"]
    assert result["total_seconds"] == pytest.approx(100 + sum(result["seconds"].values()), abs=0.01)
    assert result["final_greedy_return"] == result["last_greedy_return"]

    report = run_cartrl("report", "run", cwd=tmp_path)
    assert report.returncode == 0, report.stderr
    page = (tmp_path / "run/report.html").read_text()
    assert re.search(r">1[01][0-9]\.[0-9] s<|>[1-5]\.[0-9] min<", page), re.findall(r"[0-9.,]+ (?:s|min)<", page)


def test_a_trained_run_keeps_its_threshold(short_run):
    assert read_json(short_run.directory / "manifest.json")["reward_threshold"] == 195.0


def test_after_a_kill_and_a_resume_the_best_policy_is_that_of_the_metrics(tmp_path):
    options = settings("train.num_iterations=100000", "train.checkpoint_interval=7", "eval.eval_interval=1")
    command = [sys.executable, "-m", "cartrl", "train", "-c", CONFIGS / "reinforce.yaml", "--run-dir", "run", *options]
    process = subprocess.Popen(list(map(str, command)), cwd=tmp_path, env=clean_environment(), stdout=subprocess.PIPE)
    run = RunDirectory(tmp_path / "run")

    def is_stopped_ahead():
        process.send_signal(signal.SIGSTOP)  # so that what is seen here is what the kill finds
        if best_step(run) > newest_checkpoint(run) > 0:
            return True
        process.send_signal(signal.SIGCONT)
        return False

    wait_until(is_stopped_ahead, "there was a best policy after a checkpoint", process=process)
    process.kill()
    process.communicate()
    ahead = best_step(run)
    end = newest_checkpoint(run) + 1
    done = run_cartrl("train", "--resume", "run", "--set", f"train.num_iterations={end}", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    means = [row["greedy_return_mean"] for row in metrics.read(run.metrics)]
    expected = max(range(end + 1), key=lambda step: (means[step], step))
    assert best_step(run) == expected <= end
    assert ahead >= end
    assert read_json(run.manifest)["result"]["best_greedy_return"]["step"] == expected
    climb = Climb()
    steps = {step for step in range(end + 1) if climb.is_step(means[step])}
    kept = {int(path.name) for path in run.kept_policies.iterdir()}
    assert {0, *steps} <= kept <= {*steps, *(round(step * end / 4) for step in range(4))}
    assert not run.earlier_policies.exists()
    sidecar.read(run.best_policy)


def best_step(run):
    """The iteration of the best policy as it stands; 0 while it is not there."""
    try:
        return json.loads((run.best_policy / "policy.json").read_text())["step"]
    except OSError:
        return 0


def newest_checkpoint(run):
    return max((int(path.stem) for path in run.checkpoints.glob("[0-9]*")), default=0)
