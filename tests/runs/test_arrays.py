"""Runs and studies as programs load them: arrays of what stands in their files."""

import csv
import json
import shutil
import subprocess
import sys

import numpy as np
import pytest

import cartrl
from cartrl.runs import metrics
from tests.helpers import REPO, clean_environment

OLD = REPO / "tests" / "old_runs" / "finished"


def test_the_metrics_of_a_run_are_those_of_its_file(short_run):
    run = cartrl.load_run(short_run.directory)
    with (short_run.directory / "metrics.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert list(run.metrics) == list(rows[0])
    for name, values in run.metrics.items():
        written = [float(row[name]) if row[name] else np.nan for row in rows]
        np.testing.assert_array_equal(values, written, err_msg=name)
    assert run.metrics["environment_steps"].dtype == np.int64
    assert run.metrics["greedy_return_mean"].dtype == np.float64
    assert np.flatnonzero(~np.isnan(run.metrics["greedy_return_mean"])).tolist() == [0, 10, 20, 30]


def test_the_facts_of_a_run(short_run):
    run = cartrl.load_run(str(short_run.directory))
    assert (run.path, run.seed, run.state) == (short_run.directory, 3, "finished")
    assert run.settings["train"]["num_iterations"] == 30
    assert run.settings["environment"]["env_name"] == "CartPole-v0"
    assert run.settings["environment"]["constants"] == {}
    assert run.manifest == json.loads((short_run.directory / "manifest.json").read_text())
    assert repr(run) == f"Run(path={run.path!r}, seed=3, state='finished')"


def test_the_evaluations_of_a_study(short_study):
    study = cartrl.load_study(short_study)
    runs = [cartrl.load_run(short_study / f"seed-{seed}") for seed in (3, 4)]
    assert study.seeds.tolist() == [run.seed for run in runs]
    assert (study.path, study.states, study.missing) == (short_study, ("finished", "finished"), ())
    assert study.iterations.tolist() == [0, 10, 20, 30]
    assert study.settings["agent"] == runs[0].settings["agent"]
    assert study.manifest["seeds"] == [3, 4]
    for name, values in study.evaluations.items():
        expected = np.stack([run.metrics[name][[0, 10, 20, 30]] for run in runs])
        np.testing.assert_array_equal(values, expected, err_msg=name)


@pytest.fixture
def unfinished(short_study, tmp_path):
    """The study as it is when seed 4 was killed after 20 iterations, and seed 5 has not begun."""
    study = shutil.copytree(short_study, tmp_path / "unfinished")
    for name, facts in (("study.json", {"seeds": [3, 4, 5]}), ("seed-4/manifest.json", {"outcome": "running"})):
        manifest = json.loads((study / name).read_text())
        (study / name).write_text(json.dumps({**manifest, **facts}))
    written = (study / "seed-4/metrics.csv").read_text().splitlines(keepends=True)
    (study / "seed-4/metrics.csv").write_text("".join(written[:25]))
    return study


def test_evaluations_that_a_seed_lacks_are_nan(unfinished):
    study = cartrl.load_study(unfinished)
    assert (study.states, study.missing) == (("finished", "stopped"), (5,))
    for values in study.evaluations.values():
        assert np.isnan(values).tolist() == [[False] * 4, [False, False, False, True]]


def test_frames(short_run, unfinished):
    pytest.importorskip("pandas")
    run, study = cartrl.load_run(short_run.directory), cartrl.load_study(unfinished)
    frame = run.frame()
    assert list(frame.columns) == list(run.metrics)
    assert len(frame) == 31
    np.testing.assert_array_equal(frame["greedy_return_mean"], run.metrics["greedy_return_mean"])
    frame = study.frame()
    assert list(frame.columns) == ["seed", "iteration", "environment_steps", "seconds", "greedy_return_mean"]
    assert frame["seed"].tolist() == [3] * 4 + [4] * 3
    assert frame["iteration"].tolist() == [0, 10, 20, 30, 0, 10, 20]
    returns = study.evaluations["greedy_return_mean"]
    assert frame["greedy_return_mean"].tolist() == [*returns[0], *returns[1, :3]]


def test_without_pandas_a_frame_says_what_is_missing(short_run, tmp_path):
    program = """
import sys
sys.modules["pandas"] = None  # Python then raises the error of a module that is not there
import cartrl
run = cartrl.load_run(sys.argv[1])
try:
    run.frame()
except cartrl.CartrlError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(short_run.directory)],
        cwd=tmp_path, env=clean_environment(), capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("a frame needs pandas (")
    assert done.stdout.endswith("); install it with: pip install pandas\n")


def test_a_run_of_an_older_version_is_loaded():
    run = cartrl.load_run(OLD)
    assert run.state == "finished"
    assert len(run.metrics["greedy_return_mean"]) == 5
    study = cartrl.load_study(OLD)  # a study of one seed
    assert study.evaluations["greedy_return_mean"].shape == (1, len(study.iterations))


def test_latest_is_found_as_the_command_line_finds_it(short_study, monkeypatch):
    monkeypatch.chdir(short_study.parents[1])
    assert cartrl.load_study("latest").path.resolve() == short_study
    monkeypatch.chdir(short_study)
    with pytest.raises(cartrl.CartrlError, match="there is no run below runs/ here"):
        cartrl.load_run("latest")


def test_what_is_no_run_and_no_study_is_refused(short_run, short_study, tmp_path):
    with pytest.raises(cartrl.CartrlError, match=r"this is a study; name one of its runs, such as .*seed-"):
        cartrl.load_run(short_study)
    for load in (cartrl.load_run, cartrl.load_study):
        with pytest.raises(cartrl.CartrlError, match="no such run"):
            load(tmp_path / "nowhere")
    run = shutil.copytree(short_run.directory, tmp_path / "begun")
    header = (run / "metrics.csv").read_text().splitlines(keepends=True)[0]
    (run / "metrics.csv").write_text(header)
    with pytest.raises(cartrl.CartrlError, match=r"metrics\.csv: there is no iteration in it yet"):
        cartrl.load_run(run)
    with pytest.raises(cartrl.CartrlError, match="there is no evaluation in it yet"):
        cartrl.load_study(run)


def test_numbers_too_large_for_an_int64_become_floats(short_run, tmp_path):
    run = shutil.copytree(short_run.directory, tmp_path / "large")
    rows = metrics.read(run / "metrics.csv")
    with metrics.MetricsFile(run / "metrics.csv", list(rows[0]), [{**row, "episodes": 2**63} for row in rows]):
        pass
    assert cartrl.load_run(run).metrics["episodes"].tolist() == [2.0**63] * 31
