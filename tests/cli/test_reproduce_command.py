"""`cartrl reproduce`: a run trained again, and what it says of the differences."""

import csv
import json
import re
import shutil
import signal
import subprocess

import pytest

from tests.helpers import (
    CARTRL,
    WHOLE,
    assert_one_sentence,
    clean_environment,
    everything_below,
    run_cartrl,
    wait_until,
)


@pytest.fixture
def copy(short_run, tmp_path):
    """A copy of the short run, whose files a test may change."""
    return shutil.copytree(short_run.directory, tmp_path / "copy")


def rows_of(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def set_manifest(run, **values):
    manifest = json.loads((run / "manifest.json").read_text())
    (run / "manifest.json").write_text(json.dumps({**manifest, **values}))


def test_a_run_that_was_killed_is_repeated_as_far_as_it_went(copy, tmp_path):
    lines = (copy / "metrics.csv").read_text().splitlines(keepends=True)
    (copy / "metrics.csv").write_text("".join(lines[:14]) + lines[14][:11])  # the header, rows 0 to 12, part of a row
    set_manifest(copy, outcome="running")
    before = everything_below(copy)
    done = run_cartrl("reproduce", "copy", cwd=tmp_path, env=WHOLE)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    assert "to iteration 12" in done.stdout
    assert "identical: 13 rows of 18 columns" in done.stdout
    assert "the same versions and processor" in done.stdout
    assert everything_below(copy) == before


def test_the_first_difference_and_changed_versions_are_named(short_run, copy, tmp_path):
    rows = rows_of(copy / "metrics.csv")
    text = (copy / "metrics.csv").read_text()
    value = rows[8]["weights_norm"]
    assert text.count(value) == 1
    changed = repr(float(value) * (1 + 2**-52))  # one bit more
    later = rows[20]["loss"]
    (copy / "metrics.csv").write_text(text.replace(value, changed).replace(later, "0.5"))
    versions = json.loads((copy / "manifest.json").read_text())["versions"]
    set_manifest(copy, versions={**versions, "numpy": "1.2.3", "fortran": "77"})
    done = run_cartrl("reproduce", "copy", "--run-dir", "kept", cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    said = " ".join(done.stdout.split())
    assert f"different: first in weights_norm of iteration 8, which was {changed} and is now {value}" in said
    assert f"numpy 1.2.3 → {versions['numpy']}" in said
    assert "fortran 77 → none" in said
    # What it kept is the original, but for the clock.
    clockless = [
        [{**row, "seconds": None} for row in rows_of(run / "metrics.csv")]
        for run in (short_run.directory, tmp_path / "kept")
    ]
    assert clockless[0] == clockless[1]


def test_a_failure_of_the_training_is_told(copy, tmp_path):
    config = (copy / "config.yaml").read_text()
    (copy / "config.yaml").write_text(re.sub("learning_rate: .*", "learning_rate: 1.0e+38", config))
    done = run_cartrl("reproduce", "copy", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("error: cartrl train failed: "), done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_ctrl_c_leaves_nothing_behind(short_run, tmp_path):
    command = [CARTRL, "reproduce", str(short_run.directory)]
    environment = {**clean_environment(), "TMPDIR": str(tmp_path)}
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True) as process:
        wait_until(lambda: list(tmp_path.glob("cartrl-*/run/metrics.csv")), "it trained", process=process)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 130
        assert process.stderr.read() == ""
    assert list(tmp_path.glob("cartrl-*/run")) == []


def test_what_is_no_run_is_refused(short_study, tmp_path):
    (tmp_path / "empty").mkdir()
    assert "not a run" in assert_one_sentence(run_cartrl("reproduce", "empty", cwd=tmp_path), "empty")
    assert "no such run" in assert_one_sentence(run_cartrl("reproduce", "missing", cwd=tmp_path), "missing")
    said = assert_one_sentence(run_cartrl("reproduce", short_study, cwd=tmp_path), short_study)
    assert re.search(rf"such as {re.escape(str(short_study))}/seed-[34]$", said)


@pytest.mark.parametrize("content", ["", "step\n", "a,b\n1,2\n", "step,loss\n,0.5\n", 'step,loss\n0,"\n', "\udcff\n"])
def test_damaged_metrics_are_refused_before_anything_is_trained(copy, tmp_path, content):
    (copy / "metrics.csv").write_bytes(content.encode("utf-8", "surrogateescape"))
    assert_one_sentence(run_cartrl("reproduce", "copy", cwd=tmp_path), "copy/metrics.csv")
