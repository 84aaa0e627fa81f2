"""Observations of every kind of space become the vector that was worked out by hand, and actions the combination."""

import collections
import json
import re

import gymnasium
import numpy as np
import pytest
from gym import spaces

from cartrl.environments import checking, flattening, suite
from cartrl.environments.environment import Environment
from cartrl.environments.gym_environment import GymEnvironment
from cartrl.environments.vector import VectorEnvironment
from cartrl.errors import CartrlError, UsageError
from cartrl.settings import EnvironmentSettings
from cartrl.settings.spaces import Served, SpaceKind
from tests import golden
from tests.helpers import one_line, run_several

INF = np.inf
FLOATS = spaces.Box(np.float32([-1, 0]), np.float32([1, 2]), dtype=np.float32)
GRID = spaces.Box(0, 9, (2, 2), np.int64)


# Of gym or gymnasium: the space, an observation, what it becomes, and the bounds of that.
OBSERVATIONS = {
    "Discrete": (spaces.Discrete(4), 2, [0, 0, 1, 0], [0] * 4, [1] * 4),
    "Discrete from -1": (spaces.Discrete(3, start=-1), -1, [1, 0, 0], [0] * 3, [1] * 3),
    "Discrete of gymnasium": (gymnasium.spaces.Discrete(3, start=5), np.int64(7), [0, 0, 1], [0] * 3, [1] * 3),
    "Discrete in an array": (spaces.Discrete(3), np.array([1]), [0, 1, 0], [0] * 3, [1] * 3),
    "MultiDiscrete": (spaces.MultiDiscrete([2, 3]), np.array([1, 2]), [0, 1, 0, 0, 1], [0] * 5, [1] * 5),
    "MultiDiscrete in rows": (
        spaces.MultiDiscrete([[2, 1], [1, 3]]),
        np.array([[0, 0], [0, 1]]),
        [1, 0, 1, 1, 0, 1, 0],
        [0] * 7,
        [1] * 7,
    ),
    "MultiDiscrete from 3 and -2": (
        gymnasium.spaces.MultiDiscrete([2, 3], start=[3, -2]),
        np.array([4, -2]),
        [0, 1, 1, 0, 0],
        [0] * 5,
        [1] * 5,
    ),
    "MultiDiscrete that looks like its vector": (
        spaces.MultiDiscrete([1, 1]),
        np.array([0.0, 0.0]),
        [1, 1],
        [0] * 2,
        [1] * 2,
    ),
    "MultiBinary": (spaces.MultiBinary(3), np.array([1, 0, 1], np.int8), [1, 0, 1], [0] * 3, [1] * 3),
    "MultiBinary in rows": (
        gymnasium.spaces.MultiBinary([2, 2]),
        np.array([[0, 1], [1, 0]], np.int8),
        [0, 1, 1, 0],
        [0] * 4,
        [1] * 4,
    ),
    "Box of bytes in a row": (
        spaces.Box(0, 255, (3,), np.uint8),
        np.array([0, 7, 255], np.uint8),
        [0, 7, 255],
        [0] * 3,
        [255] * 3,
    ),
    "Tuple": (
        spaces.Tuple((spaces.Discrete(2), FLOATS, GRID)),
        (1, np.array([0.5, 1.5]), np.array([[1, 2], [3, 4]])),
        [0, 1, 0.5, 1.5, 1, 2, 3, 4],
        [0, 0, -1, 0, 0, 0, 0, 0],
        [1, 1, 1, 2, 9, 9, 9, 9],
    ),
    "Dict by its sorted keys": (
        spaces.Dict(collections.OrderedDict(b=spaces.Discrete(2), a=spaces.Box(-INF, 3.0, (1,), np.float64))),
        {"b": 0, "a": np.array([2.5])},
        [2.5, 1, 0],
        [-INF, 0, 0],
        [3, 1, 1],
    ),
    "Dict in Tuple in Dict": (
        gymnasium.spaces.Dict(
            {
                "z": gymnasium.spaces.MultiBinary(1),
                "y": gymnasium.spaces.Tuple(
                    [
                        gymnasium.spaces.Dict(k=gymnasium.spaces.Discrete(2)),
                        gymnasium.spaces.Box(-2.0, 2.0, (), np.float32),
                    ]
                ),
            }
        ),
        {"z": [1], "y": ({"k": 1}, 0.25)},
        [0, 1, 0.25, 1],
        [0, 0, -2, 0],
        [1, 1, 2, 1],
    ),
}
# The space, its actions in the order in which they are counted.
ACTIONS = {
    "MultiDiscrete": (spaces.MultiDiscrete([2, 3]), [[0, 0], [0, 1], [0, 2], [1, 0], [1, 1], [1, 2]]),
    "MultiDiscrete from 3 and -2": (gymnasium.spaces.MultiDiscrete([1, 2], start=[3, -2]), [[3, -2], [3, -1]]),
    "MultiDiscrete in rows": (spaces.MultiDiscrete([[1], [2]]), [[[0], [0]], [[0], [1]]]),
    "MultiBinary": (spaces.MultiBinary(2), [[0, 0], [0, 1], [1, 0], [1, 1]]),
    "MultiBinary in rows": (gymnasium.spaces.MultiBinary([1, 1]), [[[0]], [[1]]]),
}


class Playing:
    """An environment of a suite that observes one thing, for ever, and keeps the actions that it is given."""

    def __init__(self, observation_space, observation, action_space=None):
        self.observation_space, self._observation = observation_space, observation
        self.action_space = spaces.Discrete(2) if action_space is None else action_space
        self.taken = []

    def reset(self, seed):
        return self._observation

    def step(self, action):
        self.taken.append(action)
        return self._observation, 1.0, len(self.taken) == 3, False


@pytest.mark.parametrize("case", OBSERVATIONS)
def test_an_observation_becomes_the_vector_worked_out_by_hand(case, monkeypatch):
    space, observation, expected, low, high = OBSERVATIONS[case]
    env = Environment(Playing(space, observation), case)
    assert env.observation_space == spaces.Box(np.float32(low), np.float32(high), dtype=np.float32)
    for found in (env.reset(0), env.step(0)[0]):
        assert (found.dtype, found.tolist()) == (np.dtype(np.float32), expected)
    checking.require_servable(env, "dqn", Served())
    monkeypatch.setattr(suite, "playable", lambda settings: Environment(Playing(space, observation), case))
    vector = VectorEnvironment(EnvironmentSettings(env_name="Any", max_episode_steps=5), 2)
    for episode in vector.run_episodes(lambda seen, _: np.zeros(len(seen), int), [1, 2]):
        assert episode.observations.tolist() == [expected] * 3
        assert episode.final_observation.tolist() == expected


# gym leaves an OrderedDict unsorted, and cannot flatten arrays of one number or of floats or MultiDiscrete in rows;
# gymnasium forgets the start of a MultiDiscrete.
OTHERWISE = {
    "Dict by its sorted keys",
    "Discrete in an array",
    "MultiDiscrete in rows",
    "MultiDiscrete that looks like its vector",
    "MultiDiscrete from 3 and -2",
}


@pytest.mark.parametrize("case", sorted(OBSERVATIONS.keys() - OTHERWISE))
def test_the_vector_is_the_one_into_which_gymnasium_and_gym_flatten(case):
    space, observation, expected, *_ = OBSERVATIONS[case]
    flatten = (spaces if isinstance(space, spaces.Space) else gymnasium.spaces).flatten
    assert np.ravel(flatten(space, observation)).tolist() == expected


@pytest.mark.parametrize(
    "space",
    [
        spaces.Box(0, 255, (8, 8, 3), np.uint8),
        spaces.Box(0, 1, (10, 10, 4), bool),
        spaces.Box(-1.0, 1.0, (2, 3), np.float64),
        FLOATS,
        gymnasium.spaces.Graph(gymnasium.spaces.Discrete(2), None),
        gymnasium.spaces.Dict(a=gymnasium.spaces.Text(3)),
        spaces.Tuple(()),
        spaces.Discrete(flattening.LONGEST + 1),
        spaces.MultiDiscrete([flattening.LONGEST, 2]),
    ],
    ids=str,
)
def test_a_box_and_what_cannot_become_a_vector_stay_as_they_are(space):
    assert flattening.observed(space) == (space, None)


@pytest.mark.parametrize(
    ("space", "value", "says"),
    [
        (
            spaces.Discrete(3),
            3,
            "returned a int as observation in reset, but says Discrete(3): 3 is none of its values",
        ),
        (spaces.Discrete(3), 1.5, "1.5 is none of its values"),
        (spaces.Discrete(3), None, "returned None as observation"),
        (spaces.Discrete(3), [1, 2], "2 of int64 are not 1 numbers"),
        (spaces.MultiDiscrete([2, 3]), np.array([2, 0]), "[2 0] is none of its values"),
        (spaces.MultiBinary(2), np.array([0, 2]), "[0 2] holds more than 0 and 1"),
        (spaces.Tuple((FLOATS, FLOATS)), (np.zeros(2),), "it is no sequence of 2"),
        (spaces.Tuple((FLOATS, FLOATS)), (np.zeros(2), np.zeros(3)), "3 of float64 are not 2 numbers"),
        (spaces.Dict(a=FLOATS, b=FLOATS), {"a": np.zeros(2)}, "it has not the keys a, b alone"),
        (spaces.Dict(a=FLOATS), {"a": np.zeros(2), "b": 0}, "it has not the keys a alone"),
        (spaces.Dict(a=FLOATS), {"a": np.array([0.0, np.nan])}, "returned nan as observation in reset"),
    ],
    ids=str,
)
def test_an_observation_that_is_not_in_its_space_is_refused(space, value, says):
    with pytest.raises(CartrlError, match=re.escape(says)):
        Environment(Playing(space, value), "Walk").reset(0)


@pytest.mark.parametrize("has_info", [False, True])
def test_an_observation_of_two_parts_is_not_taken_for_an_observation_and_its_info(has_info):
    observation = (np.zeros(2), {"a": 1})
    raw = Playing(
        spaces.Tuple((FLOATS, spaces.Dict(a=spaces.Discrete(2)))), (observation, {}) if has_info else observation
    )
    assert GymEnvironment(raw, "Walk").reset(0).tolist() == [0, 0, 0, 1]


@pytest.mark.parametrize("case", ACTIONS)
def test_actions_of_several_numbers_are_counted(case):
    space, actions = ACTIONS[case]
    raw = Playing(FLOATS, np.zeros(2), space)
    env = Environment(raw, case)
    assert env.action_space == spaces.Discrete(len(actions))
    for number in range(len(actions)):
        env.step(number)
    assert [action.tolist() for action in raw.taken] == actions
    assert [action.dtype for action in raw.taken] == [space.dtype] * len(actions)


def test_too_many_combinations_stay_as_they_are_and_are_refused():
    assert flattening.taken(spaces.MultiBinary(12)).space == spaces.Discrete(flattening.MOST)
    for space in (spaces.MultiBinary(13), spaces.MultiDiscrete([2**31] * 3), FLOATS, spaces.Discrete(10_000)):
        assert flattening.taken(space) == (space, None)
    env = Environment(Playing(FLOATS, np.zeros(2), spaces.MultiBinary(13)), "Walk")
    with pytest.raises(UsageError, match=r"Walk takes actions of MultiBinary\(13\), but DQN serves only Discrete$"):
        checking.require_servable(env, "dqn", Served(actions=(SpaceKind.DISCRETE,)))


MODULE = ["--import-module", "parts"]
CONFIG = """
environment: {env_name: "parts:Meet-v0"}
agent: {kind: ppo, fc_layer_params: [16], value_fc_layer_params: [16], batch_size: 64, learning_rate: 1e-2}
collect: {num_environments: 4, num_steps: 32}
train: {num_iterations: 16, checkpoint_interval: 1}
eval: {num_eval_episodes: 5, eval_interval: 8}
"""


@pytest.mark.slow
def test_an_environment_that_observes_a_dict_is_trained_resumed_evaluated_and_filmed(tmp_path):
    (tmp_path / "a.yaml").write_text(CONFIG)
    train = [*MODULE, "train", "a.yaml", "--quiet", "--run-dir"]
    shown, *trained, evaluated, filmed = run_several(
        [*MODULE, "env", "parts:Meet-v0"],
        [*train, "whole"],
        [*train, "stopped", "--set", "train.num_iterations=8"],
        [*MODULE, "train", "--resume", "stopped", "--set", "train.num_iterations=16", "--quiet"],
        [*MODULE, "eval", "whole/policies/final", "--json"],
        [*MODULE, "record", "whole", "--episodes", "1", "--output", "film.gif"],
        cwd=tmp_path,
    )
    for outcome in (shown, *trained, evaluated, filmed):
        assert outcome.returncode == 0, outcome.stderr
    assert "Box, shape (15,), float32" in shown.stdout
    assert "from Dict(at:Box" in shown.stdout
    assert "Discrete, int64, 0 to 8" in shown.stdout
    assert "from MultiDiscrete([3 3])" in shown.stdout
    whole = golden.read(tmp_path / "whole/metrics.csv")
    assert golden.read(tmp_path / "stopped/metrics.csv") == whole
    assert float(whole[-1]["greedy_return_mean"]) > 0.5  # at most 0.9 and, of a goal at the other side, 0.8
    assert set(json.loads(evaluated.stdout)["ended"]) == {"terminated"}
    assert (tmp_path / "film.gif").stat().st_size > 0
    sidecar = json.loads((tmp_path / "whole/policies/final/policy.json").read_text())
    assert (sidecar["specs"]["observation"]["shape"], sidecar["specs"]["action"]["maximum"]) == ([15], 8)


@pytest.mark.slow
def test_a_run_with_a_dict_is_reproduced_and_actions_may_start_anywhere(tmp_path):
    (tmp_path / "a.yaml").write_text(CONFIG)
    train = [*MODULE, "train", "a.yaml", "--quiet", "--set", "train.num_iterations=2", "--run-dir"]
    outcomes = run_several(
        [*train, "run"],
        [*MODULE, "reproduce", "run"],
        [*train, "alone", "--set", "environment.env_name=parts:MeetAlone-v0"],
        cwd=tmp_path,
    )
    assert [outcome.returncode for outcome in outcomes] == [0] * 3
    assert "identical" in outcomes[1].stdout
    sidecar = json.loads((tmp_path / "alone/policies/final/policy.json").read_text())
    assert (sidecar["specs"]["action"]["start"], sidecar["specs"]["action"]["maximum"]) == (3, 2)


def test_continuous_control_alone_names_the_agents_that_can(tmp_path):
    (tmp_path / "a.yaml").write_text("environment: {env_name: FrozenLake-v1}\nagent: {kind: sac}\n")
    (outcome,) = run_several(["train", "a.yaml"], cwd=tmp_path)
    assert one_line(outcome, 2) == (
        "a.yaml, line 1: environment.env_name: FrozenLake-v1 takes actions of Discrete(4), but SAC serves only a Box "
        "of floats; agent.kind may be reinforce, ppo, dqn"
    )
    assert not outcome.tensorflow
