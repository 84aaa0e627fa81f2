"""The page of ``cartrl watch`` in a real browser: its dynamics are gym's, its actions are the policy's."""

import gym
import numpy as np
import pytest

from cartrl.errors import UsageError
from cartrl.policies.portable.player import Policy
from cartrl.report import watch
from cartrl.settings import EnvironmentSettings
from tests.helpers import assert_one_sentence, run_cartrl, wait_until
from tests.pages import Page
from tests.report.conftest import opener

playwright = pytest.importorskip("playwright.sync_api", reason="no playwright; pip install '.[browser]'")

PHONE = {"width": 390, "height": 844}
STEPS = 1000
RNG = np.random.default_rng(0)


def weights(inputs, outputs):
    """Return the arrays of a network with a hidden layer of 16 units, with normal weights."""
    layers = ((inputs, 16), (16, outputs))
    found = {"format": np.array(1), "layers": np.array(2), "observation_shape": np.array([inputs])}
    for number, (rows, columns) in enumerate(layers):
        found[f"kernel_{number}"] = RNG.normal(size=(rows, columns)).astype(np.float32)
        found[f"bias_{number}"] = RNG.normal(size=columns).astype(np.float32)
    return found


def discrete(inputs, actions, activation="relu"):
    return {
        **weights(inputs, actions), "action_shape": np.array([], np.int64), "activation": np.array(activation),
        "squash": np.array("none"), "first_action": np.array(0),
    }  # fmt: skip


def continuous(squash):
    ends = {
        name: np.array([value], np.float32) for name, value in (("low", -2), ("high", 2), ("middle", 0), ("half", 2))
    }
    deviation = {} if squash == "action" else {"stddev": np.array([0.5], np.float32)}
    return {
        **weights(3, 2 if squash == "action" else 1), **ends, **deviation, "action_shape": np.array([1]),
        "activation": np.array("relu"), "squash": np.array(squash),
    }  # fmt: skip


NORMALISER = {name: RNG.uniform(0.5, 1.5, 3).astype(np.float32) for name in ("scale", "shift")}
POLICIES = {
    "CartPole-v1": discrete(4, 2, "tanh"),
    "MountainCar-v0": discrete(2, 3),
    "Acrobot-v1": discrete(6, 3),
    "Pendulum-v1": continuous("mean"),
    "Pendulum-v1 action": continuous("action"),
    "Pendulum-v1 none": {**continuous("none"), **NORMALISER, "clip": np.array(1.0, np.float32)},
}


@pytest.fixture
def open_page(browser):
    """Return what opens a page, and fails the test for any message of the console and any request elsewhere."""
    with opener(browser, lambda url: url.startswith("file:")) as opened:
        yield lambda path, **options: opened(path, viewport=PHONE, **options)


def write_page(tmp_path, name):
    environment = EnvironmentSettings(env_name=name.partition(" ")[0])
    path = tmp_path / "watch.html"
    path.write_text(watch.html(POLICIES[name], environment, "dqn", "runs/one"), encoding="utf-8")
    return path


def played(name):
    """Return states of gym [STEPS, S], its actions, and the states [STEPS, S], rewards and ends after them."""
    env = gym.make(name).unwrapped
    env.action_space.seed(0)
    env.reset(seed=0)
    rows, over = [], False
    for _ in range(STEPS):
        if over:
            env.reset()
        before, action = np.array(env.state, float).tolist(), env.action_space.sample()
        _, reward, over, _ = env.step(action)
        shown = action.tolist() if isinstance(action, np.ndarray) else int(action)
        rows.append((before, shown, np.array(env.state, float).tolist(), float(reward), bool(over)))
    return rows


@pytest.mark.parametrize("name", ["CartPole-v1", "Pendulum-v1", "MountainCar-v0", "Acrobot-v1"])
def test_the_dynamics_are_those_of_gym(open_page, tmp_path, name):
    rows = played(name)
    page = open_page(write_page(tmp_path, name))
    one_by_one = page.evaluate("rows => rows.map(([state, action]) => task.step(state, action, constants))", rows)
    for (_, _, state, reward, is_over), found in zip(rows, one_by_one):
        assert found["state"] == pytest.approx(state, rel=0, abs=1e-9)
        assert (found["reward"], found["isOver"]) == (pytest.approx(reward, abs=1e-9), is_over)
    if name != "Acrobot-v1":  # which is chaotic: the last bit of a cosine grows to another episode
        follow = """rows => { let state = null; return rows.map(([before, action, , , ], index) => {
            const begins = index === 0 || rows[index - 1][4];
            return state = task.step(begins ? before : state, action, constants).state; }); }"""
        assert np.abs(np.array(page.evaluate(follow, rows)) - np.array([row[2] for row in rows])).max() < 1e-6


@pytest.mark.parametrize("name", POLICIES)
def test_the_actions_are_those_of_the_npz(open_page, tmp_path, name):
    np.savez(tmp_path / "policy.npz", **POLICIES[name])
    policy = Policy(tmp_path / "policy.npz")
    observations = RNG.normal(size=(STEPS, *policy.observation_shape)).astype(np.float32)
    found = np.array(open_page(write_page(tmp_path, name)).evaluate("all => all.map(act)", observations.tolist()))
    theirs = policy.act(observations)
    if "first_action" in POLICIES[name]:
        assert (found == theirs).all() and len(set(found.tolist())) > 1
    else:
        assert found == pytest.approx(theirs, abs=1e-5)


@pytest.mark.parametrize(
    ("name", "rest"),
    [("CartPole-v1", [0] * 4), ("Pendulum-v1", [0, 0]), ("MountainCar-v0", [-0.5, 0]), ("Acrobot-v1", [0] * 4)],
)
def test_what_is_dragged_is_where_the_hand_is_and_goes_on_from_there(open_page, tmp_path, name, rest):
    page = open_page(write_page(tmp_path, name))
    page.click("#pause")
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    page.evaluate("rest => { game.state = rest; paint(); }", rest)
    grip = page.locator("[data-grip]").last.bounding_box()
    x, y = grip["x"] + grip["width"] / 2, grip["y"] + grip["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 12, y + 3)
    held = page.evaluate("game.state")
    page.mouse.up()
    assert held != rest
    after = page.locator("[data-grip]").last.bounding_box()
    assert after["x"] - grip["x"] == pytest.approx(12, abs=2)
    page.click("#pause")
    wait_until(lambda: page.evaluate("game.state") != held, "a step", 20)
    assert page.inner_text("#action") != "–"


def test_buttons_push(open_page, tmp_path):
    page = open_page(write_page(tmp_path, "CartPole-v1"), reduced_motion="reduce")  # so that it stands still
    before = page.evaluate("game.state")
    page.click("#right")
    assert page.evaluate("game.state")[3] == pytest.approx(before[3] + 0.4)


def test_an_episode_that_ends_is_said_and_another_begins(open_page, tmp_path):
    page = open_page(write_page(tmp_path, "CartPole-v1"))
    wait_until(
        lambda: page.evaluate("document.getElementById('said').textContent.startsWith('The pole fell')"), "a fall", 20
    )
    wait_until(lambda: page.evaluate("document.getElementById('said').textContent === ''"), "another episode", 20)


def test_who_wants_no_motion_begins_with_a_pause(open_page, tmp_path):
    page = open_page(write_page(tmp_path, "Pendulum-v1"), reduced_motion="reduce")
    assert (page.inner_text("#pause"), page.evaluate("game.steps")) == ("Play", 0)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        (
            {"env_name": "LunarLander-v2"},
            "LunarLander-v2: a page cannot play this environment of gym; it knows CartPole-v0",
        ),
        ({"env_name": "CartPole-v1", "kwargs": {"a": 1}}, "a page cannot play it with environment.kwargs"),
    ],
)
def test_other_environments_are_refused(settings, says):
    with pytest.raises(UsageError, match=says):
        watch.require_known(EnvironmentSettings(**settings))


def test_the_command(short_run, open_page, tmp_path):
    output = tmp_path / "page.html"
    done = run_cartrl("watch", short_run.directory, "-o", output, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    Page(output).assert_self_contained()
    page = open_page(output)
    wait_until(lambda: page.evaluate("game.steps > 2"), "steps", 20)
    assert_one_sentence(run_cartrl("watch", short_run.directory, "-o", "page.txt", cwd=tmp_path), "page.txt")
