"""Wrappers against values worked out by hand, in orders that make sense, and Atari's against gymnasium's own."""

import json
import re

import numpy as np
import pytest
from gym import spaces

from cartrl.environments import suite, wrappers
from cartrl.environments.environment import Environment
from cartrl.environments.vector import VectorEnvironment
from cartrl.environments.wrappers.steps import NOOPS, STICKY
from cartrl.environments.wrappers.wrapper import WrapperError
from cartrl.errors import UsageError
from cartrl.settings import EnvironmentSettings, load
from cartrl.settings.wrappers import KINDS
from tests import golden
from tests.helpers import one_line, run_several

LEVELS = spaces.Box(0, 255, (2, 2, 3), np.uint8)
VECTOR = spaces.Box(np.float32([-1, -1]), np.float32([9, 9]), dtype=np.float32)
DISCRETE = spaces.Discrete(3)


class Script:
    """An environment whose step number t observes what `seen` makes of t, and pays `rewards`[t - 1]; it keeps actions.

    It loses a life in the steps `losses`, and terminates after the last reward.
    """

    def __init__(self, seen, rewards=(1.0,) * 10, space=VECTOR, actions=DISCRETE, losses=()):
        self._seen, self._rewards, self._losses = seen, rewards, losses
        self.observation_space, self.action_space = space, actions
        self.metadata = {"render_fps": 60}
        self.taken, self.seeds = [], []

    def reset(self, seed):
        self.seeds.append(seed)
        self._step = 0
        return self._seen(0)

    def step(self, action):
        self.taken.append(action)
        self._step += 1
        has_ended = self._step == len(self._rewards)
        return self._seen(self._step), self._rewards[self._step - 1], has_ended, False

    def lives(self):
        return 3 - sum(step <= self._step for step in self._losses)

    def render(self):
        return np.full((4, 4, 3), self._step, np.uint8)


def vector(step):
    return np.array([step, -step / 10])


def colours(step):
    """Return a picture whose first row is black and white, and whose second is of one colour and of the step."""
    return np.array([[[0, 0, 0], [255, 255, 255]], [[100, 50, 200], [step, step, step]]], np.uint8)


def around(script, *items, time_limit=100):
    settings = EnvironmentSettings(env_name="Script", wrappers=items)
    return wrappers.wrapped(Environment(script, "Script"), settings.layers, lambda: time_limit)


def play(env, *actions, seed=7):
    """Return what the wrapped environment itself returns from reset and from steps, as lists."""
    steps = [env.raw.step(action) for action in actions]
    return [(np.asarray(seen).tolist(), *rest) for seen, *rest in steps]


def begun(env, seed=7):
    return np.asarray(env.raw.reset(seed)).tolist()


def test_an_action_is_repeated_until_the_episode_ends():
    script = Script(vector, rewards=(1.0, 2.0, 4.0, 8.0, 16.0))
    env = around(script, {"kind": "action_repeat", "times": 3})
    assert begun(env) == [0, 0]
    assert play(env, 2, 0) == [([3, -0.3], 7.0, False, False), ([5, -0.5], 24.0, True, False)]
    assert script.taken == [2, 2, 2, 0, 0]
    assert env.frame_rate.fps == 20
    assert env.frame()[0, 0, 0] == 5


def test_the_time_that_is_left_is_appended():
    env = around(Script(vector), {"kind": "time_in_observation"}, time_limit=4)
    assert env.observation_space == spaces.Box(np.float32([-1, -1, 0]), np.float32([9, 9, 1]), dtype=np.float32)
    assert begun(env) == [0, 0, 1]
    assert [seen for seen, *_ in play(env, 0, 0, 0, 0)] == [
        [1, -0.1, 0.75],
        [2, -0.2, 0.5],
        [3, -0.3, 0.25],
        [4, -0.4, 0],
    ]
    assert begun(env) == [0, 0, 1]


def test_pictures_become_a_vector_row_by_row():
    env = around(Script(colours, space=LEVELS), {"kind": "flatten"})
    assert env.observation_space == spaces.Box(0.0, 255.0, (12,), np.float32)
    assert begun(env) == [0, 0, 0, 255, 255, 255, 100, 50, 200, 0, 0, 0]
    assert play(env, 0)[0][0] == [0, 0, 0, 255, 255, 255, 100, 50, 200, 1, 1, 1]


def test_pictures_become_gray():
    env = around(Script(colours, space=LEVELS), {"kind": "grayscale"})
    assert env.observation_space == spaces.Box(0, 255, (2, 2, 1), np.uint8)
    assert begun(env) == [[[0], [255]], [[82], [0]]]  # 29.89 + 29.35 + 22.8 = 82.04
    assert play(env, 0, 0)[1][0] == [[[0], [255]], [[82], [2]]]
    gray = spaces.Box(0, 255, (2, 2), np.uint8)
    as_they_are = around(Script(lambda step: np.full((2, 2), step, np.uint8), space=gray), {"kind": "grayscale"})
    assert begun(as_they_are) == [[[0], [0]], [[0], [0]]]


def test_gray_levels_are_those_of_exact_arithmetic():
    red, green, blue = np.meshgrid(*[np.arange(0, 256, 5)] * 3, indexing="ij")
    levels = np.stack([red, green, blue], axis=-1).reshape(52 * 52, 52, 3)
    space = spaces.Box(0, 255, levels.shape, np.uint8)
    env = around(Script(lambda _: levels.astype(np.uint8), space=space), {"kind": "grayscale"})
    exact = (levels @ np.array([2989, 5870, 1140]) + 5000) // 10_000
    assert np.array_equal(env.raw.reset(0)[:, :, 0], exact)


def test_a_pixel_of_a_smaller_picture_is_the_mean_of_the_area_that_it_covers():
    space = spaces.Box(0, 255, (4, 2, 1), np.uint8)
    picture = np.array([[0, 10], [20, 30], [1, 2], [3, 2]], np.uint8)[:, :, np.newaxis]
    env = around(Script(lambda _: picture, space=space), {"kind": "resize", "height": 2, "width": 1})
    assert env.observation_space == spaces.Box(0, 255, (2, 1, 1), np.uint8)
    assert begun(env) == [[[15]], [[2]]]
    assert around(Script(colours, space=LEVELS), {"kind": "resize"}).observation_space.shape == (84, 84, 3)


def test_the_maximum_of_the_last_two_frames_is_observed():
    def flickering(step):
        return np.full((2, 2, 3), {0: 9, 1: 200, 2: 30, 3: 20, 4: 10, 5: 50, 6: 5}[step], np.uint8)

    script = Script(flickering, rewards=(1.0,) * 6, space=LEVELS)
    env = around(script, {"kind": "frame_skip", "frames": 4})
    assert begun(env) == np.full((2, 2, 3), 9).tolist()
    steps = play(env, 1, 2)
    assert [seen[0][0][0] for seen, *_ in steps] == [20, 50]  # of the frames 3 and 4, and of 5 and 6, where it ends
    assert [rest for _, *rest in steps] == [[4.0, False, False], [2.0, True, False]]
    assert script.taken == [1, 1, 1, 1, 2, 2]
    assert env.frame_rate.fps == 15


def test_an_episode_that_ends_in_the_first_frame_of_a_step_observes_that_frame_alone():
    script = Script(lambda step: np.full((2, 2, 3), 9 - step, np.uint8), rewards=(1.0,) * 5, space=LEVELS)
    env = around(script, {"kind": "frame_skip"})
    begun(env)
    assert play(env, 0, 0)[1] == (np.full((2, 2, 3), 4).tolist(), 1.0, True, False)


@pytest.mark.parametrize(
    ("script", "first", "second", "low"),
    [
        (Script(vector), [0, 0, 0, 0, 0, 0], [0, 0, 1, -0.1, 2, -0.2], [-1] * 6),
        (
            Script(lambda step: np.full((1, 1, 1), step, np.uint8), space=spaces.Box(0, 255, (1, 1, 1), np.uint8)),
            [[[0, 0, 0]]],
            [[[0, 1, 2]]],
            [[[0, 0, 0]]],
        ),
    ],
    ids=["vector", "picture"],
)
def test_the_last_frames_are_stacked_along_the_last_axis(script, first, second, low):
    env = around(script, {"kind": "frame_stack", "frames": 3})
    assert env.observation_space.low.tolist() == low
    assert env.observation_space.dtype == script.observation_space.dtype
    assert begun(env) == first
    assert play(env, 0, 0)[1][0] == second
    assert begun(env) == first


def test_frames_that_the_environment_writes_over_are_stacked_and_compared_as_they_were():
    screen = np.zeros((2, 2, 3), np.uint8)

    def written(step):
        screen[:] = 100 - step
        return screen

    env = around(
        Script(written, space=LEVELS), {"kind": "frame_skip", "frames": 2}, {"kind": "frame_stack", "frames": 2}
    )
    begun(env)
    assert play(env, 0)[0][0][0][0] == [100, 100, 100, 99, 99, 99]


def test_rewards_are_clipped_to_their_signs():
    env = around(Script(vector, rewards=(5.0, -0.5, 0.0, 1.0)), {"kind": "clip_rewards"})
    begun(env)
    assert [reward for _, reward, *_ in play(env, 0, 0, 0, 0)] == [1.0, -1.0, 0.0, 1.0]


def test_a_lost_life_terminates_and_the_next_episode_is_a_new_game():
    env = around(Script(vector, losses=(2, 3)), {"kind": "life_loss_ends"})
    begun(env)
    assert [terminated for *_, terminated, _ in play(env, 0, 0, 0, 0)] == [False, True, True, False]
    assert begun(env) == [0, 0]
    assert play(env, 0)[0][2] is False


def test_an_action_sticks_as_often_as_is_drawn_from_the_seed():
    script = Script(vector, rewards=(0.0,) * 1_000)
    env = around(script, {"kind": "sticky_actions", "probability": 0.3})
    chosen = np.random.default_rng(0).integers(3, size=999).tolist()
    begun(env, seed=5)
    play(env, *chosen)
    draws, before, expected = np.random.default_rng((5, STICKY)), chosen[0], [chosen[0]]
    for action in chosen[1:]:
        before = before if draws.random() < 0.3 else action
        expected.append(before)
    assert script.taken == expected
    differ = np.mean(np.array(script.taken) != chosen)
    assert differ == pytest.approx(0.2, abs=0.04)  # of 0.3, a third is the chosen one all the same
    script.taken.clear()
    begun(env, seed=5)
    play(env, *chosen)
    assert script.taken == expected


def test_an_episode_begins_with_as_many_no_ops_as_are_drawn_from_the_seed():
    counts = []
    for seed in range(200):
        script = Script(vector, rewards=(0.0,) * 40, actions=spaces.Discrete(3, start=5))
        env = around(script, {"kind": "noop_starts", "max_noops": 6})
        count = int(np.random.default_rng((seed, NOOPS)).integers(1, 7))
        assert begun(env, seed) == [count, -count / 10]
        assert script.taken == [5] * count
        counts.append(count)
    assert sorted(set(counts)) == [1, 2, 3, 4, 5, 6]


def test_an_episode_that_no_ops_end_begins_anew():
    seed = next(seed for seed in range(100) if np.random.default_rng((seed, NOOPS)).integers(1, 7) == 5)
    script = Script(vector, rewards=(0.0,) * 3)
    assert begun(around(script, {"kind": "noop_starts", "max_noops": 6}), seed) == [2, -0.2]
    assert script.seeds == [seed, seed + 1]


@pytest.mark.parametrize(
    ("items", "says"),
    [
        (
            [{"kind": "frame_stack"}, {"kind": "resize"}],
            "resize must stand before frame_stack, as each frame is resized by itself",
        ),
        (
            [{"kind": "frame_stack"}, {"kind": "grayscale"}],
            "grayscale must stand before frame_stack, as it needs pictures in three colours",
        ),
        (
            [{"kind": "frame_skip"}, {"kind": "sticky_actions"}],
            "sticky_actions must stand before frame_skip, as an action sticks for single frames",
        ),
        (
            [{"kind": "action_repeat"}, {"kind": "noop_starts"}],
            "noop_starts must stand before action_repeat, as no-ops are single frames",
        ),
        (
            [{"kind": "clip_rewards"}, {"kind": "frame_skip"}],
            "frame_skip must stand before clip_rewards, as that counts steps of the policy",
        ),
        (
            [{"kind": "time_in_observation"}, {"kind": "flatten"}],
            "flatten must stand before time_in_observation, as the time is appended to a vector",
        ),
        ([{"kind": "atari"}, {"kind": "resize"}], "resize is there twice"),
        (
            [{"kind": "frame_skip"}, {"kind": "action_repeat"}],
            "action_repeat and frame_skip both repeat actions; take one of them",
        ),
        ([{"kind": "graysale"}], "there is no wrapper 'graysale', did you mean 'grayscale'?"),
        ([{"kind": "zzz"}], f"there is no wrapper 'zzz'; there are {', '.join(KINDS)}"),
        (
            ["frame_stack"],
            "'frame_stack' is no wrapper; one is a mapping with a kind, such as {kind: frame_stack}",
        ),
        (
            [{"kind": "resize", "hight": 3}],
            "the wrapper resize has no setting 'hight', did you mean 'height'?",
        ),
        ([{"kind": "flatten", "zzz": 3}], "the wrapper flatten has no setting 'zzz'; it has none"),
        (
            [{"kind": "resize", "height": 0}],
            "height of the wrapper resize is 0, but must be a whole number from 1 to 4096",
        ),
        (
            [{"kind": "sticky_actions", "probability": 1}],
            "probability of the wrapper sticky_actions is 1, but must be a number greater than 0 and less than 1",
        ),
        (
            [{"kind": "atari", "protocol": "mnih"}],
            "protocol of the wrapper atari is 'mnih', but must be 'machado2018' or 'mnih2015'",
        ),
    ],
    ids=str,
)
def test_wrappers_that_make_no_sense_are_refused_in_one_sentence(items, says, tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("environment:\n  env_name: CartPole-v1\n  wrappers: " + json.dumps(items))
    with pytest.raises(UsageError) as error:
        load(path)
    assert str(error.value) == f"{path}, line 3: environment.wrappers: {says}"


@pytest.mark.parametrize(
    ("script", "item", "says"),
    [
        (
            Script(vector),
            {"kind": "grayscale"},
            "grayscale needs pictures in three colours or gray, uint8, but is around",
        ),
        (Script(vector), {"kind": "resize"}, "resize needs pictures, uint8, but is around observations of Box("),
        (Script(vector), {"kind": "frame_skip"}, "frame_skip needs pictures, uint8 (action_repeat needs none), but"),
        (Script(colours, space=LEVELS), {"kind": "time_in_observation"}, "time_in_observation needs a vector, but is"),
        (
            Script(vector, actions=VECTOR),
            {"kind": "noop_starts"},
            "noop_starts needs Discrete actions, but is around actions of Box(",
        ),
    ],
    ids=["colours", "pictures", "frames", "vector", "whole numbers"],
)
def test_a_wrapper_that_does_not_fit_the_environment_is_refused(script, item, says):
    with pytest.raises(WrapperError, match=re.escape(says)):
        around(script, item)


def test_life_loss_needs_lives():
    with pytest.raises(WrapperError, match="life_loss_ends needs lives, but the environment does not count any"):
        suite.playable(EnvironmentSettings(env_name="CartPole-v1", wrappers=[{"kind": "life_loss_ends"}]))


def test_what_is_for_learning_alone_is_not_there_where_a_policy_is_judged():
    settings = EnvironmentSettings(env_name="Any", wrappers=[{"kind": "atari", "protocol": "mnih2015"}])
    learned = ["noop_starts", "life_loss_ends", "grayscale", "frame_skip", "resize", "frame_stack", "clip_rewards"]
    assert [layer.kind for layer in settings.layers] == learned
    judged = [kind for kind in learned if kind not in ("life_loss_ends", "clip_rewards")]
    assert [layer.kind for layer in settings.judged().layers] == judged
    assert settings.judged().judged() == settings.judged()
    assert settings.repeats == settings.judged().repeats == 4
    preset = [layer.kind for layer in EnvironmentSettings(env_name="Any", wrappers=[{"kind": "atari"}]).layers]
    assert preset == ["sticky_actions", *judged[1:], "clip_rewards"]


@pytest.mark.parametrize(
    ("items", "limit", "threshold"),
    [
        ([], 500, (475.0, "")),
        ([{"kind": "action_repeat", "times": 3}], 167, (475.0, "")),  # 500 / 3 = 166.7
        (
            [{"kind": "sticky_actions"}, {"kind": "frame_stack"}],
            500,
            (None, "gym's reward threshold of 475 is for the environment without sticky_actions"),
        ),
    ],
)
def test_the_suites_time_limit_is_in_its_own_steps(items, limit, threshold):
    settings = EnvironmentSettings(env_name="CartPole-v1", wrappers=items)
    assert suite.time_limit(settings) == limit
    assert suite.time_limit(settings.copy(update={"max_episode_steps": 9})) == 9
    assert suite.solved_from(settings) == threshold


@pytest.mark.parametrize("name", ["gym/Pendulum-v1", "gymnasium/Pendulum-v1", "dm_control/cartpole-swingup"])
def test_wrappers_are_around_environments_of_every_suite(name):
    pytest.importorskip(name.split("/")[0])
    items = [{"kind": "sticky_actions"}, {"kind": "action_repeat", "times": 2}, {"kind": "time_in_observation"}]
    suite_name, env_name = name.split("/")
    settings = EnvironmentSettings(
        env_name=env_name, suite=suite_name, wrappers=[*items, {"kind": "frame_stack"}], max_episode_steps=10
    )
    vector = VectorEnvironment(settings, 2)
    plain = suite.playable(EnvironmentSettings(env_name=env_name, suite=suite_name))
    size = plain.observation_space.shape[0]
    assert vector.observation_space.shape == (4 * (size + 1),)
    first, again = (vector.run_episodes(lambda seen, _: np.tanh(seen[:, :1]) / 2, [3, 4, 3]) for _ in range(2))
    assert np.array_equal(first[0].observations[0, :size], plain.reset(3))
    assert first[0].observations[:, -1] == pytest.approx(1 - np.arange(10) / 10)
    for one, other in zip(first, again):
        assert np.array_equal(one.observations, other.observations)
    assert np.array_equal(first[0].observations, first[2].observations)


WRAPPED = """
environment:
  env_name: CartPole-v1
  wrappers:
    - {kind: sticky_actions}
    - {kind: action_repeat, times: 2}
    - {kind: time_in_observation}
    - {kind: frame_stack, frames: 2}
    - kind: clip_rewards
agent: {kind: ppo, fc_layer_params: [8], value_fc_layer_params: [8], batch_size: 32}
collect: {num_environments: 2, num_steps: 32}
train: {num_iterations: 4, checkpoint_interval: 1}
eval: {num_eval_episodes: 3, eval_interval: 2}
"""


def test_a_run_in_wrappers_is_trained_stopped_resumed_and_judged_by_the_true_rewards(tmp_path):
    (tmp_path / "a.yaml").write_text(WRAPPED)
    train = ["train", "a.yaml", "--quiet", "--run-dir"]
    *trained, other, evaluated, filmed, engine = run_several(
        [*train, "whole"],
        [*train, "stopped", "--set", "train.num_iterations=2"],
        ["train", "--resume", "stopped", "--set", "train.num_iterations=4", "--quiet"],
        ["train", "--resume", "stopped", "--set", "environment.wrappers=[{kind: flatten}]"],
        ["eval", "whole/policies/final", "--episodes", "20", "--json"],
        ["record", "whole", "--episodes", "1", "--output", "film.gif"],
        ["train", "a.yaml", "--set", "environment.wrappers=[{kind: flatten}]", "--set", "collect.engine=compiled"],
        cwd=tmp_path,
    )
    for outcome in (*trained, evaluated, filmed):
        assert outcome.returncode == 0, outcome.stderr
    assert "environment.wrappers" in one_line(other, 2)
    assert "CartPole-v1 in wrappers has no compiled twin" in one_line(engine, 2)
    whole = golden.read(tmp_path / "whole/metrics.csv")
    assert golden.read(tmp_path / "stopped/metrics.csv") == whole
    report = json.loads(evaluated.stdout)
    for episode_return, length in zip(report["returns"], report["lengths"]):
        assert episode_return in (2 * length, 2 * length - 1)  # the last step may end after one of its two
    assert report["no_verdict"].endswith("is for the environment without sticky_actions")
    episodes = np.diff([int(row["episodes"]) for row in whole])
    collected = sum(float(row["collect_return_mean"]) * count for row, count in zip(whole[1:], episodes))
    steps = int(whole[-1]["environment_steps"])
    assert 0.8 * steps < collected <= steps  # 1 for each step, where the true reward is 2
    sidecar = json.loads((tmp_path / "whole/policies/final/policy.json").read_text())
    assert sidecar["environment"]["max_episode_steps"] == 250
    assert [item["kind"] for item in sidecar["environment"]["wrappers"]][-2:] == ["frame_stack", "clip_rewards"]
    assert sidecar["specs"]["observation"]["shape"] == [10]
    assert "{kind: 'action_repeat', times: 2}" in (tmp_path / "whole/config.yaml").read_text()


FRAMES = [{"kind": "grayscale"}, {"kind": "frame_skip"}, {"kind": "resize"}, {"kind": "frame_stack"}]


@pytest.mark.parametrize(
    ("of", "game", "obs_type"),
    [("gymnasium", "Pong", "rgb"), ("atari", "Pong", "rgb"), ("atari", "Breakout", "grayscale")],
)
def test_atari_is_what_gymnasium_makes_of_it_pixel_for_pixel(of, game, obs_type):
    ale_py = pytest.importorskip("ale_py")
    gymnasium = pytest.importorskip("gymnasium")
    pytest.importorskip("cv2")
    gymnasium.register_envs(ale_py)
    own = {"frameskip": 1, "repeat_action_probability": 0.0}
    name = f"ALE/{game}-v5"
    chosen = {
        "atari": {"env_name": game, "kwargs": {"obs_type": obs_type}},
        "gymnasium": {"env_name": name, "kwargs": {**own, "obs_type": obs_type}},
    }
    mine = suite.playable(EnvironmentSettings(suite=of, wrappers=FRAMES, **chosen[of])).raw
    preprocessed = gymnasium.wrappers.AtariPreprocessing(gymnasium.make(name, **own), noop_max=0)
    theirs = gymnasium.wrappers.FrameStackObservation(preprocessed, 4)
    random = np.random.default_rng(1)
    observation, expected = mine.reset(11), theirs.reset(seed=11)[0]
    assert np.array_equal(observation, np.moveaxis(expected, 0, -1))
    compared = 0
    for seed in range(1_000):
        action = int(random.integers(theirs.action_space.n))
        observation, *rest = mine.step(action)
        expected, *others = theirs.step(action)
        assert rest == others[:3]
        if rest[1] or rest[2]:
            # A last step of less than four frames: gymnasium then shows the frames of the step before.
            observation, expected = mine.reset(seed), theirs.reset(seed=seed)[0]
        assert np.array_equal(observation, np.moveaxis(expected, 0, -1))
        compared += 1
    assert compared == 1_000


def test_atari_that_skips_or_sticks_by_itself_is_not_wrapped_to_do_so_twice():
    ale_py = pytest.importorskip("ale_py")
    pytest.importorskip("gymnasium").register_envs(ale_py)
    for kwargs, protocol, says in (
        ({}, "machado2018", "set environment.kwargs.repeat_action_probability=0.0"),
        ({}, "mnih2015", "takes 4 frames a step itself; set environment.kwargs.frameskip=1"),
    ):
        items = [{"kind": "atari", "protocol": protocol}]
        settings = EnvironmentSettings(env_name="ALE/Pong-v5", suite="gymnasium", kwargs=kwargs, wrappers=items)
        with pytest.raises(WrapperError, match=says):
            suite.playable(settings)


def test_life_loss_is_that_of_gymnasium():
    ale_py = pytest.importorskip("ale_py")
    gymnasium = pytest.importorskip("gymnasium")
    gymnasium.register_envs(ale_py)
    own = {"frameskip": 1, "repeat_action_probability": 0.0}
    items = [{"kind": "life_loss_ends"}, *FRAMES]
    mine = suite.playable(EnvironmentSettings(env_name="Breakout", suite="atari", wrappers=items))
    theirs = gymnasium.wrappers.AtariPreprocessing(
        gymnasium.make("ALE/Breakout-v5", **own), noop_max=0, terminal_on_life_loss=True
    )
    ends = 0
    for seed in range(3):
        mine.raw.reset(seed)
        theirs.reset(seed=seed)
        for step in range(200):
            action = 1 + step % 2  # fires, and goes to the right
            _, reward, terminated, _ = mine.raw.step(action)
            assert (reward, terminated) == theirs.step(action)[1:3]
            if terminated:
                assert theirs.unwrapped.ale.lives() == 4
                ends += 1
                break
    assert ends == 3
