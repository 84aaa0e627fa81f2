"""What a user sees of stopping and resuming; that the results are the same is in test_killed_runs.py."""

import json
import os
import platform
import shutil
import signal
import subprocess
from pathlib import Path

import numpy as np
import pytest

from tests.helpers import (
    CARTRL,
    CONFIGS,
    assert_one_sentence,
    clean_environment,
    everything_below,
    has_handler,
    run_cartrl,
    wait_until,
)

CONFIG = CONFIGS / "reinforce.yaml"
SMALL = ("--set", "train.checkpoint_interval=5", "--set", "eval.eval_interval=20", "--set", "eval.num_eval_episodes=2")


def start(cwd: Path, *arguments, **options) -> subprocess.Popen:
    return subprocess.Popen(
        [CARTRL, "train", *map(str, arguments)],
        cwd=cwd, env=clean_environment(), text=True, stderr=subprocess.PIPE,
        **{"stdout": subprocess.PIPE, **options},
    )  # fmt: skip


def rows(run: Path):
    path = run / "metrics.csv"
    return [line.rpartition(",")[0] for line in path.read_text().splitlines()[1:]] if path.exists() else []


def wait_for_rows(run: Path, count: int, process: subprocess.Popen) -> None:
    wait_until(lambda: len(rows(run)) >= count, f"there were {count} rows", process=process)


@pytest.fixture(scope="module")
def stopped(tmp_path_factory) -> Path:
    """A run of 100,000 iterations that SIGINT stopped, with what its process printed in ``said``."""
    home = tmp_path_factory.mktemp("stopped")
    process = start(home, "-c", CONFIG, "--run-dir", "run", *SMALL, "--set", "train.num_iterations=100000")
    wait_for_rows(home / "run", 12, process)
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=60)
    assert (process.returncode, stderr) == (130, "")
    (home / "said").write_text(stdout)
    return home


@pytest.fixture
def copy(stopped, tmp_path) -> Path:
    """The stopped run again, to be changed."""
    subprocess.run(["cp", "-r", stopped / "run", tmp_path / "run"], check=True)
    return tmp_path / "run"


def test_a_run_that_is_ended_where_it_was_stopped_is_evaluated_there(copy, tmp_path):
    reached = len(rows(copy)) - 1
    length = ("--set", f"train.num_iterations={reached}")
    resumed = run_cartrl("train", "--resume", "run", *length, "--json", cwd=tmp_path)
    whole = run_cartrl("train", "-c", CONFIG, "--run-dir", "whole", *SMALL, *length, "--json", cwd=tmp_path)
    assert rows(copy) == rows(tmp_path / "whole")
    results = [json.loads(done.stdout) for done in (resumed, whole)]
    assert results[0]["final_greedy_return"]["step"] == reached
    for name in ("best_greedy_return", "final_greedy_return"):
        assert results[0][name] == results[1][name]
    for policy in ("best", "final"):
        file = f"policies/{policy}/variables/variables.data-00000-of-00001"
        assert (copy / file).read_bytes() == (tmp_path / "whole" / file).read_bytes()


def test_a_stopped_run_says_how_to_go_on_and_goes_on_as_if_it_had_not_stopped(stopped, copy, tmp_path):
    reached = len(rows(copy)) - 1
    said = (stopped / "said").read_text()
    assert f"\ninterrupted         after {reached} of 100000 iterations" in said
    assert "\n  cartrl train --resume run\n" in said
    assert json.loads((copy / "manifest.json").read_text())["outcome"] == "interrupted"
    further = reached + 7
    resumed = run_cartrl("train", "--resume", "run", "--set", f"train.num_iterations={further}", cwd=tmp_path)
    assert (resumed.returncode, resumed.stderr) == (0, "")
    whole = run_cartrl(
        "train", "-c", CONFIG, "--run-dir", "whole", *SMALL, "--set", f"train.num_iterations={further}", cwd=tmp_path
    )
    assert whole.returncode == 0
    assert rows(copy) == rows(tmp_path / "whole")
    for file in ("final/variables/variables.data-00000-of-00001", "best/variables/variables.data-00000-of-00001"):
        assert (copy / "policies" / file).read_bytes() == (tmp_path / "whole/policies" / file).read_bytes()
    manifest = json.loads((copy / "manifest.json").read_text())
    assert (manifest["outcome"], [entry["after"] for entry in manifest["resumed"]]) == ("finished", [reached])
    assert f"num_iterations: {further} " in (copy / "config.yaml").read_text()
    assert "# default" in (copy / "config.yaml").read_text()  # where each value came from is not lost

    again = run_cartrl("train", "--resume", "run", cwd=tmp_path)
    assert (again.returncode, again.stdout) == (0, f"run: finished already, after {further} iterations\n")


def test_tensorboard_holds_each_iteration_once(copy):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    reached = len(rows(copy)) - 1
    last = reached + 3
    done = run_cartrl("train", "--resume", copy, "--set", f"train.num_iterations={last}", cwd=copy.parent)
    assert done.returncode == 0, done.stderr
    events = EventAccumulator(str(copy / "tensorboard"), size_guidance={"scalars": 0}).Reload()
    assert [event.step for event in events.Scalars("losses/total")] == list(range(1, last + 1))


@pytest.mark.parametrize(
    ("option", "sentence"),
    [
        (("--set", "agent.learning_rate=0.5"), "agent.learning_rate: cannot change in a run that is resumed"),
        (("--set", "train.seed=4"), "train.seed: cannot change"),
        (("--set", "train.num_iterations=3"), "iterations already, more than train.num_iterations, which is 3"),
        (("--seed", "4"), "--seed cannot be given with --resume"),
        (("--config", CONFIG), "--config cannot be given with --resume"),
    ],
)
def test_what_would_be_another_experiment_is_refused(copy, option, sentence):
    before = everything_below(copy)
    done = run_cartrl("train", "--resume", copy, *option, cwd=copy.parent)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1
    assert everything_below(copy) == {**before, ".lock": (copy / ".lock").read_bytes()}


def test_a_damaged_checkpoint_is_named_and_the_one_before_it_taken(copy):
    newest = max(copy.glob("checkpoints/*")) / "learner.npz"
    content = bytearray(newest.read_bytes())
    content[len(content) // 2] ^= 1
    newest.write_bytes(content)
    total = len(rows(copy)) + 4
    done = run_cartrl("train", "--resume", copy, "--set", f"train.num_iterations={total}", cwd=copy.parent)
    assert done.returncode == 0
    assert done.stderr.startswith(f"warning: {newest.parent}: damaged, learner.npz is not what was saved")
    assert len(rows(copy)) == total + 1


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda line: f"{line},5", "line 4 has 20 cells, but must have 19"),
        (lambda line: line.rpartition(",")[0], "line 4 has 18 cells, but must have 19"),
        (lambda line: line.rpartition(",")[0] + ",", "line 4 lacks a number that every such row has"),
    ],
)
def test_a_row_that_was_changed_is_named_and_nothing_is_begun_anew(copy, change, says):
    lines = (copy / "metrics.csv").read_text().splitlines()
    (copy / "metrics.csv").write_text("\n".join([*lines[:3], change(lines[3]), *lines[4:], ""]))
    before = (copy / "metrics.csv").read_bytes()
    done = run_cartrl("train", "--resume", "run", cwd=copy.parent)
    assert done.stderr.startswith("error: run/metrics.csv: ")
    assert says in done.stderr
    assert done.stderr.count("\n") == 1
    assert (copy / "metrics.csv").read_bytes() == before


@pytest.mark.parametrize("damage", ["empty", "truncated", "foreign", "compressed", "endless"])
def test_when_no_checkpoint_can_be_read_nothing_is_begun_anew(copy, damage):
    for path in copy.glob("checkpoints/*/learner.npz"):
        content = path.read_bytes()
        path.unlink()
        if damage == "endless":
            os.mkfifo(path)
        elif damage == "compressed":  # which could stand for a thousand times its size
            np.savez_compressed(path, weights=np.zeros(1000))
        else:
            contents = {"empty": b"", "truncated": content[:1000], "foreign": b"PK\x03\x04 not a checkpoint"}
            path.write_bytes(contents[damage])
    before = rows(copy)
    done = run_cartrl("train", "--resume", copy, cwd=copy.parent)
    assert done.returncode == 1
    assert "none of the 2 checkpoints can be read; nothing is resumed" in done.stderr
    assert rows(copy) == before


def test_a_run_whose_checkpoints_are_gone_is_not_begun_anew(copy):
    shutil.rmtree(copy / "checkpoints")
    before = rows(copy)
    done = run_cartrl("train", "--resume", copy, cwd=copy.parent)
    assert done.returncode == 1
    assert f"{copy}/checkpoints: holds no checkpoint, although the run has reached iteration" in done.stderr
    assert done.stderr.count("\n") == 1
    assert rows(copy) == before


def test_a_run_that_had_none_yet_says_that_it_begins_anew(copy):
    shutil.rmtree(copy / "checkpoints")
    metrics = copy / "metrics.csv"
    metrics.write_text("".join(metrics.read_text().splitlines(keepends=True)[:4]))
    done = run_cartrl("train", "--resume", copy, "--set", "train.num_iterations=3", "-q", cwd=copy.parent)
    assert done.returncode == 0
    assert done.stderr == f"warning: {copy}: was stopped before its first checkpoint; it begins anew\n"
    assert len(rows(copy)) == 4


def test_a_checkpoint_of_another_experiment_is_refused(copy):
    text = (copy / "config.yaml").read_text()
    (copy / "config.yaml").write_text(text.replace("discount: 1.0", "discount: 0.5"))
    done = run_cartrl("train", "--resume", copy, cwd=copy.parent)
    assert done.returncode == 1
    assert "is of another experiment" in done.stderr


@pytest.mark.parametrize(("reference", "sentence"), [("nowhere", "no such run"), (".", "not a run")])
def test_what_is_no_run_is_refused(tmp_path, reference, sentence):
    done = run_cartrl("train", "--resume", reference, cwd=tmp_path)
    assert done.returncode == 2
    assert sentence in assert_one_sentence(done, reference)


def test_two_processes_on_one_run_and_signals_twice(tmp_path):
    """It finds a lock that its dead holder keeps, and a process that two signals leave training."""
    settings = ("--set", "train.num_iterations=100000", "--set", "train.checkpoint_interval=100")
    first = start(tmp_path, "-c", CONFIG, "--run-dir", "run", *settings)
    wait_for_rows(tmp_path / "run", 102, first)  # there is a checkpoint, of iteration 100
    second = run_cartrl("train", "--resume", "run", cwd=tmp_path)
    assert (second.returncode, second.stdout) == (2, "")
    assert second.stderr == (
        f"error: run: another process is at work on this run, pid {first.pid} on {platform.node()}\n"
    )
    first.kill()
    first.communicate()
    third = start(tmp_path, "--resume", "run")  # the lock of the dead is not in the way
    wait_for_rows(tmp_path / "run", len(rows(tmp_path / "run")) + 1, third)
    third.send_signal(signal.SIGINT)
    wait_until(lambda: not has_handler(third.pid, signal.SIGINT), "the first signal was delivered")
    third.send_signal(signal.SIGINT)
    third.communicate(timeout=60)
    assert third.returncode in (-signal.SIGINT, 130)
    length = f"train.num_iterations={len(rows(tmp_path / 'run')) + 5}"
    done = run_cartrl("train", "--resume", "run", "--set", length, "--quiet", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "run\n", "")


def test_a_reader_that_leaves_and_a_terminal_that_goes_do_no_harm(tmp_path):
    reading, writing = os.pipe()
    process = start(tmp_path, "-c", CONFIG, "--run-dir", "run", *SMALL, "--set", "train.num_iterations=60",
                    "--set", "train.log_interval=1", stdout=writing)  # fmt: skip
    os.close(writing)
    assert os.read(reading, 20)
    os.close(reading)
    _, stderr = process.communicate(timeout=120)
    assert stderr == ""
    assert len(rows(tmp_path / "run")) == 61
    assert json.loads((tmp_path / "run/manifest.json").read_text())["outcome"] == "finished"

    process = start(tmp_path, "-c", CONFIG, "--run-dir", "other", *SMALL, "--set", "train.num_iterations=100000")
    wait_for_rows(tmp_path / "other", 5, process)
    process.send_signal(signal.SIGHUP)
    process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGHUP
    assert json.loads((tmp_path / "other/manifest.json").read_text())["outcome"] == "interrupted"
