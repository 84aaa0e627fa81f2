"""`cartrl runs`: the table, whatever the state of what it lists."""

import errno
import json
import os
import platform
import re
import shutil
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from cartrl.runs.directory import RunDirectory
from cartrl.runs.lock import RunLock
from cartrl.runs.manifest import Manifest
from cartrl.runs.metrics import MetricsFile
from cartrl.runs.outcome import Outcome
from cartrl.settings import load
from cartrl.settings.writing import write_resolved
from tests.faulty import without
from tests.helpers import (
    CONFIGS,
    REPO,
    WHOLE,
    assert_one_sentence,
    cpu_of_children,
    run_and_list_imports,
    run_cartrl,
)
from tests.studies import COLUMNS, write_run

NAME = "CartPole-v0-reinforce-7-20260102-030405"  # as `cartrl train` names a run


@pytest.fixture(scope="module")
def dead_process():
    """The id of a process that has ended."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


def make_run(root: Path, outcome="finished", returns=(20.0, 150.5, 120.0), seed=7, hours=3.0, **host) -> Path:
    """Write a run as `cartrl train` does: of 250 iterations, evaluated every 50."""
    root.mkdir(parents=True)
    run = RunDirectory(root)
    write_resolved(load(CONFIGS / "reinforce.yaml", seed=seed), run.config)
    manifest = Manifest.begin(run.manifest, seed=seed)
    if outcome != "running":
        with manifest:
            manifest.reached(Outcome(outcome))
    content = json.loads(run.manifest.read_text())
    started = datetime.now(timezone.utc) - timedelta(hours=hours)
    run.manifest.write_text(
        json.dumps({**content, "started": started.isoformat(), "host": {**content["host"], **host}})
    )
    with MetricsFile(run.metrics, COLUMNS) as metrics:
        for position, value in enumerate(returns):
            metrics.append({"iteration": 50 * position, "greedy_return_mean": value})
            metrics.append({"iteration": 50 * position + 1, "loss": 0.5})
    return root


def make_study(root: Path, outcome="finished", seeds=(0, 1), **host) -> Path:
    for seed in seeds:
        make_run(root / f"seed-{seed}", seed=seed, returns=(10.0, 100.0 + seed))
    shutil.copy(root / f"seed-{seeds[0]}" / "config.yaml", root)
    manifest = json.loads((root / f"seed-{seeds[0]}" / "manifest.json").read_text())
    facts = {"kind": "study", "seeds": list(seeds), "outcome": outcome, "host": {**manifest["host"], **host}}
    (root / "study.json").write_text(json.dumps({**manifest, **facts}))
    return root


def listed(home: Path, *arguments) -> dict:
    """Return what `cartrl runs --json` says, by the directory's name."""
    done = run_cartrl("runs", *arguments, "--json", cwd=home)
    assert done.returncode == 0, done.stderr
    return {Path(entry["path"]).name: entry for entry in json.loads(done.stdout)}


def test_a_run_is_told_in_full(tmp_path):
    make_run(tmp_path / "runs" / NAME)
    entry = listed(tmp_path)[NAME]
    assert datetime.fromisoformat(entry.pop("started")) < datetime.now(timezone.utc)
    assert entry == {
        "path": f"runs/{NAME}",
        "kind": "run",
        "state": "finished",
        "env_name": "CartPole-v0",
        "agent": "reinforce",
        "seeds": [7],
        "settings": None,
        "iterations": 101,
        "num_iterations": 250,
        "best_greedy_return": 150.5,
        "best_return": 150.5,
        "measure": "greedy return",
        "problem": None,
    }


def test_a_study_is_one_line_and_sums_up_its_seeds(tmp_path):
    make_study(tmp_path / "runs" / "both")
    entry = listed(tmp_path)["both"]
    assert (entry["kind"], entry["seeds"], entry["state"]) == ("study", [0, 1], "finished")
    assert (entry["iterations"], entry["num_iterations"]) == (2 * 51, 2 * 250)
    assert entry["best_greedy_return"] == pytest.approx(100.5)
    assert len(listed(tmp_path)) == 1


def test_a_sweep_is_one_line_with_its_settings_counted(tmp_path):
    sweep = tmp_path / "runs" / "rates"
    names = ["agent.learning_rate=0.001", "agent.learning_rate=0.003", "agent.learning_rate=0.01"]
    for name in names[:2]:  # the third has not begun
        make_study(sweep / name)
    shutil.copy(sweep / names[0] / "config.yaml", sweep)
    manifest = json.loads((sweep / names[0] / "study.json").read_text())
    records = [{"name": name, "overrides": [name]} for name in names]
    (sweep / "sweep.json").write_text(json.dumps({**manifest, "kind": "sweep", "settings": records}))
    entry = listed(tmp_path)["rates"]
    assert (entry["kind"], entry["seeds"], entry["settings"], entry["state"]) == ("sweep", [0, 1], 3, "finished")
    assert (entry["iterations"], entry["num_iterations"]) == (2 * 2 * 51, 3 * 2 * 250)
    assert entry["best_greedy_return"] == pytest.approx(100.5)
    assert "rates/  0–1 × 3 settings" in run_cartrl("runs", cwd=tmp_path, env=WHOLE).stdout
    (sweep / "sweep.json").write_text("{}")
    assert (listed(tmp_path)["rates"]["kind"], listed(tmp_path)["rates"]["state"]) == ("sweep", "damaged")


@pytest.mark.parametrize(
    ("outcome", "state"),
    [("finished", "finished"), ("solved", "finished"), ("interrupted", "stopped"), ("failed", "failed")],
)
def test_how_a_run_ended_is_its_state(tmp_path, outcome, state):
    make_run(tmp_path / "runs" / "a", outcome)
    assert listed(tmp_path)["a"]["state"] == state


@pytest.mark.parametrize("make", [make_run, make_study])
def test_the_lock_says_whether_a_run_is_running(tmp_path, dead_process, make):
    runs = tmp_path / "runs"
    for name, pid in {"alive": os.getpid(), "killed": dead_process, "number-taken": os.getpid(), "first": 1}.items():
        make(runs / name, "running", pid=pid)
        (runs / name / ".lock").write_text(f"{pid}\n")
    make(runs / "elsewhere", "running", pid=dead_process, name="another-machine")
    with RunLock(runs / "alive" / ".lock"), RunLock(runs / "elsewhere" / ".lock"):
        shutil.copytree(runs / "alive", runs / "copied")
        states = {name: entry["state"] for name, entry in listed(tmp_path).items()}
    assert {name for name, state in states.items() if state == "running"} == {"alive", "elsewhere"}
    assert {state for name, state in states.items() if name not in ("alive", "elsewhere")} == {"stopped"}


def test_where_there_are_no_locks_it_is_unknown_whether_a_run_is_running(tmp_path, dead_process):
    for name, holder in {"here": f"{os.getpid()} on {platform.node()}", "there": "1 on another-machine",
                         "gone": f"{dead_process} on {platform.node()}"}.items():  # fmt: skip
        (make_run(tmp_path / "runs" / name, "running") / ".lock").write_text(f"{holder}\n")
    done = run_cartrl("runs", "--json", cwd=tmp_path, env=without(tmp_path / "site", flock=errno.ENOLCK))
    states = {Path(entry["path"]).name: entry["state"] for entry in json.loads(done.stdout)}
    assert states == {"here": "unknown", "there": "unknown", "gone": "stopped"}


def test_runs_and_plot_say_the_same(tmp_path):
    for name in ("killed", "alive", "done"):
        write_run(tmp_path / name, 7, [20.0, 100.0], "finished" if name == "done" else "running")
    with RunLock(tmp_path / "alive" / ".lock"):
        states = {name: entry["state"] for name, entry in listed(tmp_path, ".").items()}
        drawn = run_cartrl("plot", "killed", "alive", "done", cwd=tmp_path)
    assert states == {"killed": "stopped", "alive": "running", "done": "finished"}
    said = [line for line in drawn.stdout.splitlines() if "seed 7" in line]
    assert len(said) == 2
    assert "seed 7 stopped before the end: drawn as far as all have come" in said[0]
    assert "seed 7 still running: drawn as far as all have come" in said[1]


@pytest.mark.parametrize("outcome", ["running", "interrupted", "failed"])
def test_a_run_that_ended_before_its_first_row_is_not_damaged(tmp_path, dead_process, outcome):
    (make_run(tmp_path / "runs" / "a", outcome, pid=dead_process) / "metrics.csv").unlink()
    entry = listed(tmp_path)["a"]
    assert entry["state"] in ("stopped", "failed")
    assert (entry["iterations"], entry["best_greedy_return"]) == (0, None)


@pytest.mark.parametrize(
    "content", [None, b"", b"{", b"[]", b"\xff", b"{}", b'{"seed": 7, "outcome": []}', b"[" * 9999]
)
@pytest.mark.parametrize("file", ["manifest.json", "metrics.csv", "config.yaml"])
def test_damage_is_named_and_breaks_nothing(tmp_path, file, content):
    make_run(tmp_path / "runs" / "good")
    damaged = make_run(tmp_path / "runs" / "bad") / file
    if content is None:
        damaged.unlink()
    else:
        damaged.write_bytes(content)
    entries = listed(tmp_path)
    assert entries["good"]["state"] == "finished"
    assert entries["bad"]["state"] == "damaged"
    assert "runs/bad" in entries["bad"]["problem"]
    table = run_cartrl("runs", cwd=tmp_path)
    assert table.returncode == 0, table.stderr
    assert "damaged: " in table.stdout


@pytest.mark.parametrize(
    "content", [b"", b"{}", b'{"seeds": 4, "outcome": "finished"}', b'{"seeds": [], "outcome": 1}']
)
def test_a_damaged_study_breaks_nothing(tmp_path, content):
    (make_study(tmp_path / "runs" / "both") / "study.json").write_bytes(content)
    assert listed(tmp_path)["both"]["state"] == "damaged"


def test_a_row_that_is_being_written_is_left_out(tmp_path):
    run = make_run(tmp_path / "runs" / "a", "running", pid=os.getpid())
    with (run / "metrics.csv").open("a") as metrics:
        metrics.write("150,300")
    assert listed(tmp_path)["a"]["iterations"] == 101


def test_filters(tmp_path, dead_process):
    make_run(tmp_path / "runs" / "done")
    make_run(tmp_path / "runs" / "killed", "running", pid=dead_process)
    pendulum = make_run(tmp_path / "runs" / "pendulum")
    config = (pendulum / "config.yaml").read_text()
    (pendulum / "config.yaml").write_text(config.replace("CartPole-v0", "Pendulum-v1"))
    assert set(listed(tmp_path, "--env", "CartPole-v0")) == {"done", "killed"}
    assert set(listed(tmp_path, "--state", "stopped")) == {"killed"}
    assert set(listed(tmp_path, "--state", "stopped", "--state", "finished")) == {"done", "killed", "pendulum"}
    assert set(listed(tmp_path, "--state", "stopped", "--env", "Pendulum-v1")) == set()
    refused = run_cartrl("runs", "--state", "finishd", cwd=tmp_path)
    assert refused.returncode == 2
    assert "did you mean 'finished'?" in refused.stderr


def test_the_table_fits_80_columns(tmp_path, dead_process):
    make_run(tmp_path / "runs" / NAME, hours=0.75)
    make_run(tmp_path / "runs" / NAME.replace("7", "8"), "running", seed=31, hours=49, pid=dead_process)
    make_study(tmp_path / "runs" / "both", seeds=tuple(range(3)))
    done = run_cartrl("runs", cwd=tmp_path, env=WHOLE)
    lines = done.stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[0] == "CartPole-v0, reinforce"
    rows = {line.split()[0]: line.split()[1:] for line in lines[2:]}
    assert rows[NAME] == ["7", "40", "%", "150.5", "45", "min", "finished"]
    assert rows[NAME.replace("7", "8")] == ["31", "40", "%", "150.5", "2", "d", "stopped"]
    assert rows["both/"] == ["0–2", "20", "%", "101", "3", "h", "finished"]


def test_names_do_not_steer_the_terminal(tmp_path):
    make_run(tmp_path / "runs" / "[red]a\x1b[2J")
    done = run_cartrl("runs", cwd=tmp_path, env=WHOLE)
    assert "[red]a\\x1b[2J" in done.stdout


def test_names_do_not_steer_the_terminal_elsewhere_either(tmp_path):
    finished = REPO / "tests" / "old_runs" / "finished"
    runs = [shutil.copytree(finished, tmp_path / name) for name in ("a\x1b[2J", "b\x9b2J")]
    for command in (["plot", *runs], ["compare", *runs], ["plot", *runs, "-o", "a.png"]):
        done = run_cartrl(*command, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert not re.search("[\x1b\x9b]", done.stdout + done.stderr)
        assert command[-1] == "a.png" or ("a\\x1b[2J" in done.stdout and "b\\x9b2J" in done.stdout)


def test_nothing_to_list(tmp_path):
    assert "there is no runs/ here" in run_cartrl("runs", cwd=tmp_path).stderr
    assert "cannot be read" in assert_one_sentence(run_cartrl("runs", "missing", cwd=tmp_path), "missing")
    (tmp_path / "runs" / "notes").mkdir(parents=True)
    assert run_cartrl("runs", cwd=tmp_path).stdout == "runs: there are no runs\n"
    assert listed(tmp_path) == {}


def test_hundreds_of_runs_take_a_few_starts_and_no_library(tmp_path):
    """It finds a list that reads whole runs, or reads them with a slow parser: beside one run that takes too long."""
    rows = [float(value) for value in range(120)]
    first = make_run(tmp_path / "home" / "runs" / "0", returns=rows)
    seconds = {}
    for number_of_runs in (1, 300):
        for number in range(1, number_of_runs):
            shutil.copytree(first, first.with_name(str(number)))
        before = cpu_of_children()
        done, imported = run_and_list_imports("runs", cwd=tmp_path / "home", report=tmp_path / "report.json")
        seconds[number_of_runs] = cpu_of_children() - before
        assert done.returncode == 0
        assert len(done.stdout.splitlines()) == number_of_runs + 2
        assert imported == []
    assert seconds[300] < 8 * seconds[1]
