"""Every agent on each engine, and on images: one core and all of them come to the same numbers.

And a ring of a million steps resumes.
"""

import os

import pytest

from tests import golden
from tests.helpers import CONFIGS, run_cartrl
from tests.killing import AGENTS

# The networks and batches are those of the shipped configs: small ones would never be split between threads.
SHORT = {
    "reinforce": {"train.num_iterations": 20, "eval.eval_interval": 10},
    "ppo": {"train.num_environment_steps": 4_096},
    **{agent: {"train.num_environment_steps": 2_048} for agent in ("dqn", "ddpg", "td3", "sac")},
}
IMAGES = {
    "environment.max_episode_steps": 100,
    "train.num_environment_steps": 2_048,
    "eval.num_eval_episodes": 1,
    "eval.eval_interval": 1,
}
# An update is divided between threads here.
PICTURES = {
    "dqn/atari-pong.yaml": {
        **IMAGES,
        "collect.turns_per_iteration": 128,
        "collect.warm_up_steps": 1_500,
        "replay_buffer.replay_buffer_capacity": 1_600,
    },
    "ppo/atari-breakout.yaml": IMAGES,
}
QUICK = ("reinforce", "compiled")
SLOW = [
    pytest.param((agent, engine), marks=pytest.mark.slow)
    for agent in SHORT
    for engine in ("compiled", "vectorized")
    if (agent, engine) != QUICK
] + [pytest.param((config, "vectorized"), marks=pytest.mark.slow, id=config) for config in PICTURES]
RING = """\
environment: {env_name: Pendulum-v1}
agent: {kind: ddpg, fc_layer_params: [16], batch_size: 16, updates_per_step: 0.0001}
collect: {num_environments: 100, num_steps: 100, turns_per_iteration: 1, warm_up_steps: 400}
replay_buffer: {replay_buffer_capacity: 1000000}
train: {num_iterations: 110, checkpoint_interval: 5}
eval: {num_eval_episodes: 1, eval_interval: 52}
"""


def train(*arguments, cwd):
    done = run_cartrl("train", *arguments, "--quiet", cwd=cwd)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def one_core():
    """Of those that this process and its children may use."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    yield
    os.sched_setaffinity(0, cores)


@pytest.fixture
def whole_run(request, tmp_path):
    """Of an agent on an engine, with the cores that there are: its directory, and what it was started with."""
    agent, engine = request.param
    config, short = (agent, PICTURES[agent]) if agent in PICTURES else (AGENTS[agent][0], SHORT[agent])
    settings = {"collect.engine": engine, **short}
    start = [
        CONFIGS / config,
        *(word for name, value in settings.items() for word in ("--set", f"{name}={value}")),
    ]
    train(*start, "--run-dir", "whole", cwd=tmp_path)
    return tmp_path / "whole", start


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="there is one core only")
@pytest.mark.parametrize("whole_run", [QUICK, *SLOW], indirect=True)
def test_one_core_comes_to_the_numbers_of_all(whole_run, one_core, tmp_path):
    whole, start = whole_run
    train(*start, "--run-dir", "alone", cwd=tmp_path)
    assert golden.read(tmp_path / "alone/metrics.csv") == golden.read(whole / "metrics.csv")
    for path in whole.glob("policies/final/variables/*.data*"):
        assert (tmp_path / "alone" / path.relative_to(whole)).read_bytes() == path.read_bytes()


@pytest.mark.slow
def test_a_ring_of_a_million_steps_goes_on_after_it_was_full(tmp_path):
    (tmp_path / "ring.yaml").write_text(RING, encoding="utf-8")
    train("ring.yaml", "--run-dir", "whole", cwd=tmp_path)
    train("ring.yaml", "--run-dir", "stopped", "--set", "train.num_iterations=104", cwd=tmp_path)
    train("--resume", "stopped", "--set", "train.num_iterations=110", cwd=tmp_path)
    assert golden.read(tmp_path / "whole/metrics.csv")[-1]["iteration"] == "110"
    assert golden.read(tmp_path / "stopped/metrics.csv") == golden.read(tmp_path / "whole/metrics.csv")
