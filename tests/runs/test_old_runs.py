"""Runs of other versions of cartrl: those of older ones are read and go on, those of newer ones are named."""

import json
import shutil

import numpy as np
import pytest

from cartrl import __version__
from cartrl.errors import UsageError
from cartrl.policies import sidecar
from cartrl.runs.formats import FORMAT
from cartrl.runs.json_files import read_json
from cartrl.training.checkpoint_format import EXPERIMENT
from tests import golden
from tests.helpers import REPO, run_cartrl

OLD = REPO / "tests" / "old_runs" / "finished"  # of 4 iterations, from before manifests had a format


@pytest.fixture
def old(tmp_path):
    """The old run again, to be changed."""
    return shutil.copytree(OLD, tmp_path / "old")


def resave(run, change):
    """Rewrite the run's checkpoint as ``change`` has it, which is given the arrays by name."""
    (path,) = run.glob("checkpoints/*.npz")
    with np.load(path) as archive:
        arrays = change(dict(archive))
    np.savez(path, **arrays)


def with_settings(change):
    """Return what rewrites the settings in a checkpoint."""

    def changed(arrays):
        settings = json.loads(arrays[EXPERIMENT].item())
        change(settings)
        return {**arrays, EXPERIMENT: np.array(json.dumps(settings))}

    return changed


def test_an_old_run_goes_on_also_where_a_setting_was_added_since(old, tmp_path):
    resave(old, with_settings(lambda settings: settings["agent"].pop("gradient_clipping")))
    config = old / "config.yaml"
    config.write_text("".join(line for line in config.read_text().splitlines(True) if "gradient_clipping" not in line))
    done = run_cartrl("train", "--resume", "old", "--set", "train.num_iterations=6", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["outcome"] == "finished"
    manifest = read_json(old / "manifest.json")
    assert (manifest["format"], len(manifest["sessions"])) == (FORMAT, 2)
    for path in ("policies/final/policy.json", "checkpoints/00000006/checkpoint.json"):
        assert read_json(old / path)["format"] == FORMAT


def test_an_old_run_goes_on_as_one_of_today_would(old, tmp_path):
    """Its checkpoint is a file; today's is a directory."""
    length = ("--set", "train.num_iterations=6", "--quiet")
    resumed = run_cartrl("train", "--resume", "old", *length, cwd=tmp_path)
    whole = run_cartrl("train", "-c", "old/config.yaml", "--run-dir", "whole", *length, cwd=tmp_path)
    assert (resumed.returncode, resumed.stderr, whole.returncode) == (0, "", 0)
    rows, expected = (golden.read(tmp_path / run / "metrics.csv") for run in ("old", "whole"))
    assert len(rows) == len(expected) == 7
    if golden.is_same_processor():
        assert rows == expected
    for row, other in zip(rows, expected):
        assert float(row["gradient_norm"] or 0) == pytest.approx(float(other["gradient_norm"] or 0), rel=1e-3)


def test_an_old_run_is_read(old, tmp_path):
    for command in (["plot", "old"], ["compare", "old", OLD], ["runs", "."]):
        done = run_cartrl(*command, cwd=tmp_path)
        assert (done.returncode, done.stderr) == (0, ""), command
    assert sidecar.read(old / "policies/best").step == 2


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda settings: settings["agent"].update(warp=9), "does not know: agent.warp"),
        (lambda settings: settings.update(engine={"warp": 9}), "does not know: engine.warp"),
        (lambda settings: settings["agent"].update(discount=0.5), "is of another experiment: agent.discount had"),
    ],
)
def test_settings_that_differ_are_named(old, tmp_path, change, says):
    resave(old, with_settings(change))
    done = run_cartrl("train", "--resume", "old", "--set", "train.num_iterations=6", cwd=tmp_path)
    assert done.returncode == 1
    assert says in done.stderr


def test_files_of_a_newer_cartrl_are_named(old, tmp_path):
    def newer(path):
        path.write_text(json.dumps({**json.loads(path.read_text()), "format": FORMAT + 1}))

    says = f"has format {FORMAT + 1}, which a newer cartrl has written; cartrl {__version__} reads up to {FORMAT}"
    resave(old, lambda arrays: {**arrays, "format": np.array(FORMAT + 1)})
    done = run_cartrl("train", "--resume", "old", "--set", "train.num_iterations=6", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (2, f"error: old/checkpoints/00000004.npz: {says}\n")
    newer(old / "policies/best/policy.json")
    with pytest.raises(UsageError, match=f"has format {FORMAT + 1}"):
        sidecar.read(old / "policies/best")
    newer(old / "manifest.json")
    for command in (["plot", "old"], ["reproduce", "old"]):
        done = run_cartrl(*command, cwd=tmp_path)
        assert (done.returncode, done.stderr) == (2, f"error: old/manifest.json: {says}\n"), command
