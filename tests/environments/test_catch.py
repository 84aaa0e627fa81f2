"""Catch, the environment of cartrl's own suite, against pictures and returns worked out by hand."""

import numpy as np
import pytest

from cartrl.environments import suite
from cartrl.environments.catch import Catch
from cartrl.environments.vector import VectorEnvironment
from cartrl.settings import EnvironmentSettings

SETTINGS = EnvironmentSettings(suite="cartrl", env_name="Catch")
LEFT, STAY, RIGHT = range(3)


def lit(picture):
    """Return row and column of the board for each place that is lit: two pixels side by side."""
    assert (picture.shape, picture.dtype) == ((10, 10, 1), np.uint8)
    assert set(np.unique(picture)) == {0, 255}
    assert (picture[:, ::2] == picture[:, 1::2]).all()
    return [(row, column) for row, column, _ in np.argwhere(picture[:, ::2]).tolist()]


def seed_of(column):
    """Return a seed with which the ball falls in ``column``."""
    return next(seed for seed in range(1000) if lit(Catch().reset(seed))[0] == (0, column))


def test_the_ball_falls_straight_and_the_paddle_stays_in_the_picture():
    env = suite.playable(SETTINGS, is_filmed=True)
    assert lit(env.reset(seed_of(1))) == [(0, 1), (9, 2)]
    actions = [RIGHT] * 4 + [STAY] + [LEFT] * 4
    steps = [env.step(action) for action in actions]
    paddles = [3, 4, 4, 4, 4, 3, 2, 1, 0]
    assert [lit(picture) for picture, *_ in steps] == [
        sorted({(row, 1), (9, paddle)}) for row, paddle in zip(range(1, 10), paddles)
    ]
    assert [tuple(rest) for _, *rest in steps] == [(0.0, False, False)] * 8 + [(-1.0, True, False)]
    assert (env.frame() == steps[-1][0].repeat(16, 0).repeat(16, 1).repeat(3, 2)).all()


@pytest.mark.parametrize("column", range(5))
def test_a_ball_in_any_column_can_be_caught(column):
    env, moves = Catch(), column - 2
    env.reset(seed_of(column))
    actions = [RIGHT if moves > 0 else LEFT] * abs(moves) + [STAY] * (9 - abs(moves))
    assert [env.step(action)[1:] for action in actions] == [(0.0, False, False)] * 8 + [(1.0, True, False)]


def test_an_episode_terminates_with_its_last_step_and_is_never_truncated():
    seeds = [seed_of(column) for column in range(5)]
    found = VectorEnvironment(SETTINGS, 2).evaluate(lambda observations, _: np.ones(len(observations), int), seeds)
    assert found.lengths.tolist() == [9] * 5
    assert found.terminated.all()
    assert found.returns.tolist() == [1.0 if column == 2 else -1.0 for column in range(5)]
