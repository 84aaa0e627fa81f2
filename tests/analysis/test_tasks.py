"""Statistics over several environments agree with rliable, and with what can be worked out otherwise."""

import numpy as np
import pytest
import scipy.stats
from rliable import library
from rliable import metrics as rliable_metrics

from cartrl.analysis import pairs, tasks
from cartrl.analysis.pairs import PERMUTATIONS
from cartrl.analysis.seeds import RESAMPLES

THEIRS = 2_000  # resamples: rliable is slow
rng = np.random.default_rng(17)
SCORES = {  # [seeds, environments]
    "three seeds": rng.normal(0.5, 0.3, (3, 5)),
    "not by four": rng.exponential(0.5, (5, 3)) + np.array([0.0, 0.4, 2.0]),
    "capped": np.minimum(1.0, rng.normal(0.9, 0.4, (10, 4))),
}


def by_name():
    return pytest.mark.parametrize("scores", SCORES.values(), ids=SCORES)


@by_name()
def test_interquartile_mean(scores):
    found = tasks.interquartile_mean(list(scores.T))
    assert found == pytest.approx(rliable_metrics.aggregate_iqm(scores), rel=1e-12)


def test_each_environment_counts_the_same_whatever_its_number_of_seeds():
    first, second = np.array([0.0, 1.0, 5.0, 9.0]), np.array([2.0, 3.0])
    alike = np.concatenate([first, np.repeat(second, 2)])  # as many of both, and a quarter of them is a whole number
    assert tasks.interquartile_mean([first, second]) == pytest.approx(scipy.stats.trim_mean(alike, 0.25))
    share, (low, high) = tasks.shares([first, second], 3.0)
    assert (share, low < share < high) == (0.5, True)


@by_name()
def test_stratified_bootstrap(scores):
    # As tests/analysis/test_against_rliable.py compares the ends of intervals.
    np.random.seed(5)
    _, intervals = library.get_interval_estimates(
        {"method": scores}, lambda found: np.array([rliable_metrics.aggregate_iqm(found)]), reps=THEIRS
    )
    samples = tasks.resampled(list(scores.T))
    error = 4 * np.sqrt(0.025 * 0.975 * (1 / RESAMPLES + 1 / THEIRS))
    for end, quantile in zip(intervals["method"][:, 0], (0.025, 0.975)):
        low, high = np.quantile(samples, [quantile - error, quantile + error])
        assert low - 1e-9 <= end <= high + 1e-9
    low, high = tasks.interval(list(scores.T))
    assert low < intervals["method"][0, 0] < intervals["method"][1, 0] < high  # expanded, because seeds are few


@pytest.mark.parametrize("first, second", [("not by four", "not by four"), ("capped", "capped")])
def test_probability_of_improvement(first, second):
    x, y = SCORES[first], SCORES[second][::-1] * 0.9
    y[0] = x[1]  # ties
    theirs = rliable_metrics.probability_of_improvement(x, y)
    assert tasks.outcomes(list(x.T), list(y.T)).improvement == pytest.approx(theirs, rel=1e-12)


@by_name()
def test_performance_profile(scores):
    places = np.linspace(-0.2, 2.0, 50)
    theirs, _ = library.create_performance_profile({"method": scores}, places, reps=10)
    ours = [tasks.shares(list(scores.T), place)[0] for place in places]
    assert ours == pytest.approx(theirs["method"], abs=1e-9)  # no score is at a place


def test_within_one_environment_the_test_is_that_of_studies():
    first, second = rng.normal(0, 1, 5), rng.normal(1, 1, 5)
    exact = pairs.difference_test(first, second)  # all 252 divisions
    drawn = tasks.difference_test([first], [second])
    assert drawn == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / PERMUTATIONS))


def test_without_a_difference_few_are_claimed():
    sizes = [(3, 3), (4, 3), (5, 5)]
    count = 300
    claims = 0
    for _ in range(count):
        both = [(rng.normal(place, 1, a), rng.normal(place, 1, b)) for place, (a, b) in enumerate(sizes)]
        claims += tasks.difference_test(*map(list, zip(*both))) <= 0.05
    assert claims / count <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / count)


def test_small_differences_in_all_environments_add_up():
    first = [rng.normal(1.5, 1, 4) for _ in range(6)]
    second = [rng.normal(0, 1, 4) for _ in range(6)]
    alone = min(pairs.difference_test(*pair) for pair in zip(first, second))
    assert tasks.difference_test(first, second) < 0.01 < alone


def test_the_interval_of_an_improvement_is_that_of_one_environment_and_narrower_with_more():
    alone = pairs.improvement_interval(0.7, (6, 6))
    four = pairs.improvement_interval(0.7, *[(6, 6)] * 4)
    assert alone[0] < four[0] < 0.7 < four[1] < alone[1]
    assert pairs.improvement_interval(1.0, *[(3, 3)] * 2)[0] < 1.0  # no overlap in any environment
