"""Looks at seeds as they come in: how often a claim is wrong, how often a difference is found, and how soon."""

import numpy as np
import pytest
import scipy.stats

from cartrl.analysis.sequential import Design, looks

LEVEL = 0.05
WHOLE = Design.of(64, LEVEL)


def normal(rng, count):
    return rng.normal(size=count)


def capped(rng, count):
    """Most seeds reach the time limit."""
    return np.minimum(rng.normal(190, 30, count), 200.0)


def share_decided(pairs, design, draw, permutations):
    """The share of pairs without a difference for which one is claimed."""
    rng = np.random.default_rng(design.looks)
    count = design.batch * design.looks
    found = [looks(draw(rng, count), draw(rng, count), design, permutations)[-1].is_decided for _ in range(pairs)]
    return np.mean(found)


def most(pairs):
    """The level plus two standard errors."""
    return LEVEL + 2 * np.sqrt(LEVEL * (1 - LEVEL) / pairs)


def test_the_design_spreads_the_looks():
    assert Design.of(64, LEVEL) == Design(8, 8, LEVEL)
    assert Design.of(30, LEVEL) == Design(4, 7, LEVEL)
    assert Design.of(3, LEVEL).looks == 0


@pytest.mark.parametrize("draw", [normal, capped], ids=lambda function: function.__name__)
def test_no_more_false_claims_than_stated(draw):
    assert share_decided(500, Design(4, 4, LEVEL), draw, 499) <= most(500)


@pytest.mark.slow
@pytest.mark.parametrize("draw", [normal, capped], ids=lambda function: function.__name__)
def test_no_more_false_claims_than_stated_in_2000_pairs(draw):
    assert share_decided(2_000, WHOLE, draw, 1_999) <= most(2_000)


@pytest.mark.slow
def test_it_takes_fewer_seeds_than_a_fixed_number_of_equal_power():
    """A difference that 64 seeds show nine times out of ten; the fixed design is the test of Mann and Whitney."""
    rng, shift, pairs = np.random.default_rng(3), 0.65, 400
    ends = [looks(normal(rng, 64), normal(rng, 64) + shift, WHOLE, 1_999)[-1] for _ in range(pairs)]
    power = np.mean([end.is_decided for end in ends])
    assert power > 0.8

    def power_of(count):
        tests = [scipy.stats.mannwhitneyu(normal(rng, count), normal(rng, count) + shift) for _ in range(1_000)]
        return np.mean([test.pvalue <= LEVEL for test in tests])

    fixed = next(count for count in range(8, 200, 2) if power_of(count) >= power)
    assert np.median([end.seeds for end in ends]) <= 0.7 * fixed


def test_what_does_not_overlap_is_decided_at_the_first_look():
    low, high = np.arange(64.0), np.arange(100.0, 164.0)
    (look,) = looks(low, high, WHOLE)
    assert (look.seeds, look.improvement, look.is_decided) == (8, 0.0, True)


def test_equal_seeds_never_decide():
    found = looks(np.full(64, 200.0), np.full(64, 200.0), WHOLE, 99)
    assert [look.seeds for look in found] == [8, 16, 24, 32, 40, 48, 56, 64]
    assert not any(look.is_decided for look in found)


def test_before_a_whole_batch_there_is_nothing_to_see():
    assert looks(np.arange(7.0), np.arange(64.0), WHOLE) == []


def test_a_look_never_depends_on_seeds_that_come_later():
    rng = np.random.default_rng(5)
    first, second = normal(rng, 64), normal(rng, 64)
    assert looks(first[:23], second[:20], WHOLE, 999) == looks(first, second, WHOLE, 999)[:2]


def test_the_statistic_is_that_of_brunner_and_munzel():
    rng = np.random.default_rng(6)
    first, second = normal(rng, 16), normal(rng, 16)
    for look in looks(first, second, Design(8, 2, LEVEL), 99):
        theirs = scipy.stats.brunnermunzel(first[: look.seeds], second[: look.seeds]).statistic
        assert look.statistic == pytest.approx(abs(theirs))
