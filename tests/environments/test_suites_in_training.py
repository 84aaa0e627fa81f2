"""Environments of the other suites, and of Box2D: trained, stopped, resumed, evaluated, filmed and reproduced."""

import json

import pytest
from PIL import Image

from tests import golden
from tests.helpers import run_several

MEMORY = """
  fc_layer_params: [8]
  batch_size: 16
collect: {num_environments: 2, num_steps: 8, turns_per_iteration: 5, warm_up_steps: 32}
replay_buffer: {replay_buffer_capacity: 200}"""
IMAGES = MEMORY.replace("fc_layer_params: [8]", "fc_layer_params: [8]\n  conv_layer_params: [[4, 8, 8]]")
ROLLOUTS = """
  fc_layer_params: [8]
  value_fc_layer_params: [8]
  batch_size: 32
  normalize_observations: true
collect: {num_environments: 2, num_steps: 40}"""
# Its environment, the agent and its settings, and the size of its films. An iteration takes 80 steps: most end in the
# middle of an episode.
CASES = {
    "gymnasium": ("{env_name: Pendulum-v1, suite: gymnasium, kwargs: {g: 9.0}}", "sac", MEMORY, (500, 556)),
    "lander": ("{env_name: LunarLander-v2}", "dqn", MEMORY, (600, 456)),
    "lander of gymnasium": ("{env_name: LunarLander-v3, suite: gymnasium}", "ppo", ROLLOUTS, (600, 456)),
    "walker": ("{env_name: BipedalWalker-v3, suite: gymnasium}", "ppo", ROLLOUTS, (600, 456)),
    "atari": (
        "{env_name: Pong, suite: atari, kwargs: {obs_type: grayscale}, wrappers: [{kind: atari, protocol: mnih2015}]}",
        "dqn",
        IMAGES,
        (480, 686),
    ),
    "dm_control": ("{env_name: cartpole-balance, suite: dm_control}", "ppo", ROLLOUTS, (640, 536)),
}
OTHERS = """
train: {num_iterations: 8, checkpoint_interval: 1}
eval: {num_eval_episodes: 1, eval_interval: 4}
"""


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_a_run_is_trained_stopped_and_resumed_to_the_same_end_and_all_commands_work_on_it(case, tmp_path):
    environment, agent, settings, size = CASES[case]
    (tmp_path / "a.yaml").write_text(f"environment: {environment}\nagent:\n  kind: {agent}{settings}{OTHERS}")
    short = ("--set", "environment.max_episode_steps=100")
    train = ("train", "a.yaml", *short, "--quiet", "--run-dir")
    *trained, evaluated, filmed, reported, reproduced = run_several(
        [*train, "whole"],
        [*train, "stopped", "--set", "train.num_iterations=4"],
        ["train", "--resume", "stopped", "--set", "train.num_iterations=8", "--quiet"],
        ["eval", "whole/policies/final", "--episodes", "3", "--json"],
        ["record", "whole", "--episodes", "1", "--output", "film.gif"],
        ["report", "whole", "--output", "report.html"],
        ["reproduce", "whole"],
        cwd=tmp_path,
    )
    for outcome in (*trained, evaluated, filmed, reported, reproduced):
        assert outcome.returncode == 0, outcome.stderr
    whole = golden.read(tmp_path / "whole/metrics.csv")
    assert len(whole) == 9
    assert golden.read(tmp_path / "stopped/metrics.csv") == whole
    assert max(int(row["episodes"]) for row in whole) > 2  # it went on after the ends of episodes
    assert max(json.loads(evaluated.stdout)["lengths"]) <= 100
    with Image.open(tmp_path / "film.gif") as film:
        assert film.size == size
    assert "identical" in reproduced.stdout
