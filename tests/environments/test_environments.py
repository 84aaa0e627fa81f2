"""Every classic-control environment of gym trains, evaluates and is filmed; `cartrl env` shows each."""

import json

import gym
import pytest
from PIL import Image

from tests.helpers import one_line, run_cartrl, run_several

SIZES = {  # width, height of a frame
    "CartPole-v0": (600, 400),
    "CartPole-v1": (600, 400),
    "Acrobot-v1": (500, 500),
    "MountainCar-v0": (600, 400),
    "MountainCarContinuous-v0": (600, 400),
    "Pendulum-v1": (500, 500),
}
QUICK = ("Pendulum-v1",)
CAPTION = 56  # pixels of a film's two lines of caption, above its frames


def frames_of(film, env_name) -> int:
    """Return how many frames a film of one episode has, without the second for which its last one stands still."""
    return film.n_frames - gym.make(env_name).metadata["render_fps"]


@pytest.mark.parametrize(
    "env_name", [pytest.param(name, marks=() if name in QUICK else pytest.mark.slow) for name in SIZES]
)
def test_it_trains_evaluates_and_records(env_name, tmp_path):
    config = f"environment:\n  env_name: {env_name}\n  max_episode_steps: 40\n"
    (tmp_path / "config.yaml").write_text(config)
    options = ("--set", "train.num_iterations=3", "--set", "agent.value_fc_layer_params=[16]", "--json")
    trained, evaluated, filmed = run_several(
        ("train", "-c", "config.yaml", *options, "--run-dir", "run"),
        ("eval", "--checkpoint", "run", "--episodes", "6", "--stochastic", "--json"),
        ("record", "--checkpoint", "run", "--episodes", "1", "-o", "film.gif"),
        cwd=tmp_path,
    )
    assert trained.returncode == 0, trained.stderr
    assert json.loads(trained.stdout)["episodes"] == 6
    report = json.loads(evaluated.stdout)
    assert report["terminated"] + report["truncated"] == 6
    own = gym.spec(env_name).reward_threshold
    assert (report["reward_threshold"], report["verdict"]) == (None, None), "gym's is for episodes longer than 40 steps"
    assert report["no_verdict"].startswith(f"gym's reward threshold of {own:g} is" if own else "gym names no reward")
    assert (filmed.returncode, filmed.stderr) == (0, "")
    with Image.open(tmp_path / "film.gif") as film:
        width, height = SIZES[env_name]
        assert film.size == (width, height + CAPTION)
        assert 0 < frames_of(film, env_name) <= 41


@pytest.mark.parametrize("engine", ["compiled", pytest.param("vectorized", marks=pytest.mark.slow)])
def test_constants_of_the_config_hold_in_training_evaluation_and_film(engine, tmp_path):
    """With steps of 0.2 ms nothing falls within 200 of them, whatever an untrained policy does."""
    (tmp_path / "config.yaml").write_text("environment:\n  env_name: CartPole-v0\n  constants: {tau: 2e-4}\n")
    options = ("--set", "train.num_iterations=2", "--set", f"collect.engine={engine}", "--run-dir", "run")
    trained = run_cartrl("train", "-c", "config.yaml", *options, "--json", cwd=tmp_path)
    reached = json.loads(trained.stdout)
    assert reached["environment_steps"] == 4 * 200
    assert reached["best_greedy_return"]["mean"] == reached["final_greedy_return"]["mean"] == 200
    report = json.loads(
        run_cartrl("eval", "--episodes", "5", "--stochastic", "--json", "--checkpoint", "run", cwd=tmp_path).stdout
    )
    assert (report["mean"], report["truncated"]) == (200, 5)
    filmed = run_cartrl("record", "--checkpoint", "run", "--episodes", "1", "-o", "film.gif", cwd=tmp_path)
    assert (filmed.returncode, filmed.stderr) == (0, "")
    with Image.open(tmp_path / "film.gif") as film:
        assert frames_of(film, "CartPole-v0") == 201
    refused = run_cartrl("train", "--resume", "run", "--set", "environment.constants={}", cwd=tmp_path)
    assert "environment.constants" in one_line(refused, 2)


@pytest.mark.parametrize("env_name", ["CartPole-v1", "Pendulum-v1"])
def test_env_shows_what_gym_says(env_name, tmp_path):
    done = run_cartrl("env", env_name, "--picture", "first.png", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    spec, env = gym.spec(env_name), gym.make(env_name)
    assert f"{spec.max_episode_steps} steps" in done.stdout
    assert (f"{spec.reward_threshold:g}" if spec.reward_threshold else "none") in done.stdout
    assert str(env.observation_space.shape) in done.stdout
    first = env.reset(seed=0)
    for number in first:
        assert f"{number:.4g}" in done.stdout
    assert "FIRST, reward 0, discount 1" in done.stdout
    assert "MID" in done.stdout
    assert all(len(line) <= 80 for line in done.stdout.splitlines())
    with Image.open(tmp_path / "first.png") as picture:
        assert picture.size == SIZES[env_name]


def test_an_unknown_environment_is_answered_with_the_nearest(tmp_path):
    done = run_cartrl("env", "CartPoel-v1", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: gym has no environment 'CartPoel-v1', did you mean 'CartPole-v1'?\n"
