"""Images of bytes, from the environment through replay and checkpoints into networks with convolutions."""

import json
import subprocess
import sys

import numpy as np
import pytest

import cartrl
from cartrl.environments.catch import Catch
from tests import golden
from tests.helpers import clean_environment, one_line, run_several

MODULE = "pixels"
CONFIG = """\
environment: {{{environment}, wrappers: [{{kind: frame_stack, frames: 2}}]}}
agent: {{kind: {kind}, conv_layer_params: [[8, 3, 1], [8, 3, 2]], fc_layer_params: [16]{settings}}}
collect: {{num_environments: 4{collect}}}
train: {{num_iterations: 6, checkpoint_interval: 1}}
eval: {{num_eval_episodes: 3, eval_interval: 3}}
"""
MEMORY = (", batch_size: 16, updates_per_step: 0.25", ", num_steps: 16, warm_up_steps: 64, turns_per_iteration: 2")
CATCH, STEER = "env_name: Catch, suite: cartrl", 'env_name: "pixels:Steer-v0"'
# The environment, and the settings, of each agent.
AGENTS = {
    "dqn": (CATCH, *MEMORY),
    "ppo": (CATCH, ", batch_size: 16, num_epochs: 2", ", num_steps: 16"),
    "reinforce": (CATCH, ", value_fc_layer_params: [16]", ", collect_episodes_per_iteration: 8"),
    **dict.fromkeys(("ddpg", "td3", "sac"), (STEER, *MEMORY)),
}
# Acts in plain TensorFlow: the mode of the actions for some pictures; of a squashed distribution, the squashed mode.
PLAIN = """
import collections, sys
import numpy as np, tensorflow as tf, tensorflow_probability
TimeStep = collections.namedtuple("TimeStep", ["step_type", "reward", "discount", "observation"])
pictures = np.load(sys.argv[2])
n = len(pictures)
policy = tf.saved_model.load(sys.argv[1])
time_step = TimeStep(tf.ones(n, tf.int32), tf.zeros(n), tf.ones(n), tf.constant(pictures))
action = policy.distribution(time_step).action
squashed = hasattr(action, "bijector")
print((action.bijector(action.distribution.mode()) if squashed else action.mode()).numpy().tolist())
"""


def run(*calls, cwd):
    done = run_several(*[["--import-module", MODULE, *call] for call in calls], cwd=cwd)
    for outcome in done:
        assert outcome.returncode == 0, outcome.stderr
    return done


@pytest.fixture(
    scope="module",
    params=[pytest.param(kind, marks=[pytest.mark.slow] * (kind != "dqn")) for kind in AGENTS],
)
def home(request, tmp_path_factory):
    """A whole run of an agent, and one that was stopped and went on."""
    kind = request.param
    home = tmp_path_factory.mktemp("images")
    environment, settings, collect = AGENTS[kind]
    text = CONFIG.format(environment=environment, kind=kind, settings=settings, collect=collect)
    (home / "config.yaml").write_text(text)
    train = ("train", "config.yaml", "--quiet", "--run-dir")
    *_, evaluated, _ = run(
        [*train, "whole"],
        [*train, "stopped", "--set", "train.num_iterations=3"],
        ["train", "--resume", "stopped", "--set", "train.num_iterations=6", "--quiet"],
        ["eval", "whole", "--episodes", "2", "--json"],
        ["record", "whole", "--episodes", "1", "-o", "film.gif"],
        cwd=home,
    )
    assert json.loads(evaluated.stdout)["episodes"] == 2
    assert (home / "film.gif").stat().st_size > 1000
    return home


def test_a_stopped_run_goes_on_to_the_same_end(home):
    assert golden.read(home / "stopped/metrics.csv") == golden.read(home / "whole/metrics.csv")


@pytest.mark.parametrize("home", ["dqn"], indirect=True)  # which has a memory
def test_bytes_stay_bytes_in_the_memory_of_a_checkpoint(home):
    sidecar = json.loads((home / "whole/policies/final/policy.json").read_text())
    assert sidecar["specs"]["observation"]["dtype"] == "uint8"
    checkpoint = max((home / "whole/checkpoints").iterdir())
    kept = [np.load(path) for path in checkpoint.rglob("*.npz") if path.parent.name == "replay"]
    seen = [arrays[name] for arrays in kept for name in arrays.files if arrays[name].shape[-3:-1] == (10, 10)]
    assert seen and all(array.dtype == np.uint8 and array.max() == 255 for array in seen)
    assert {array.shape[-1] for array in seen} == {1}  # single frames, not stacks of two


def test_a_saved_policy_takes_bytes_and_scales_them_itself(home, tmp_path):
    game = Catch()
    pictures = np.stack([game.reset(seed).repeat(2, axis=-1) for seed in range(20)])
    np.save(tmp_path / "pictures.npy", pictures)
    place = home / "whole/policies/final"
    done = subprocess.run(
        [sys.executable, "-c", PLAIN, place, tmp_path / "pictures.npy"],
        env=clean_environment(), capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    policy = cartrl.load_policy(place)
    actions = policy.act(pictures)
    tolerance = 1e-5 if actions.dtype.kind == "f" else 0
    np.testing.assert_allclose(actions, json.loads(done.stdout), rtol=tolerance)
    for wrong in (pictures + 0.5, pictures.astype(int) * 2):
        with pytest.raises(cartrl.CartrlError, match="an image holds a number that is no byte"):
            policy.act(wrong)


def test_refusals(tmp_path):
    said = {
        "kind: sac": "SAC serves only a Box of floats; agent.kind may be reinforce, ppo, dqn",
        "kind: dqn, conv_layer_params: nature": "the convolution [64, 4, 2] needs",
        "kind: ppo, conv_layer_params: [[8, 12, 1]]": "[8, 12, 1] needs 12 pixels a side, but is given 10",
        "kind: ppo, normalize_observations: true": "agent.normalize_observations is not for images",
    }
    for number, agent in enumerate(said):
        (tmp_path / f"{number}.yaml").write_text(f"environment: {{{CATCH}}}\nagent: {{{agent}}}\n")
    (tmp_path / "pole.yaml").write_text(
        "environment: {env_name: CartPole-v0}\nagent: {kind: dqn, conv_layer_params: [[8, 3, 1]]}\n"
    )
    (tmp_path / "floats.yaml").write_text("environment: {env_name: pixels:Floating-v0}\nagent: {kind: dqn}\n")
    names = [*map(str, range(len(said))), "pole", "floats"]
    sentences = [
        *said.values(),
        "agent.conv_layer_params is for images of bytes, but observations are float32 of shape (4,)",
        "pixels:Floating-v0 returned an observation of float64 in reset, but says Box(",
    ]
    calls = [["--import-module", MODULE, "train", f"{name}.yaml", "--quiet", "--run-dir", name] for name in names]
    for outcome, sentence in zip(run_several(*calls, cwd=tmp_path), sentences):
        assert sentence in one_line(outcome, outcome.returncode)
        assert outcome.returncode in (1, 2)


@pytest.mark.slow
@pytest.mark.parametrize("config", ["dqn/catch", "ppo/catch"])
def test_every_ball_is_caught_by_what_was_seen_alone(config, tmp_path):
    run(["train", config, "--quiet", "--run-dir", "run"], cwd=tmp_path)
    (evaluated,) = run(["eval", "run", "--episodes", "100", "--json"], cwd=tmp_path)
    report = json.loads(evaluated.stdout)
    assert report["mean"] >= report["reward_threshold"] == 0.95
