"""Environments of the other suites, and of Box2D: trained, killed, resumed, evaluated, filmed and reproduced."""

import json
import subprocess

import pytest
from PIL import Image

from tests import golden
from tests.helpers import CARTRL, clean_environment, run_several, wait_until

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
train: {num_iterations: 100000, checkpoint_interval: 1}
eval: {num_eval_episodes: 1, eval_interval: 4}
"""


def killed(train, run):
    """Train ``run`` for some iterations, and end its process by SIGKILL; return how many have a row."""
    process = subprocess.Popen(
        [CARTRL, *train], cwd=run.parent, env=clean_environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    metrics = run / "metrics.csv"
    wait_until(lambda: metrics.exists() and metrics.read_bytes().count(b"\n") > 4, "it had rows", process=process)
    process.kill()
    process.wait()
    return metrics.read_bytes().count(b"\n") - 2  # without the header, and iteration 0


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_a_run_is_killed_and_resumed_to_the_end_of_a_whole_one_and_all_commands_work_on_it(case, tmp_path):
    environment, agent, settings, size = CASES[case]
    (tmp_path / "a.yaml").write_text(f"environment: {environment}\nagent:\n  kind: {agent}{settings}{OTHERS}")
    short = ("--set", "environment.max_episode_steps=100")
    train = ("train", "a.yaml", *short, "--quiet", "--run-dir")
    total = killed([*train, "stopped"], tmp_path / "stopped") + 4
    end = ("--set", f"train.num_iterations={total}")
    *trained, evaluated, filmed, reported, reproduced = run_several(
        [*train, "whole", *end],
        ["train", "--resume", "stopped", *end, "--quiet"],
        ["eval", "whole/policies/final", "--episodes", "3", "--json"],
        ["record", "whole", "--episodes", "1", "--output", "film.gif"],
        ["report", "whole", "--output", "report.html"],
        ["reproduce", "whole"],
        cwd=tmp_path,
    )
    for outcome in (*trained, evaluated, filmed, reported, reproduced):
        assert outcome.returncode == 0, outcome.stderr
    whole = golden.read(tmp_path / "whole/metrics.csv")
    assert len(whole) == 1 + total
    assert golden.read(tmp_path / "stopped/metrics.csv") == whole
    assert max(int(row["episodes"]) for row in whole) > 2  # it went on after the ends of episodes
    assert max(json.loads(evaluated.stdout)["lengths"]) <= 100
    with Image.open(tmp_path / "film.gif") as film:
        assert film.size == size
    assert "identical" in reproduced.stdout
