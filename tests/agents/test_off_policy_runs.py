"""DQN, DDPG, TD3 and SAC as their users run them: the same numbers, again and after a stop, and policies that play."""

import json
import subprocess
import sys

import pytest

from tests import golden
from tests.helpers import clean_environment, run_several

ENVIRONMENTS = {"dqn": "CartPole-v1", "ddpg": "Pendulum-v1", "td3": "Pendulum-v1", "sac": "Pendulum-v1"}
CONFIG = """\
environment: {{env_name: {env_name}}}
agent:
  kind: {kind}
  fc_layer_params: [16, 16]
  learning_rate: {{from: 1e-3, to: 1e-4, over: 600}}
  batch_size: 16
  updates_per_step: 0.5
collect: {{num_environments: 2, num_steps: 8, turns_per_iteration: 3, warm_up_steps: 64, engine: {engine}{noise}}}
replay_buffer: {{replay_buffer_capacity: 150}}
train: {{num_iterations: 12, checkpoint_interval: 2}}
eval: {{num_eval_episodes: 2, eval_interval: 6}}
"""
# (kind, engine) that is always tried; tests/environments/test_images.py has discrete actions on the other engine.
QUICK = [("ddpg", "compiled")]
SLOW = [(kind, engine) for kind in ENVIRONMENTS for engine in ("compiled", "vectorized") if (kind, engine) not in QUICK]
# Loads a saved policy without cartrl and TF-Agents, and prints the mode of its actions, or of what is squashed.
PLAIN = """
import collections, sys
import tensorflow as tf
import tensorflow_probability as tfp
TimeStep = collections.namedtuple("TimeStep", ["step_type", "reward", "discount", "observation"])
observations = tf.random.stateless_normal([50, int(sys.argv[2])], [1, 2])
time_step = TimeStep(tf.ones(50, tf.int32), tf.zeros(50), tf.ones(50), observations)
policy = tf.saved_model.load(sys.argv[1])
actions = policy.distribution(time_step).action
squashed = isinstance(actions, tfp.distributions.TransformedDistribution)
mode = actions.bijector.forward(actions.distribution.mode()) if squashed else actions.mode()
assert actions.sample(seed=[3, 4]).shape == mode.shape
assert not {"cartrl", "tf_agents"} & set(sys.modules)
print(mode.numpy().tolist())
"""


@pytest.fixture(scope="module", params=[*QUICK, *(pytest.param(one, marks=pytest.mark.slow) for one in SLOW)])
def home(request, tmp_path_factory):
    """A directory with a whole run, and one of the same seed that was stopped and went on."""
    kind, engine = request.param
    home = tmp_path_factory.mktemp(f"{kind}-{engine}")
    noise = "" if kind == "dqn" else ", noise_correlation: 0.5"
    text = CONFIG.format(kind=kind, env_name=ENVIRONMENTS[kind], engine=engine, noise=noise)
    (home / "agent.yaml").write_text(text, encoding="utf-8")
    train = ("train", "--config", "agent.yaml", "--quiet", "--run-dir")
    outcomes = run_several(
        [*train, "whole"],
        [*train, "stopped", "--set", "train.num_iterations=6"],
        ["train", "--resume", "stopped", "--set", "train.num_iterations=12", "--quiet"],
        ["eval", "whole/policies/final", "--episodes", "3", "--json"],
        ["record", "whole", "--episodes", "1", "--output", "film.gif"],
        cwd=home,
    )
    for outcome in outcomes:
        assert outcome.returncode == 0, outcome.stderr
    return home, kind, json.loads(outcomes[3].stdout)


def test_the_same_seed_is_the_same_run_and_a_stopped_one_goes_on_to_it(home):
    home, _, _ = home
    whole = golden.read(home / "whole/metrics.csv")
    assert golden.read(home / "stopped/metrics.csv") == whole


def test_nothing_is_learned_in_the_warm_up_and_then_half_as_often_as_steps_are_taken(home):
    home, _, _ = home
    rows = golden.read(home / "whole/metrics.csv")
    assert [int(row["environment_steps"]) for row in rows[:4]] == [0, 48, 96, 144]
    assert [int(row["updates"]) for row in rows[:4]] == [0, 0, 16, 40]  # from step 64 on, 8 in each turn of 16 steps
    assert (rows[1]["loss"], rows[2]["loss"] != "") == ("", True)
    rates = [float(row["learning_rate"]) for row in rows[3:]]
    assert rates == sorted(rates, reverse=True) and rates[0] < 1e-3


def test_a_saved_policy_needs_neither_cartrl_nor_tf_agents(home):
    home, kind, evaluated = home
    assert (home / "film.gif").stat().st_size > 1000
    assert evaluated["episodes"] == 3
    width = "4" if kind == "dqn" else "3"
    done = subprocess.run(
        [sys.executable, "-c", PLAIN, home / "whole/policies/final", width],
        env=clean_environment(), capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    actions = json.loads(done.stdout)
    if kind == "dqn":
        assert set(actions) <= {0, 1}
    else:
        assert all(-2 <= action <= 2 for (action,) in actions)
