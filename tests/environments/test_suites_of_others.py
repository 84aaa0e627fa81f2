"""The suites around gymnasium and DM Control, and Box2D's environments: what they play is what the packages play."""

import json
import subprocess
import sys

import dm_control.suite
import gym
import gymnasium
import numpy as np
import pytest
from PIL import Image

from cartrl.environments import suite
from cartrl.environments.vector import VectorEnvironment
from cartrl.errors import CartrlError, UsageError
from cartrl.settings import EnvironmentSettings, suites
from cartrl.settings.environment_names import NAMES
from tests.helpers import one_line, run_cartrl, run_several

BOX2D = [
    ("gym", "LunarLander-v2"),
    ("gym", "LunarLanderContinuous-v2"),
    ("gym", "BipedalWalker-v3"),
    ("gymnasium", "LunarLander-v3"),
    ("gymnasium", "BipedalWalker-v3"),
    ("gymnasium", "BipedalWalkerHardcore-v3"),
]
MUJOCO = [
    ("gymnasium", "HalfCheetah-v5"),
    ("gymnasium", "Hopper-v5"),
    *(("dm_control", name) for name in ("cartpole-swingup", "walker-walk", "reacher-easy", "quadruped-escape")),
    *(("dm_control", name) for name in ("manipulator-bring_ball", "stacker-stack_2", "swimmer-swimmer6", "fish-swim")),
]
CLASSIC = [("gymnasium", name) for name in ("Pendulum-v1", "CartPole-v1", "Acrobot-v1", "MountainCarContinuous-v0")]


def settings_of(suite_name, env_name, **others):
    return EnvironmentSettings(suite=suite_name, env_name=env_name, **others)


def moves(space, seed, count):
    """Return ``count`` actions, drawn with ``seed``."""
    random = np.random.default_rng(seed)
    if hasattr(space, "n"):
        return [int(random.integers(space.n)) for _ in range(count)]
    return list(random.uniform(np.maximum(space.low, -5), np.minimum(space.high, 5), (count, *space.shape)))


def episode(env, seed, count=150):
    """Return what an episode with drawn actions observes and pays, as one array."""
    seen = [np.append(env.reset(seed), 0.0)]
    for action in moves(env.action_space, seed, count):
        observation, reward, terminated, truncated = env.step(np.float32(action) if np.ndim(action) else action)
        seen.append(np.append(observation, reward))
        if terminated or truncated:
            break
    return np.array(seen)


@pytest.mark.parametrize(("suite_name", "env_name"), [*BOX2D, *MUJOCO, *CLASSIC])
def test_an_episode_is_the_same_again_after_others_and_in_a_fresh_object(suite_name, env_name):
    used, fresh = (suite.playable(settings_of(suite_name, env_name)) for _ in range(2))
    first = [episode(used, seed) for seed in range(4)]
    for seed in (3, 1, 0, 2):
        assert np.array_equal(episode(used, seed), first[seed])
    assert np.array_equal(episode(fresh, 3), first[3])
    assert not np.array_equal(first[0][0], first[1][0])


@pytest.mark.parametrize("env_name", [name for suite_name, name in [*BOX2D, *CLASSIC] if suite_name == "gymnasium"])
def test_an_episode_of_gymnasiums_suite_is_what_gymnasium_itself_plays(env_name):
    played = episode(suite.playable(settings_of("gymnasium", env_name)), 5)
    env = gymnasium.make(env_name)
    expected = [np.append(env.reset(seed=5)[0], 0.0)]
    for action in moves(env.action_space, 5, len(played) - 1):
        observation, reward, *_ = env.step(np.float32(action) if np.ndim(action) else action)
        expected.append(np.append(np.float32(observation), reward))
    assert np.array_equal(played, np.array(expected))


@pytest.mark.parametrize("env_name", ["cartpole-swingup", "reacher-hard", "finger-turn_easy", "humanoid-walk"])
def test_an_episode_of_dm_controls_suite_is_what_dm_control_itself_plays(env_name):
    env = suite.playable(settings_of("dm_control", env_name))
    domain, _, task = env_name.partition("-")
    own = dm_control.suite.load(domain, task, task_kwargs={"random": np.random.RandomState(7)})
    generator = own.task.random
    for seed in (7, 8):
        generator.seed(seed)
        played, step = episode(env, seed, 40), own.reset()
        expected = [[*(number for part in step.observation.values() for number in np.ravel(part)), 0.0]]
        for action in moves(env.action_space, seed, 40):
            step = own.step(np.float32(action))
            expected.append([*(number for part in step.observation.values() for number in np.ravel(part)), step.reward])
        assert np.array_equal(played[:, :-1], np.float32(expected)[:, :-1])
        assert np.array_equal(played[:, -1], np.array(expected)[:, -1])


def test_dm_control_observes_in_the_order_in_which_the_task_lists_it():
    env = suite.playable(settings_of("dm_control", "finger-turn_easy"))
    own = dm_control.suite.load("finger", "turn_easy", task_kwargs={"random": 3})
    observed = own.reset().observation
    assert list(observed) == ["position", "velocity", "touch", "target_position", "dist_to_target"]
    observation = env.reset(3)
    assert observation.shape == (4 + 3 + 2 + 2 + 1,)
    assert np.array_equal(observation[:4], np.float32(observed["position"]))
    assert observation[-1] == np.float32(observed["dist_to_target"])


@pytest.mark.parametrize(
    ("suite_name", "env_name", "limit", "threshold", "rate"),
    [
        ("gymnasium", "Pendulum-v1", 200, None, 30),
        ("gymnasium", "LunarLander-v3", 1000, 200.0, 50),
        ("gymnasium", "CartPole-v0", 200, 195.0, 50),
        ("gymnasium", "HalfCheetah-v5", 1000, 4800.0, 20),
        ("gym", "LunarLander-v2", 1000, 200.0, 50),
        ("dm_control", "cartpole-swingup", 1000, None, 100),  # 10 s of steps of 0.01 s
        ("dm_control", "walker-walk", 1000, None, 40),  # 25 s of 0.025 s
        ("dm_control", "lqr-lqr_2_1", None, None, 1000 / 30),
        ("cartrl", "Catch", 9, 0.95, 10),
    ],
)
def test_what_is_known_of_an_environment(suite_name, env_name, limit, threshold, rate):
    settings = settings_of(suite_name, env_name)
    assert suite.describe(settings) == suite.Description(limit, threshold)
    assert suite.playable(settings).frame_rate.fps == pytest.approx(rate, abs=0.01)


@pytest.mark.parametrize(("suite_name", "env_name"), [("gymnasium", "Pendulum-v1"), ("dm_control", "pendulum-swingup")])
def test_the_time_limit_truncates_and_may_be_longer_than_the_suites_own(suite_name, env_name):
    own = suite.time_limit(settings_of(suite_name, env_name))
    for limit in (3, own, own + 5):
        vector = VectorEnvironment(settings_of(suite_name, env_name, max_episode_steps=limit), 2)
        found = vector.evaluate(lambda observations, _: np.zeros((len(observations), 1), np.float32), [1, 2, 3])
        assert found.lengths.tolist() == [limit] * 3
        assert not found.terminated.any()


def test_the_end_of_a_task_is_a_termination():
    vector = VectorEnvironment(settings_of("gymnasium", "CartPole-v1"), 2)
    found = vector.evaluate(lambda observations, _: np.ones(len(observations), int), [1, 2])
    assert found.terminated.all()
    assert (found.lengths < 12).all()
    linear = suite.playable(settings_of("dm_control", "lqr-lqr_2_1", max_episode_steps=20_000))
    observation, ends = linear.reset(0), (False, False)
    while ends == (False, False):  # until it has come to rest, whereupon DM Control gives a discount of 0
        pull = -2 * (observation[0] + observation[2])  # against the position and the speed of the first mass
        observation, _, *ends = linear.step(np.array([pull], np.float32))
        ends = tuple(ends)
    assert ends == (True, False)


def test_the_names_for_hints_are_those_of_the_packages():
    for suite_name, names in NAMES.items():
        assert set(names) <= set(suite.names(suite_name)), suite_name
        assert len(set(names)) == len(names)
    assert set(NAMES["dm_control"]) == set(suite.names("dm_control"))


def test_names_are_listed_one_a_line_or_as_json(tmp_path):
    lines, as_json, *refused = run_several(
        ["env", "--suite", "dm_control"],
        ["env", "--json"],
        ["env", "CartPole-v1", "--json"],
        ["env", "--picture", "a.png"],
        cwd=tmp_path,
    )
    assert lines.stdout.split("\n") == [*sorted(NAMES["dm_control"]), ""]
    names = json.loads(as_json.stdout)
    assert set(NAMES["gym"]) < set(names) == {spec.id for spec in gym.envs.registry.all()} & set(names)
    assert [one_line(outcome, 2) for outcome in refused] == [
        "--json is for the list, without NAME",
        "--picture is of an environment: give its NAME",
    ]


@pytest.mark.parametrize(
    ("suite_name", "env_name", "says"),
    [
        ("gym", "LunarLander-v3", "; gymnasium has it: environment.suite: gymnasium"),
        ("gym", "cartpole-swingup", "; dm_control has it: environment.suite: dm_control"),
        ("gym", "CartPoel-v1", ", did you mean 'CartPole-v1'?"),
        ("gym", "wlaker-walk", ", did you mean dm_control's 'walker-walk'? environment.suite: dm_control"),
        ("gymnasium", "LunarLander-v2", "; gym has it: environment.suite: gym"),
        ("gymnasium", "Pendulm-v1", ", did you mean 'Pendulum-v1'?"),
        ("dm_control", "CartPole-v1", "; gym has it: environment.suite: gym"),
        ("dm_control", "cartpole-swngup", ", did you mean 'cartpole-swingup'?"),
        ("dm_control", "zzz", "; it has cartpole-swingup, walker-walk, cheetah-run and others"),
        ("gym", "Catch", "; cartrl has it: environment.suite: cartrl"),
        ("cartrl", "Cacht", ", did you mean 'Catch'?"),
        ("cartrl", "zzz", "; it has Catch"),
    ],
)
def test_a_name_that_the_suite_does_not_have_is_answered_with_what_may_be_meant(suite_name, env_name, says):
    with pytest.raises(UsageError) as error:
        suite.describe(settings_of(suite_name, env_name))
    assert str(error.value) == f"{suite_name} has no environment {env_name!r}{says}"


@pytest.mark.parametrize(
    ("hidden", "suite_name", "env_name", "says"),
    [
        (
            "gymnasium",
            "gymnasium",
            "Pendulum-v1",
            "the suite 'gymnasium' needs gymnasium, which is not installed; "
            "in a checkout of cartrl: pip install '.[gymnasium]'",
        ),
        (
            "dm_control",
            "gym",
            "cartpole-swingup",
            "gym has no environment 'cartpole-swingup'; dm_control has it: environment.suite: dm_control, "
            "once installed, in a checkout of cartrl: pip install '.[dm-control]'",
        ),
        *(
            (
                "Box2D",
                suite_name,
                env_name,
                f"{env_name} needs Box2D, which is not installed; in a checkout of cartrl: pip install '.[box2d]'",
            )
            for suite_name, env_name in BOX2D[::3]
        ),
        (
            "mujoco",
            "gymnasium",
            "Ant-v5",
            "Ant-v5 needs mujoco, which is not installed; in a checkout of cartrl: pip install '.[mujoco]'",
        ),
    ],
)
def test_what_is_not_installed_is_answered_with_what_to_type(hidden, suite_name, env_name, says, tmp_path):
    """Python does not find a module for whose name None stands in sys.modules."""
    (tmp_path / "hiding.py").write_text(f"import sys\nsys.modules[{hidden!r}] = None\n")
    call = ["--import-module", "hiding", "env", env_name, "--suite", suite_name]
    assert one_line(run_cartrl(*call, cwd=tmp_path), 2) == says


class Wrong(gymnasium.Env):
    """An environment of gymnasium's whose reset or step returns what gym's do."""

    observation_space = gymnasium.spaces.Box(-1.0, 1.0, (1,), np.float32)
    action_space = gymnasium.spaces.Discrete(2)

    def __init__(self, method):
        self._method = method

    def reset(self, *, seed=None, options=None):
        start = np.zeros(1, np.float32)
        return start if self._method == "reset" else (start, {})

    def step(self, action):
        return np.zeros(1, np.float32), 1.0, False, {}


@pytest.mark.parametrize(
    ("method", "says"), [("reset", "no pair from reset, but a ndarray"), ("step", "4 values from step")]
)
def test_another_api_than_gymnasiums_is_refused_in_its_suite(method, says):
    gymnasium.register(f"Wrong{method}-v0", entry_point=Wrong, kwargs={"method": method}, max_episode_steps=5)
    try:
        env = suite.playable(settings_of("gymnasium", f"Wrong{method}-v0"))
        with pytest.raises(CartrlError, match=f"Wrong{method}-v0 returned {says}; cartrl expects gymnasium's API"):
            [env.reset(0), env.step(0)]
    finally:
        del gymnasium.registry[f"Wrong{method}-v0"]


def test_pictures_are_drawn_without_a_display(tmp_path):
    calls = {
        "Pendulum-v1": ("gymnasium", (500, 500)),
        "LunarLander-v3": ("gymnasium", (600, 400)),
        "HalfCheetah-v5": ("gymnasium", (480, 480)),
        "cartpole-swingup": ("dm_control", (320, 240)),
        "LunarLander-v2": ("gym", (600, 400)),
    }
    outcomes = run_several(
        *[
            ["env", env_name, "--suite", suite_name, "--picture", f"{env_name}.png"]
            for env_name, (suite_name, _) in calls.items()
        ],
        cwd=tmp_path,
    )
    for (env_name, (_, size)), outcome in zip(calls.items(), outcomes):
        assert (outcome.returncode, outcome.stderr) == (0, "")
        with Image.open(tmp_path / f"{env_name}.png") as picture:
            assert picture.size == size
            assert np.unique(np.asarray(picture)).size > 2


# Where no library draws without a display; what ctypes cannot load is as good as not installed.
UNDRAWABLE = """
import ctypes, os
for name in ("MUJOCO_GL", "DISPLAY", "WAYLAND_DISPLAY"):
    os.environ.pop(name, None)
load = ctypes.CDLL
def refusing(name, *arguments, **options):
    if name and ("EGL" in str(name) or "OSMesa" in str(name)):
        raise OSError(f"{name}: cannot open shared object file")
    return load(name, *arguments, **options)
ctypes.CDLL = refusing
from cartrl.environments import suite
from cartrl.errors import UsageError
from cartrl.settings import EnvironmentSettings
for suite_name, env_name in (("dm_control", "cartpole-balance"), ("gymnasium", "Hopper-v5")):
    settings = EnvironmentSettings(suite=suite_name, env_name=env_name)
    suite.playable(settings).reset(0)
    try:
        suite.playable(settings, is_filmed=True).frame()
    except UsageError as error:
        print(error)
"""


def test_where_nothing_can_draw_everything_else_works_and_what_to_install_is_said(tmp_path):
    done = subprocess.run([sys.executable, "-c", UNDRAWABLE], capture_output=True, text=True, cwd=tmp_path, check=True)
    said = [line for line in done.stdout.splitlines() if "picture" in line]
    assert [line.split(" renders no picture: ")[0] for line in said] == ["cartpole-balance", "Hopper-v5"]
    assert all(line.endswith("apt-get install libegl1 or libosmesa6") for line in said)


def test_the_packages_of_no_other_suite_are_imported(tmp_path):
    program = (
        "import sys; from cartrl.environments import suite; from cartrl.settings import EnvironmentSettings as S;"
        "suite.describe(S(suite={!r}, env_name={!r}));"
        "print([name for name in ('gymnasium', 'dm_control', 'mujoco', 'Box2D', 'tensorflow') if name in sys.modules])"
    )
    for suite_name, env_name, imported in (
        ("gym", "LunarLander-v2", []),
        ("gymnasium", "HalfCheetah-v5", ["gymnasium"]),
        ("dm_control", "cartpole-swingup", ["dm_control", "mujoco"]),
    ):
        code = program.format(suite_name, env_name)
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=True)
        assert done.stdout.splitlines()[-1] == str(imported)


def test_suites_whose_package_is_missing_are_known_all_the_same():
    assert list(suites.OWN) == list(NAMES)
    assert gym.__version__.startswith("0.23")
