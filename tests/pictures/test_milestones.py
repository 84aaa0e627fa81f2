"""Policies that show how a run learned are chosen by return."""

import math

import pytest

from cartrl.pictures import milestones
from cartrl.training.saving import Climb


def test_panels_show_the_climb_and_not_its_end():
    returns = {0: 10.0, 50: 60.0, 100: 75.0, 150: 130.0, 200: 195.0, 2500: 200.0, 5000: 200.0}
    assert milestones.climb([0, 50, 100, 150, 200, 2500], 5000, returns, 3) == [0, 100, 150]
    assert milestones.climb([0, 2500], 5000, returns, 3) == [0, 2500]


def test_a_policy_is_kept_at_each_step_of_the_climb_and_few_in_all():
    climb = Climb()
    means = [10.0, 9.0, 13.0, 13.5, 14.0, 60.0, 70.0, 80.0, *[200.0] * 90]
    assert [mean for mean in means if climb.is_step(mean)] == [13.0, 60.0, 80.0, 200.0]


@pytest.mark.parametrize(
    ("means", "most"),
    [
        (range(5_001), 20),
        (range(101), 12),
        ((step / 100 - 1500 for step in range(140_001)), 25),
        ((1.5**step for step in range(1_700)), 200),  # all that a float can climb
        ([math.nan] * 50 + [3.0, 200.0], 0),
        ([5.0, *[math.nan] * 50, 9.0, math.nan, 6.0, 20.0], 2),
        ([-math.inf, *range(50)], 1),
    ],
)
def test_however_slow_or_strange_a_climb_is_few_policies_are_kept(means, most):
    climb = Climb()
    kept = sum(climb.is_step(mean) for mean in means)
    assert most * 0.6 <= kept <= most
