"""`cartrl eval --vary` and `--noise`: maps of returns, against environments stepped by hand."""

import io
import json
import re

import gym
import gymnasium
import numpy as np
import pytest
from PIL import Image

from cartrl import randomness
from cartrl.policies import robustness
from cartrl.policies.rollouts import Rollouts
from cartrl.policies.sidecar import SavedPolicy
from cartrl.policies.variations import Axis
from cartrl.settings import EnvironmentSettings
from cartrl.system.console import Console
from cartrl.terminal.heat_map import print_map
from tests.helpers import WHOLE, one_line, run_several

EPISODES, SEED = 6, 4
LEANING = np.array([0.0, 0.0, 1.0, 0.0], np.float32)  # pushes to where the pole leans, too late to hold it
RESETS = randomness.draw(EPISODES, SEED, randomness.Stream.EVAL_RESETS)
ROLLOUTS = Rollouts(EPISODES, SEED, is_greedy=True)


class Pushing:
    """A policy of CartPole by hand."""

    def act(self, observations, step, seeds):
        return (observations @ LEANING > 0).astype(np.int64)


class Falling:
    """A policy of LunarLander that does nothing."""

    def act(self, observations, step, seeds):
        return np.zeros(len(observations), np.int64)


def saved(shape=(4,), actions=1, **environment):
    """Return what is known of a saved policy for an environment."""
    settings = EnvironmentSettings(**{"env_name": "CartPole-v1", "max_episode_steps": 60, **environment})
    return SavedPolicy(
        directory="policy", environment=settings, agent="ppo", step=0, observation_shape=shape,
        observation_bounds=(None, None), observation_dtype="float32", action_shape=(), is_discrete=True,
        action_bounds=(0, actions), first_action=0,
    )  # fmt: skip


def cells_of(policy, of, *axes, points=3):
    along = robustness.varied(of, axes, points)
    return robustness.report(of, ROLLOUTS, along, list(robustness.cells(of, policy, ROLLOUTS, along)))


def by_hand(deviation=0.0, **constants):
    """Return the mean return of the policy of CartPole, stepped through gym, all episodes at a time."""
    envs = [gym.make("CartPole-v1").unwrapped for _ in RESETS]
    for env in envs:
        for name, value in constants.items():
            setattr(env, name, value)
        env.total_mass, env.polemass_length = env.masspole + env.masscart, env.masspole * env.length
    observations = np.array([env.reset(seed=int(reset)) for env, reset in zip(envs, RESETS)], np.float32)
    returns, is_over = np.zeros(EPISODES), np.zeros(EPISODES, bool)
    for step in range(60):
        drawn = randomness.draw(4, SEED, randomness.Stream.OBSERVATION_NOISE, step)
        noise = np.random.default_rng(drawn).standard_normal(observations.shape, np.float32)
        actions = Pushing().act(observations + np.float32(deviation) * noise, step, None)
        for row in np.flatnonzero(~is_over):
            observations[row], reward, done, _ = envs[row].step(int(actions[row]))
            returns[row] += reward
            is_over[row] = done
    return returns.mean()


def test_each_cell_is_what_gym_gives_with_these_constants():
    report = cells_of(Pushing(), saved(), Axis("length", 0.25, 1.25), Axis("force_mag", 4.0, 16.0))
    assert [axis["values"] for axis in report["axes"]] == [[0.25, 0.75, 1.25], [4.0, 10.0, 16.0]]
    assert [axis["trained"] for axis in report["axes"]] == [0.5, 10.0]
    assert report["trained"]["mean"] == by_hand()
    for cell in report["cells"]:
        assert cell["mean"] == by_hand(**cell["values"])
    assert len({cell["mean"] for cell in report["cells"]}) > 4


def test_noise_is_that_of_the_seed_and_the_same_but_for_its_scale():
    report = cells_of(Pushing(), saved(), Axis("length", 0.5, 1.0), Axis("observation", 0.0, 0.4, is_noise=True))
    for cell in report["cells"]:
        assert cell["mean"] == by_hand(cell["values"]["observation"], length=cell["values"]["length"])
    clean, *_, noisy = report["cells"][:3]
    assert clean["mean"] == report["trained"]["mean"]
    assert noisy["mean"] < clean["mean"]


def test_arguments_of_the_constructor_vary():
    lander = {"env_name": "LunarLander-v3", "suite": "gymnasium", "max_episode_steps": 40}
    report = cells_of(Falling(), saved((8,), 3, **lander), Axis("gravity", -11.0, -3.0), points=2)
    assert report["axes"] == [{"name": "gravity", "trained": -10.0, "values": [-11.0, -3.0]}]
    for cell in report["cells"]:
        env, returns = gymnasium.make("LunarLander-v3", gravity=cell["values"]["gravity"]), []
        for reset in RESETS:
            env.reset(seed=int(reset))
            total, is_over, step = 0.0, False, 0
            while not is_over and step < 40:
                _, reward, is_over, _, _ = env.step(0)
                total, step = total + float(reward), step + 1
            returns.append(total)
        assert cell["mean"] == pytest.approx(np.mean(returns), rel=1e-5)


def test_settings_of_wrappers_vary_and_whole_numbers_stay_whole():
    repeated = saved(wrappers=[{"kind": "action_repeat", "times": 2}])
    report = cells_of(Pushing(), repeated, Axis("action_repeat.times", 2, 4), points=7)
    assert report["axes"][0]["values"] == [2, 3, 4]
    assert report["cells"][0]["mean"] == report["trained"]["mean"]
    assert len({cell["mean"] for cell in report["cells"]}) == 3


def test_the_command(short_run, tmp_path):
    policy = str(short_run.directory)
    map_of_two = ["eval", policy, "--vary", "length=0.25..2,force_mag=5..20", "--points", "3", "--episodes", "10"]
    line = ["eval", policy, "--noise", "observation=0..1", "--points", "2", "--episodes", "10"]
    plain, two, again, shown, one, drawn = run_several(
        ["eval", policy, "--episodes", "10", "--json"],
        [*map_of_two, "--json", "-o", "map.png"],
        [*map_of_two, "--json", "-o", "map.svg"],
        map_of_two,
        [*line, "-o", "line.png"],
        [*line, "--stochastic", "--json"],
        cwd=tmp_path,
        env=WHOLE,
    )
    assert [outcome.returncode for outcome in (plain, two, again, shown, one, drawn)] == [0] * 6, (two, shown, one)
    report = json.loads(two.stdout)
    assert two.stdout == again.stdout
    assert report["trained"]["mean"] == json.loads(plain.stdout)["mean"]
    assert [list(cell["values"].values()) for cell in report["cells"][:4]] == [
        [0.25, 5.0], [0.25, 12.5], [0.25, 20.0], [1.125, 5.0],
    ]  # fmt: skip
    for name in ("map.png", "line.png"):
        with Image.open(tmp_path / name) as picture:
            assert picture.size == (960, 540)
    assert (tmp_path / "map.svg").read_text().count("<svg") == 1
    assert "10 greedy in each of 9 cells, seed 0" in shown.stdout
    assert re.search(
        r"^force_mag\n +20\.0 .*\n +12\.5 .*\n +5\.0 .*\n +0\.25 +1\.12 +2\.00\n +length\n", shown.stdout, re.M
    )
    assert re.search(r"^noise +mean return +95 % interval", one.stdout, re.M)
    assert one.stdout.endswith("picture\n  line.png\n")
    assert json.loads(drawn.stdout)["actions"] == "stochastic"
    assert "\x1b" not in shown.stdout


def test_what_cannot_be_varied_is_refused(short_run, tmp_path):
    policy = str(short_run.directory)
    says = {
        ("--vary", "lenght=0.25..2"): "--vary: CartPole-v0 has no number 'lenght' to vary, did you mean 'length'?",
        ("--vary", "colour=1..2"): "--vary: CartPole-v0 has no number 'colour' to vary; it has gravity, masscart,",
        ("--vary", "length=2..1"): "--vary length=2..1: it is written NAME=LOW..HIGH, such as length=0.25..2",
        ("--vary", "length=1"): "--vary length=1: it is written NAME=LOW..HIGH",
        ("--vary", "length=0..nan"): "it is written NAME=LOW..HIGH",
        ("--vary", "length=-1..2"): "length is -1, but must be greater than 0",
        ("--vary", "length=1..2,length=1..3"): "length is given twice",
        ("--vary", "length=1..2,tau=1..2", "--noise", "observation=0..1"): "3 are varied, and 2 can be shown at a time",
        ("--noise", "observation=-1..1"): "it is written observation=LOW..HIGH, from 0 on",
        ("--noise", "action=0..1"): "it is written observation=LOW..HIGH, from 0 on",
        ("--points", "5"): "--points is for --vary and --noise",
        ("--output", "map.png"): "--output is for --vary and --noise",
        ("--vary", "length=1..2", "-o", "map.txt"): "map.txt: the name of a picture ends in one of .png",
    }
    outcomes = run_several(*(["eval", policy, *options] for options in says), cwd=tmp_path)
    for said, outcome in zip(says.values(), outcomes):
        assert said in one_line(outcome, 2)
        assert not outcome.tensorflow
    assert list(tmp_path.iterdir()) == []


def report_of(*counts):
    """Return a report with so many values of each axis, and returns from -200 up."""
    axes = [{"name": f"number_{index}", "trained": 1.0, "values": np.linspace(0.001, 2000, count).tolist()}
            for index, count in enumerate(counts)]  # fmt: skip
    cell = {"std": 5.0, "differing_95": None, "min": 0.0, "max": 0.0}
    found = [{**cell, "values": {}, "mean": mean, "interval_95": [mean - 2, mean + 2]}
             for mean in np.linspace(-200, 500, int(np.prod(counts))).tolist()]  # fmt: skip
    return {
        "policy": "runs/one/policies/best", "step": 3, "env_name": "Own-v0", "episodes": 100, "actions": "greedy",
        "seed": 0, "reward_threshold": None, "axes": axes, "trained": found[0], "cells": found,
    }  # fmt: skip


@pytest.mark.parametrize("colours", ["truecolor", None, "NO_COLOR"])
@pytest.mark.parametrize("counts", [(7, 7), (7,), (30, 12), (2, 2)])
def test_a_map_has_room_on_80_columns_with_and_without_colour(counts, colours):
    screen, is_coloured = io.StringIO(), colours == "truecolor"
    terminal = {"color_system": None if colours is None else "truecolor", "force_terminal": colours is not None}
    environ = {"NO_COLOR": "1"} if colours == "NO_COLOR" else {}
    print_map(Console(file=screen, width=80, **terminal, _environ=environ), report_of(*counts))
    text = screen.getvalue()
    plain = re.sub(r"\x1b\[[0-9;]*m", "", text)
    assert max(map(len, plain.splitlines())) <= 80
    assert ("\x1b[38" in text) == is_coloured
    assert ("▒▒" in plain) == (not is_coloured and counts != (2, 2))
    assert ("500.0" in plain) == (counts in ((7, 7), (2, 2)))  # beside 30 columns there is no room for numbers
