"""The reward threshold is in the manifest: nothing that only reads results loads gym or a module for it."""

import json

import pytest

from cartrl.environments import suite
from cartrl.runs.results import load_study
from cartrl.settings import EnvironmentSettings
from tests.helpers import assert_one_sentence, run_and_list_imports, run_cartrl
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


@pytest.mark.parametrize(
    ("settings", "threshold", "says"),
    [
        ({"env_name": "CartPole-v0"}, 195.0, ""),
        ({"env_name": "CartPole-v0", "max_episode_steps": 500}, 195.0, ""),
        ({"env_name": "CartPole-v0", "constants": {"gravity": 9.8}}, 195.0, ""),
        ({"env_name": "CartPole-v0", "max_episode_steps": 50}, None, "is for episodes of 200 steps, not of 50"),
        ({"env_name": "Acrobot-v1", "max_episode_steps": 90}, None, "is for episodes of 500 steps, not of 90"),
        ({"env_name": "CartPole-v1", "constants": {"length": 0.1}}, None, "own constants, not for a length of 0.1"),
        ({"env_name": "Pendulum-v1", "max_episode_steps": 50}, None, "gym names no reward threshold"),
    ],
)
def test_gyms_threshold_is_for_gyms_own_task(settings, threshold, says):
    found, reason = suite.solved_from(EnvironmentSettings(**settings))
    assert found == threshold
    assert says in reason
    assert bool(reason) == (threshold is None)


def test_a_task_that_gym_has_no_threshold_for_is_not_called_unsolved(tmp_path):
    (tmp_path / "a.yaml").write_text(
        "environment: {env_name: CartPole-v0, max_episode_steps: 50}\ntrain: {stop_when_solved: true}\n"
    )
    sentence = assert_one_sentence(run_cartrl("train", "-c", "a.yaml", cwd=tmp_path), "a.yaml, line 2")
    assert "gym's reward threshold of 195 is for episodes of 200 steps, not of 50; give the mean return" in sentence
    write_run(tmp_path / "run", 0, [1.0, 2.0])
    config = tmp_path / "run/config.yaml"
    config.write_text(
        config.read_text().replace("env_name: CartPole-v0", "env_name: CartPole-v0\n  max_episode_steps: 50")
    )
    plotted = run_cartrl("plot", "run", cwd=tmp_path)
    assert "195" not in plotted.stdout
    assert "no reward threshold: gym's, if it names one, is for its own time limit" in plotted.stdout + plotted.stderr
