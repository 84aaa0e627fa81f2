"""Suites: of gym, and of a package that registers one through the entry-point group ``cartrl.suites``."""

import json
import os
import re

import numpy as np
import pytest
from gym import spaces

from cartrl.environments import checking, suite
from cartrl.environments.environment import Environment
from cartrl.errors import CartrlError, UsageError
from cartrl.runs.gathering import load_studies
from cartrl.settings import EnvironmentSettings
from cartrl.settings.spaces import Served, SpaceKind
from tests.helpers import REPO, one_line, run_cartrl, run_several
from tests.studies import write_run

PACKAGES = REPO / "tests" / "packages"  # with PYTHONPATH on it, the package tiny_suite is installed
INSTALLED = {"PYTHONPATH": os.pathsep.join(filter(None, [os.environ.get("PYTHONPATH"), str(PACKAGES)]))}
OWN = "gym, gymnasium, atari, dm_control, cartrl"
NAMES = f"{OWN}, halfway, missing, tiny"
FLOATS = spaces.Box(-1.0, 1.0, (1,), np.float32)
ENDLESS = spaces.Box(-np.inf, 1.0, (1,), np.float32)
BYTES = spaces.Box(0, 255, (8, 8, 3), np.uint8)
DISCRETE = spaces.Discrete(2)
OF_FLOATS = (SpaceKind.BOUNDED, SpaceKind.UNBOUNDED)
CONFIG = """
environment:
  env_name: Walk
  suite: tiny
collect:
  collect_episodes_per_iteration: 4
train:
  num_iterations: 2
eval:
  num_eval_episodes: 5
"""


@pytest.fixture
def config(tmp_path):
    (tmp_path / "walk.yaml").write_text(CONFIG)
    return "walk.yaml"


def lines_of(done):
    return [line.strip() for line in done.stdout.splitlines()]


def test_an_environment_of_another_packages_suite_is_shown_trained_evaluated_and_filmed(config, tmp_path):
    env, train, evaluation, film, runs, plot = run_several(
        ["env", "Walk", "--suite", "tiny", "--picture", "walk.png"],
        ["train", "-c", config, "--run-dir", "run", "--json"],
        ["eval", "run/policies/final", "--stochastic", "--episodes", "50", "--json"],
        ["record", "run", "--output", "walk.gif"],
        ["runs", "."],
        ["plot", "run"],
        cwd=tmp_path,
        env=INSTALLED,
    )
    assert [outcome.returncode for outcome in (env, train, evaluation, film, runs, plot)] == [0] * 6, train.stderr
    for line in ("time limit        20 steps", "reward threshold  0.9", "frame rate        10 frames a second"):
        assert line in env.stdout
    assert "constants         none" in env.stdout
    assert (tmp_path / "walk.png").stat().st_size > 0
    assert json.loads(train.stdout)["outcome"] == "finished"
    environment = json.loads((tmp_path / "run/policies/final/policy.json").read_text())["environment"]
    assert environment == {
        "env_name": "Walk",
        "suite": "tiny",
        "max_episode_steps": 20,
        "constants": {},
        "kwargs": {},
        "wrappers": [],
    }
    assert "  suite: tiny" in (tmp_path / "run/config.yaml").read_text()
    report = json.loads(evaluation.stdout)
    assert report["reward_threshold"] == 0.9
    assert set(report["ended"]) == {"terminated", "truncated"}
    for episode_return, ended, length in zip(report["returns"], report["ended"], report["lengths"]):
        assert episode_return == (ended == "terminated")
        assert 2 <= length <= 20
    assert (tmp_path / "walk.gif").stat().st_size > 0


def test_the_names_of_suites_are_listed_without_importing_their_packages(tmp_path):
    schema = json.loads(run_cartrl("config", "--schema", cwd=tmp_path, env=INSTALLED).stdout)
    assert schema["definitions"]["EnvironmentSettings"]["properties"]["suite"]["enum"] == NAMES.split(", ")
    for command in ("env", "train"):
        assert f"Suites: {NAMES}" in lines_of(run_cartrl(command, "--help", cwd=tmp_path, env=INSTALLED))
    assert f"Suites: {OWN}" in lines_of(run_cartrl("env", "--help", cwd=tmp_path))


@pytest.mark.parametrize(
    ("overrides", "says"),
    [
        (
            ["environment.suite=tinny"],
            f"environment.suite: there is no suite 'tinny', did you mean 'tiny'?; there are {NAMES}",
        ),
        (
            ["environment.suite=missing"],
            "environment.suite: the suite 'missing' is tiny_suite_that_is_not_there:SUITE, which cannot be imported: "
            "ModuleNotFoundError: No module named 'tiny_suite_that_is_not_there'",
        ),
        (
            ["environment.suite=halfway"],
            "environment.suite: the suite 'halfway' is tiny_suite:HALFWAY, which has no make",
        ),
        (
            ["environment.env_name=Wal"],
            "environment.env_name: tiny has no environment 'Wal'; it has Walk",
        ),
        (
            ["environment.constants={gravity: 1}"],
            "environment.constants: Walk of the suite 'tiny' has no constant 'gravity'; it has none",
        ),
        (["collect.engine=compiled"], "collect.engine: Walk has no compiled twin; take auto or vectorized"),
        (
            ["environment.max_episode_steps=5", "train.stop_when_solved=true"],
            "train.stop_when_solved: tiny's reward threshold of 0.9 is for episodes of 20 steps, not of 5; "
            "give the mean return from which to stop",
        ),
    ],
)
def test_what_cannot_be_is_refused_before_tensorflow_is_imported(config, tmp_path, overrides, says):
    options = [word for override in overrides for word in ("--set", override)]
    (outcome,) = run_several(["train", "-c", config, *options], cwd=tmp_path, env=INSTALLED)
    sentence = one_line(outcome, 2)
    assert sentence == f"--set {overrides[-1]}: {says}"
    assert not outcome.tensorflow
    assert [path.name for path in tmp_path.iterdir()] == ["walk.yaml"]


def test_a_suite_that_is_not_installed_is_named_with_its_place_in_the_config(config, tmp_path):
    refused, asked = run_several(["train", "-c", config], ["env", "Walk", "--suite", ""], cwd=tmp_path)
    assert one_line(refused, 2) == f"walk.yaml, line 4: environment.suite: there is no suite 'tiny'; there are {OWN}"
    assert one_line(asked, 2) == f"there is no suite ''; there are {OWN}"


class Answering:
    """An environment whose every step returns the same."""

    def __init__(self, observation_space, action_space, answer=None):
        self.observation_space, self.action_space, self._answer = observation_space, action_space, answer

    def reset(self, seed):
        return np.zeros(self.observation_space.shape)

    def step(self, action):
        return self._answer


@pytest.mark.parametrize(
    ("answer", "terminated", "truncated"),
    [
        (([0.5], 1.0, False, False), False, False),
        (([0.5], 1.0, True, False), True, False),
        (([0.5], 1.0, False, np.True_), False, True),
        (([0.5], 1, np.array([True]), np.array(True)), True, True),
    ],
)
def test_a_step_tells_whether_the_episode_terminated_or_was_truncated(answer, terminated, truncated):
    env = Environment(Answering(FLOATS, spaces.Discrete(2), answer), "Walk")
    observation, reward, *ended = env.step(0)
    assert (observation, reward, ended) == (np.float32([0.5]), 1.0, [terminated, truncated])


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (([0.5], 1.0, True, False, {}), "Walk returned 5 values from step; cartrl expects an environment of a suite"),
        (([0.5], 1.0, True, {}), "Walk returned a dict as truncated in step, but cartrl expects true or false"),
        (None, "Walk returned None from step; cartrl expects"),
    ],
)
def test_a_step_that_does_not_tell_it_is_refused(answer, says):
    env = Environment(Answering(FLOATS, spaces.Discrete(2), answer), "Walk")
    with pytest.raises(CartrlError, match=re.escape(says)):
        env.step(0)


@pytest.mark.parametrize(
    ("served", "observes", "takes", "says"),
    [
        (Served(), FLOATS, DISCRETE, None),
        (Served(), ENDLESS, FLOATS, None),
        (Served(actions=(SpaceKind.DISCRETE,)), FLOATS, DISCRETE, None),
        (Served(actions=(SpaceKind.BOUNDED, SpaceKind.UNBOUNDED)), FLOATS, ENDLESS, None),
        (
            Served(),
            BYTES,
            DISCRETE,
            f"Walk observes {BYTES}, but DQN serves only a Box of floats; agent.kind may be reinforce, ppo",
        ),
        (
            Served(),
            FLOATS,
            spaces.MultiDiscrete([100, 100]),
            "Walk takes actions of MultiDiscrete([100 100]), but DQN serves only Discrete and a Box of floats",
        ),
        (
            Served(),
            FLOATS,
            ENDLESS,
            f"Walk takes unbounded actions, {ENDLESS}; DQN needs a lower and an upper bound",
        ),
        (
            Served(actions=(SpaceKind.DISCRETE,)),
            FLOATS,
            FLOATS,
            f"Walk takes actions of {FLOATS}, but DQN serves only Discrete"
            "; agent.kind may be reinforce, ppo, ddpg, td3, sac",
        ),
        (
            Served(actions=(SpaceKind.DISCRETE,)),
            FLOATS,
            ENDLESS,
            f"Walk takes actions of {ENDLESS}, but DQN serves only Discrete",
        ),
        (
            Served(actions=OF_FLOATS),
            FLOATS,
            DISCRETE,
            "Walk takes actions of Discrete(2), but DQN serves only a Box of floats; agent.kind may be reinforce, ppo",
        ),
    ],
)
def test_what_is_served_is_what_the_kind_of_agent_says(served, observes, takes, says):
    env = Environment(Answering(observes, takes), "Walk")
    if says is None:
        checking.require_servable(env, "dqn", served)
    else:
        with pytest.raises(UsageError) as error:
            checking.require_servable(env, "dqn", served)
        assert str(error.value) == says


@pytest.mark.parametrize("fault", [{"time_limit": 0}, {"time_limit": 2.5}, {"reward_threshold": np.nan}])
def test_a_description_holds_numbers_that_can_be(fault):
    with pytest.raises(ValueError, match=r"time limit|reward threshold"):
        suite.Description(**fault)


def test_gyms_suite_is_that_of_settings_that_name_none():
    settings = EnvironmentSettings(env_name="CartPole-v1")
    assert settings.suite == "gym"
    assert suite.describe(settings) == suite.Description(500, 475.0)


def test_returns_of_two_suites_are_not_compared(tmp_path):
    for name in ("gym", "tiny"):
        write_run(tmp_path / name, 0, [1.0, 2.0])
    config = tmp_path / "tiny/config.yaml"
    config.write_text(config.read_text().replace("env_name: CartPole-v0", "env_name: CartPole-v0\n  suite: tiny"))
    says = f"its environment is tiny's CartPole-v0, but that of {tmp_path}/gym is gym's CartPole-v0; returns compare"
    with pytest.raises(UsageError, match=re.escape(says)):
        load_studies([tmp_path / "gym", tmp_path / "tiny"])
