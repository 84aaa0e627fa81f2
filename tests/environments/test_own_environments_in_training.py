"""Environments that people bring along, through all commands that play them."""

import json
import re

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability  # noqa: F401 (saved policies return its distributions)
from PIL import Image

from cartrl.policies.acting import TimeStep
from cartrl.runs.json_files import read_json
from tests.helpers import CONFIGS, one_line, run_several

MODULE = "own_environments"
GAME, CARTPOLE = f"{MODULE}:Game-v0", f"{MODULE}:ShiftedCartPole-v0"
ODD = ("LateGiants", "TinyRewards", "Seedless")


def write_config(path, env_name, **train):
    lines = "".join(f"  {key}: {value}\n" for key, value in train.items())
    path.write_text(f"environment:\n  env_name: {env_name}\ntrain:\n{lines}")


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """The directory of runs of environments whose actions do not start at 0, and what each command said."""
    home = tmp_path_factory.mktemp("own")
    write_config(home / "game.yaml", GAME, num_iterations=2)
    write_config(home / "cartpole.yaml", CARTPOLE, num_iterations=2)
    write_config(home / "modern.yaml", f"{MODULE}:Modern-v0", num_iterations=2)
    write_config(home / "quits.yaml", f"{MODULE}:QuitsStep-v0", num_iterations=2)
    for name in ODD:
        write_config(home / f"{name}.yaml", f"{MODULE}:{name}-v0", num_iterations=3)
    calls = {
        **{name: ["train", "-c", f"{name}.yaml", "--run-dir", name, "--quiet"] for name in ODD},
        "short": [
            "train",
            "-c",
            CONFIGS / "reinforce.yaml",
            "--set",
            "environment.max_episode_steps=20",
            "--set",
            "train.num_iterations=1",
            "--run-dir",
            "short",
        ],
        "train game": ["train", "-c", "game.yaml", "--run-dir", "game", "--quiet"],
        "eval": ["eval", "--checkpoint", "game/policies/final", "--episodes", "2", "--json"],
        "record": ["record", "--checkpoint", "game", "--episodes", "1", "-o", "film.gif"],
        "env": ["env", GAME],
        "train cartpole": ["train", "-c", "cartpole.yaml", "--run-dir", "cartpole", "--quiet"],
        "train modern": ["train", "-c", "modern.yaml", "--run-dir", "modern", "--quiet"],
        "eval modern": ["eval", "--checkpoint", "modern", "--episodes", "2", "--json"],
        "record modern": ["record", "--checkpoint", "modern", "--episodes", "1", "-o", "modern.gif"],
        "quits": ["train", "-c", "quits.yaml", "--run-dir", "quits", "--quiet"],
        "compiled": ["train", "-c", "cartpole.yaml", "--set", "collect.engine=compiled", "--run-dir", "no", "--quiet"],
    }
    outcomes = run_several(*[["--import-module", MODULE, *call] for call in calls.values()], cwd=home)
    return home, dict(zip(calls, outcomes))


def test_actions_that_start_at_another_number_than_0_are_trained_evaluated_and_filmed(played):
    _, outcomes = played
    for name in ("train game", "eval", "record", "env"):
        assert (outcomes[name].returncode, outcomes[name].stderr) == (0, ""), name
    assert "5 to 7" in outcomes["env"].stdout


def test_a_saved_policy_counts_from_0_and_its_sidecar_says_from_where_the_environment_does(played):
    home, outcomes = played
    directory = home / "game/policies/final"
    spec = json.loads((directory / "policy.json").read_text())["specs"]["action"]
    assert (spec["minimum"], spec["maximum"], spec["start"]) == (0, 2, 5)
    policy = tf.saved_model.load(str(directory))
    observations = tf.constant(np.arange(10, dtype=np.float32)[:, np.newaxis])
    steps = TimeStep(tf.ones(10, tf.int32), tf.zeros(10), tf.ones(10), observations)
    greedy = policy.distribution(steps).action.mode().numpy()
    assert set(greedy) <= {0, 1, 2}
    assert json.loads(outcomes["eval"].stdout)["mean"] == greedy.sum()


def test_a_wrapped_cartpole_is_played_as_it_is_wrapped(played):
    _, outcomes = played
    assert (outcomes["train cartpole"].returncode, outcomes["train cartpole"].stderr) == (0, "")
    assert "has no compiled twin" in one_line(outcomes["compiled"], 2)


def test_the_api_of_gymnasium_is_trained_evaluated_and_filmed_and_its_truncations_are_none_of_terminations(played):
    home, outcomes = played
    for name in ("train modern", "eval modern", "record modern"):
        assert (outcomes[name].returncode, outcomes[name].stderr) == (0, ""), name
    evaluation = json.loads(outcomes["eval modern"].stdout)
    assert (evaluation["terminated"], evaluation["truncated"]) == (0, 2)
    with Image.open(home / "modern.gif") as film:
        assert film.n_frames == 11 + 20  # the last one stands still for a second


def test_sys_exit_while_training_is_a_failed_run(played):
    home, outcomes = played
    assert one_line(outcomes["quits"], 1) == f"{MODULE}:QuitsStep-v0 raised SystemExit in step"
    assert read_json(home / "quits/manifest.json")["outcome"] == "failed"


def test_numbers_that_are_too_large_late_in_an_episode_are_named(played):
    _, outcomes = played
    sentence = one_line(outcomes["LateGiants"], 1)
    assert re.match(r"iteration 1 has an observation of [89]\.\d+e\+37;", sentence)
    assert "nothing can be learned from them: scale them in the environment" in sentence


def test_rewards_that_vanish_and_a_seed_that_is_ignored_are_each_told_once(played):
    home, outcomes = played
    tiny, seedless = outcomes["TinyRewards"], outcomes["Seedless"]
    assert (tiny.returncode, seedless.returncode) == (0, 0)
    assert re.fullmatch(
        r"warning: iteration 1 has rewards of at most [12]e-30; numbers so small vanish in float32, and next to "
        r"nothing is learned from them: scale them in the environment\n",
        tiny.stderr,
    )
    assert seedless.stderr == (
        f"warning: {MODULE}:Seedless-v0 is not the same again after a reset with the same seed, so no run of it can be "
        "repeated: it must draw all that is random from the seed of reset\n"
    )
    assert read_json(home / "Seedless/manifest.json")["outcome"] == "finished"


def test_the_closing_table_says_why_gyms_threshold_does_not_apply(played):
    _, outcomes = played
    why = "reward threshold none: gym's reward threshold of 195 is for episodes of 200 steps, not of 20"
    assert why in " ".join(outcomes["short"].stdout.split())
