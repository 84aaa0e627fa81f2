"""The reward threshold is in the manifest: nothing that only reads results loads gym or a module for it."""

import json

import pytest

from cartrl.results import load_study
from tests.helpers import run_and_list_imports
from tests.studies import curves, write_run, write_study

MODULE = "bad_environments"


def keep(path, **facts):
    """Write ``facts`` into a manifest."""
    path.write_text(json.dumps({**json.loads(path.read_text()), **facts}))


@pytest.fixture
def home(tmp_path):
    """Two studies of an environment of a module that nothing here imports, with its threshold in their manifests."""
    for name in ("one", "two"):
        study = write_study(tmp_path / "home" / name, curves([100.0, 150.0, 200.0]), env_name=f"{MODULE}:Fine-v0")
        keep(study / "study.json", reward_threshold=123.0)
    return tmp_path / "home"


@pytest.mark.parametrize("words", [["plot", "one"], ["compare", "one", "two"], ["compare", "one", "two", "--json"]])
def test_results_are_read_without_gym_and_without_the_module(home, tmp_path, words):
    done, imported = run_and_list_imports(*words, cwd=home, report=tmp_path / "report.json")
    assert (done.returncode, done.stderr) == (0, "")
    assert "123" in done.stdout
    assert imported == []


def test_a_manifest_without_a_threshold_asks_gym_and_never_a_module(tmp_path):
    write_run(tmp_path / "gym", 0, [1.0, 2.0])
    write_run(tmp_path / "module", 0, [1.0, 2.0], env_name=f"{MODULE}:Fine-v0")
    assert load_study(tmp_path / "gym").threshold == 195.0
    assert load_study(tmp_path / "module").threshold is None


@pytest.mark.parametrize(("kept", "read"), [(None, None), (5, 5.0), ("many", None), (True, None), ([1], None)])
def test_what_the_manifest_keeps_holds(tmp_path, kept, read):
    write_run(tmp_path / "run", 0, [1.0, 2.0])
    keep(tmp_path / "run/manifest.json", reward_threshold=kept)
    assert load_study(tmp_path / "run").threshold == read
