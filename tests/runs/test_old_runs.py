"""Runs of other versions of cartrl: those of older ones are read and go on, those of newer ones are named."""

import json
import shutil

import numpy as np
import pytest

from cartrl import __version__
from cartrl.errors import UsageError
from cartrl.policies import sidecar
from cartrl.runs.json_files import read_json
from cartrl.training.resuming import EXPERIMENT
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
    config.write_text("".join(line for line in config.open() if "gradient_clipping" not in line))
    done = run_cartrl("train", "--resume", "old", "--set", "train.num_iterations=6", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["outcome"] == "finished"
    manifest = read_json(old / "manifest.json")
    assert (manifest["format"], len(manifest["sessions"])) == (1, 2)
    assert read_json(old / "policies/final/policy.json")["format"] == 1
    with np.load(old / "checkpoints/00000006.npz") as archive:
        assert archive["format"] == 1


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
        path.write_text(json.dumps({**json.loads(path.read_text()), "format": 2}))

    says = f"has format 2, which a newer cartrl has written; cartrl {__version__} reads up to 1"
    resave(old, lambda arrays: {**arrays, "format": np.array(2)})
    done = run_cartrl("train", "--resume", "old", "--set", "train.num_iterations=6", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (2, f"error: old/checkpoints: {says}\n")
    newer(old / "policies/best/policy.json")
    with pytest.raises(UsageError, match="has format 2"):
        sidecar.read(old / "policies/best")
    newer(old / "manifest.json")
    for command in (["plot", "old"], ["reproduce", "old"]):
        done = run_cartrl(*command, cwd=tmp_path)
        assert (done.returncode, done.stderr) == (2, f"error: old/manifest.json: {says}\n"), command
