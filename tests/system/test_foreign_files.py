"""Files of a run that cartrl did not write, or that were changed since: each command answers in one sentence, soon."""

import json
import os
import socket
from pathlib import Path

import pytest

from tests.helpers import cpu_of_children, one_line, run_cartrl, run_several
from tests.studies import COLUMNS, write_run, write_study

SOON = 30.0  # CPU seconds for a few commands in one process, with the imports of numpy


def bind_socket(path: Path) -> None:
    """Leave a socket at ``path``, whose name may be too long for the kernel."""
    with socket.socket(socket.AF_UNIX) as server:
        here = Path.cwd()
        os.chdir(path.parent)
        server.bind(path.name)
        os.chdir(here)


def make_sparse(path: Path) -> None:
    """Make a file of 64 TiB, or of as much as the file system allows, that takes no room."""
    with path.open("wb") as file:
        for power in range(46, 30, -1):
            try:
                file.truncate(1 << power)
                return
            except OSError:
                continue


KINDS = {
    "a FIFO": os.mkfifo,
    "a directory": Path.mkdir,
    "a socket": bind_socket,
    "a symlink to itself": lambda path: path.symlink_to(path.name),
    "an endless device": lambda path: path.symlink_to("/dev/zero"),
    "a terminal": lambda path: path.symlink_to("/dev/ptmx"),
    "larger than any disk": make_sparse,
    "a symlink to nothing": lambda path: path.symlink_to("nothing"),
}


def commands_about(path: str) -> list[list[str]]:
    """Every command that reads the metrics of a run."""
    return [["plot", path], ["compare", "good", path], ["report", path], ["reproduce", path]]


@pytest.mark.parametrize("name", ["metrics.csv", "manifest.json", "config.yaml"])
def test_what_stands_where_a_file_should_be_is_named(tmp_path, name):
    write_run(tmp_path / "good", 0, [20.0, 100.0])
    for kind, make in KINDS.items():
        write_run(tmp_path / kind, 0, [20.0, 100.0])
        (tmp_path / kind / name).unlink()
        make(tmp_path / kind / name)
    # Without a checkpoint there are no metrics to resume from.
    resumed = [["train", "--resume", kind] for kind in KINDS if name != "metrics.csv"]
    calls = [*resumed, *(call for kind in KINDS for call in commands_about(kind))]
    listed, *refused = run_several(["runs", ".", "--json"], *calls, cwd=tmp_path)
    entries = {entry["path"]: entry for entry in json.loads(listed.stdout)}
    assert entries.pop("good")["state"] == "finished"
    assert {entry["state"] for entry in entries.values()} == {"damaged"}
    assert all(path in entry["problem"] for path, entry in entries.items())
    for call, outcome in zip(calls, refused):
        assert call[-1] in one_line(outcome, 2), call


def test_what_stands_where_a_studys_manifest_should_be_is_named(tmp_path):
    for kind, make in KINDS.items():
        study = write_study(tmp_path / kind, [[20.0, 100.0]] * 2)
        (study / "study.json").unlink()
        make(study / "study.json")
    listed, *refused = run_several(["runs", "."], *(["plot", kind] for kind in KINDS), cwd=tmp_path)
    assert listed.returncode == 0, listed
    for kind, outcome in zip(KINDS, refused):
        assert kind in one_line(outcome, 2)


def bomb(levels: int) -> str:
    """A YAML text of some hundred bytes whose aliases stand for ten to the power of ``levels`` words."""
    lines = ["a0: &a0 word"]
    lines += [f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]" for level in range(1, levels + 1)]
    return "\n".join([*lines, f"environment: {{env_name: *a{levels}}}\n"])


def test_aliases_are_not_expanded(tmp_path):
    run = tmp_path / "runs" / "bad"
    write_run(run, 0, [20.0, 100.0])
    (run / "config.yaml").write_text(bomb(levels=9))
    before = cpu_of_children()
    done = run_cartrl("runs", cwd=tmp_path)
    assert cpu_of_children() - before < SOON
    assert "damaged: runs/bad/config.yaml, line 1: anchors and aliases are not allowed" in done.stdout


MANIFESTS = {
    "digits": ('{"seed": ' + "9" * 500_000 + "}", "a number of 500000 digits"),
    "brackets": ('{"seed": ' + "[" * 200_000, "nested too deep"),
    "Latin-1": ('{"seed": "\xff"}', "line 1 is not UTF-8 text"),
    "infinity": ('{"seed": 1e999, "outcome": "finished"}', "names no seed, or no outcome"),
    "true": ('{"seed": true, "outcome": "finished"}', "names no seed, or no outcome"),
    "a list": ('{"seed": 1, "outcome": ["finished"]}', "names no seed, or no outcome"),
}


def test_a_manifest_that_would_take_long_or_means_nothing(tmp_path):
    for run, (text, _) in MANIFESTS.items():
        write_run(tmp_path / run, 0, [20.0, 100.0])
        (tmp_path / run / "manifest.json").write_bytes(text.encode("latin-1"))
    before = cpu_of_children()
    listed, *refused = run_several(["runs", "."], *(["plot", run] for run in MANIFESTS), cwd=tmp_path)
    assert cpu_of_children() - before < SOON
    for (run, (_, says)), outcome in zip(MANIFESTS.items(), refused):
        assert says in one_line(outcome, 2)
        assert f"damaged: {run}/manifest.json: " in listed.stdout


ROW = {
    "iteration": "50",
    "episodes": "100",
    "environment_steps": "1000",
    "greedy_return_mean": "21.5",
    "seconds": "1.0",
}
GOOD = ",".join(ROW.get(name, "") for name in COLUMNS)
HEADER = ",".join(COLUMNS)
LOSS = list(COLUMNS).index("loss")


def with_cell(name: str, cell: str) -> str:
    """Return the good row with another ``cell``."""
    return ",".join(cell if name == column else value for column, value in zip(COLUMNS, GOOD.split(",")))


ROWS = {
    "an extra cell": (f"{GOOD},5", "line 3 has 20 cells, but must have 19, one for each column"),
    "a comma at the end": (f"{GOOD},", "line 3 has 20 cells"),
    "a missing cell": (GOOD.rpartition(",")[0], "line 3 has 18 cells, but must have 19"),
    "one cell": ("50", "line 3 has 1 cell, but must have 19"),
    "a word": (with_cell("loss", "high"), "line 3: loss is 'high', but must be a number, or nothing"),
    "a word where nobody looks": (with_cell("weights_norm", "n/a"), "line 3: weights_norm is 'n/a'"),
    "another notation": (with_cell("loss", "1_000"), "line 3: loss is '1_000'"),
    "Arabic digits": (with_cell("loss", "٣"), "line 3: loss is '٣'"),
    "a NUL": (with_cell("loss", "1\0"), "line 3: loss is '1\\x00'"),
    "an escape sequence": (with_cell("loss", "\x1b[2J"), "line 3: loss is '\\x1b[2J'"),
    "a quote that never ends": (with_cell("loss", '"5'), "line 3: loss is '\"5'"),
    "a number of many digits": (with_cell("loss", "9" * 5000), "line 3: loss is '9999"),
    "a huge cell": (with_cell("loss", "9" * 100_000), "line 3 is longer than 65536 bytes"),
    "a step that comes twice": (
        with_cell("iteration", "0"),
        "line 3: iteration is '0' after 0, but must be a whole number",
    ),
    "a step below zero": (with_cell("iteration", "-1"), "line 3: iteration is '-1' after 0"),
    "half a step": (with_cell("iteration", "1.5"), "line 3: iteration is '1.5' after 0"),
    "no step": (with_cell("iteration", ""), "line 3: iteration is '' after 0"),
}


def test_a_row_that_no_run_writes_is_named_by_every_command(tmp_path):
    for run in ("good", *ROWS):
        write_run(tmp_path / run, 0, [20.0])
    for run, (row, _) in ROWS.items():
        with (tmp_path / run / "metrics.csv").open("a") as file:
            file.write(f"{row}\n{with_cell('iteration', '100')}\n")
    calls = [call for run in ROWS for call in commands_about(run)]
    listed, *refused = run_several(["runs", ".", "--json"], *calls, cwd=tmp_path)
    problems = {entry["path"]: entry["problem"] for entry in json.loads(listed.stdout)}
    assert problems.pop("good") is None
    for run, (_, says) in ROWS.items():
        assert problems[run].startswith(f"{run}/metrics.csv: {says}")
    for (_, *_, run), outcome in zip(calls, refused):
        assert one_line(outcome, 2).startswith(f"{run}/metrics.csv: {ROWS[run][1]}")


HEADERS = {
    "none": ("", "not the metrics of a run: line 1 names no column iteration"),
    "of another tool": ("epoch,loss", "not the metrics of a run: line 1 names no column iteration"),
    "one column less": (
        HEADER.replace("environment_steps,", ""),
        "not the metrics of a run: line 1 names no column environment_steps",
    ),
    "a column twice": (HEADER.replace("weights_norm", "loss"), "line 1 names the column 'loss' twice"),
    "endless": ("x" * 70_000, "line 1 is longer than 65536 bytes"),
}


def test_a_header_that_no_run_writes_is_named(tmp_path):
    for run, (header, _) in HEADERS.items():
        write_run(tmp_path / run, 0, [20.0])
        (tmp_path / run / "metrics.csv").write_text(f"{header}\n{GOOD}\n")
    listed, *refused = run_several(["runs", "."], *(["plot", run] for run in HEADERS), cwd=tmp_path)
    for (run, (_, says)), outcome in zip(HEADERS.items(), refused):
        assert says in listed.stdout
        assert one_line(outcome, 2).startswith(f"{run}/metrics.csv: {says}")


def test_a_table_that_a_spreadsheet_saved_again_is_still_read(tmp_path):
    write_run(tmp_path / "run", 0, [20.0, 100.0])
    path = tmp_path / "run" / "metrics.csv"
    text = path.read_text().replace("\n", "\r\n")
    path.write_bytes(f"\ufeff{text}".encode())
    (plotted,) = run_several(["plot", "run"], cwd=tmp_path)
    assert plotted.returncode == 0, plotted


def test_an_evaluation_without_its_place_is_named(tmp_path):
    write_run(tmp_path / "bad", 0, [20.0])
    with (tmp_path / "bad" / "metrics.csv").open("a") as file:
        file.write(f"{with_cell('environment_steps', '')}\n")
    (plotted,) = run_several(["plot", "bad"], cwd=tmp_path)
    says = "bad/metrics.csv: environment_steps of iteration 50 is None, but must be a finite number"
    assert one_line(plotted, 2).startswith(says)


def test_a_lock_that_is_a_link_to_another_file_is_left_alone(tmp_path):
    write_run(tmp_path / "bad", 0, [20.0])
    (tmp_path / "mine.txt").write_text("mine")
    (tmp_path / "bad" / ".lock").symlink_to(tmp_path / "mine.txt")
    (refused,) = run_several(["train", "--resume", "bad"], cwd=tmp_path)
    assert "bad/.lock" in one_line(refused, 1)
    assert (tmp_path / "mine.txt").read_text() == "mine"


FOREIGN = {
    "a-list": "[]",
    "empty": "",
    "other-tool": '{"name": "app", "icons": [], "start_url": "/"}',
    "far-future": '{"started": "9999-12-31T23:59:59+00:00", "outcome": "finished", "seed": 1}',
    "Latin-1": '{"started": "\xff"}',
    "huge": " " * (1 << 21) + "{}",
    "no-outcome": '{"started": "2026-01-01T00:00:00+00:00"}',
}


@pytest.fixture(scope="module")
def crowded(tmp_path_factory) -> Path:
    """A directory whose runs/ holds one run, and much that only looks like one."""
    home = tmp_path_factory.mktemp("crowded")
    write_run(home / "runs" / "mine", 0, [20.0, 100.0])
    for name, text in FOREIGN.items():
        (home / "runs" / name).mkdir()
        (home / "runs" / name / "manifest.json").write_bytes(text.encode("latin-1"))
    (home / "runs" / "fifo").mkdir()
    os.mkfifo(home / "runs" / "fifo" / "manifest.json")
    (home / "runs" / "notes").mkdir()
    (home / "runs" / "file").write_text("mine")
    return home


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (["eval"], "error: runs/mine: holds no saved policy"),
        (["record", "--checkpoint", "latest"], "error: runs/mine: holds no saved policy"),
        (["record", "--progress", "latest"], "error: runs/mine/policies/kept: holds no policies"),
        (["train", "--resume", "latest", "--set", "train.seed=5"], "error: --set train.seed=5: train.seed: cannot"),
        (["runs"], None),
    ],
    ids=lambda value: " ".join(value or []),
)
def test_foreign_directories_among_the_runs_are_skipped_and_named_once(crowded, call, says):
    done = run_cartrl(*call, cwd=crowded)
    warning, *rest = done.stderr.splitlines()
    names = sorted(f"runs/{name}" for name in (*FOREIGN, "fifo"))
    assert warning == (
        f"warning: {', '.join(names)}: skipped, holding a manifest that cartrl has not written, or a damaged one"
    )
    if says is None:
        assert (done.returncode, rest) == (0, [])
        assert [line.split()[0] for line in done.stdout.splitlines()] == ["CartPole-v0,", "run", "mine"]
    else:
        assert len(rest) == 1
        assert rest[0].startswith(says)


def test_a_folder_of_another_program_inside_a_study_is_left_alone(tmp_path):
    study = write_study(tmp_path / "runs" / "study", [[20.0, 100.0]] * 2)
    (study / "site").mkdir()
    (study / "site" / "manifest.json").write_text("[]")
    listed, plotted = run_several(["runs"], ["plot", "runs/study"], cwd=tmp_path)
    assert "finished" in listed.stdout
    assert plotted.returncode == 0, plotted
