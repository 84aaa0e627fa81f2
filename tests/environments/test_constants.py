"""`environment.constants`: the physics of gym's environments, set to other values than gym's."""

import math

import numpy as np
import pytest

from cartrl.environments import constants, suite
from cartrl.settings import EnvironmentSettings
from tests.helpers import one_line, run_cartrl

GYMS = ["CartPole-v0", "CartPole-v1", "Pendulum-v1", "Acrobot-v1", "MountainCar-v0", "MountainCarContinuous-v0"]


def make(env_name, **values):
    return suite.playable(EnvironmentSettings(env_name=env_name, constants=values)).raw


def test_a_step_of_cartpole_on_the_moon_by_hand():
    """Florian (2007), equations 23 and 24 without friction, for a cart of 2 kg and a pole of 0.4 kg and 3 m."""
    gravity, cart, pole, half, force, tau = 1.62, 2.0, 0.4, 1.5, 20.0, 0.01
    env = make(
        "CartPole-v1", gravity=gravity, masscart=cart, masspole=pole, length=half, force_mag=force, tau=tau
    ).unwrapped  # fmt: skip
    env.reset(seed=0)
    x, speed, angle, turning = env.state = (0.1, -0.2, 0.15, 0.3)
    following, _, done, _ = env.step(0)
    pull = (-force + pole * half * turning**2 * math.sin(angle)) / (cart + pole)
    turned = (gravity * math.sin(angle) - math.cos(angle) * pull) / (
        half * (4 / 3 - pole * math.cos(angle) ** 2 / (cart + pole))
    )
    moved = pull - pole * half * turned * math.cos(angle) / (cart + pole)
    expected = [x + tau * speed, speed + tau * moved, angle + tau * turning, turning + tau * turned]
    np.testing.assert_allclose(following, expected, rtol=1e-6)
    assert not done


def test_the_spaces_follow_the_constants():
    cartpole = make("CartPole-v0", x_threshold=5.0, theta_threshold_radians=0.5)
    np.testing.assert_allclose(cartpole.observation_space.high[[0, 2]], [10.0, 1.0])
    pendulum = make("Pendulum-v1", max_torque=7.0, max_speed=3.0)
    assert (pendulum.action_space.low, pendulum.action_space.high) == (-7.0, 7.0)
    np.testing.assert_allclose(pendulum.observation_space.high, [1, 1, 3])
    acrobot = make("Acrobot-v1", MAX_VEL_2=2.0)
    np.testing.assert_allclose(acrobot.observation_space.high[[4, 5]], [4 * math.pi, 2.0])
    car = make("MountainCar-v0", min_position=-2.0, max_speed=0.1)
    np.testing.assert_allclose([car.observation_space.low, car.observation_space.high], [[-2, -0.1], [0.6, 0.1]])
    pulled = make("MountainCarContinuous-v0", min_action=-0.5, max_action=3.0, max_position=0.7)
    assert (pulled.action_space.low, pulled.action_space.high) == (-0.5, 3.0)
    np.testing.assert_allclose(pulled.observation_space.high, [0.7, 0.07])


def test_a_step_of_a_mountain_car_on_a_steeper_hill_by_hand():
    env = make("MountainCar-v0", gravity=0.01, force=0.002, goal_position=0.4, goal_velocity=0.05).unwrapped
    env.reset(seed=0)
    env.state = (0.38, 0.049)
    following, reward, done, _ = env.step(2)
    velocity = 0.049 + 0.002 - 0.01 * math.cos(3 * 0.38)
    np.testing.assert_allclose(following, [0.38 + velocity, velocity], rtol=1e-6)
    assert (reward, done) == (-1, False)  # beyond the goal, but not fast enough
    env.state = (0.38, 0.06)
    assert env.step(2)[2]


@pytest.mark.parametrize("env_name", GYMS)
def test_gyms_own_constants_change_nothing(env_name):
    plain = make(env_name)
    again = make(env_name, **constants.of(plain))
    assert (again.observation_space, again.action_space) == (plain.observation_space, plain.action_space)
    state = {name: value for name, value in vars(plain.unwrapped).items() if isinstance(value, (int, float))}
    assert {name: vars(again.unwrapped)[name] for name in state} == state
    assert constants.of(again) == constants.of(plain)


def test_env_lists_them(tmp_path):
    shown = run_cartrl("env", "Pendulum-v1", cwd=tmp_path).stdout
    assert "constants         g 10, m 1, l 1, dt 0.05, max_speed 8, max_torque 2\n" in shown
    shown = run_cartrl("env", "MountainCar-v0", cwd=tmp_path).stdout
    assert "goal_velocity 0, force 0.001, gravity 0.0025 arguments goal_velocity 0 first" in " ".join(shown.split())


@pytest.mark.parametrize(
    ("env_name", "values", "says"),
    [
        ("CartPole-v0", "{gravty: 1}", "CartPole-v0 has no constant 'gravty', did you mean 'gravity'?"),
        ("Pendulum-v1", "{gravity: 1}", "has no constant 'gravity'; it has g, m, l, dt, max_speed, max_torque"),
        ("CartPole-v0", "{total_mass: 1}", "has no constant 'total_mass'"),
        ("CartPole-v0", "{masscart: 0}", "masscart is 0, but must be greater than 0"),
        ("Acrobot-v1", "{gravity: 1}", "has no constant 'gravity'; it has dt, LINK_LENGTH_1, LINK_MASS_1"),
        ("Acrobot-v1", "{LINK_MOI: 0}", "LINK_MOI is 0, but must be greater than 0"),
        ("Acrobot-v1", "{AVAIL_TORQUE: 2}", "has no constant 'AVAIL_TORQUE'"),
        ("MountainCar-v0", "{min_position: 1}", "min_position is 1, but must be less than max_position, which is 0.6"),
        ("MountainCarContinuous-v0", "{max_action: -1}", "min_action is -1, but must be less than max_action, which"),
        ("FrozenLake-v1", "{gravity: 1}", "has no constants that can be set; gym's classic control has"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_written(tmp_path, env_name, values, says):
    (tmp_path / "a.yaml").write_text(f"environment:\n  env_name: {env_name}\n  constants: {values}\n")
    done = run_cartrl("train", "-c", "a.yaml", cwd=tmp_path)
    sentence = one_line(done, 2)
    assert sentence.startswith("a.yaml, line 3: environment.constants: ")
    assert says in sentence
    assert [path.name for path in tmp_path.iterdir()] == ["a.yaml"]
