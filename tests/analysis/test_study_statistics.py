"""Statistics across seeds: intervals hold the truth as often as they say, and the test errs no more than it says.

Simulated studies go through the functions that ``cartrl plot`` and ``cartrl compare`` use.
"""

import itertools
import math
from pathlib import Path

import numpy as np
import pytest
import scipy.stats

from cartrl.analysis.comparison import LEVEL, compare, more_seeds
from cartrl.analysis.pairs import difference_test, holm, improvement_interval, probability_of_improvement, seeds_needed
from cartrl.analysis.seeds import interquartile_mean, interval, mean, wilson_interval
from cartrl.runs.evaluated import Run
from cartrl.runs.outcome import Outcome
from cartrl.runs.results import Study
from cartrl.settings import ExperimentSettings

STUDIES = 1_000
SETTINGS = ExperimentSettings(environment={"env_name": "CartPole-v0"})


def normal(rng, shape):
    return rng.normal(150.0, 30.0, shape)


def skewed(rng, shape):
    return rng.exponential(100.0, shape)


def capped(rng, shape):
    """Three in ten at the time limit."""
    return np.minimum(200.0, rng.normal(180.0, 40.0, shape))


def mostly_capped(rng, shape):
    """Eight in ten at the time limit, as when a task is learned but for a few seeds."""
    return np.minimum(200.0, rng.normal(233.0, 40.0, shape))


def two_modes(rng, shape):
    """Learned, or not."""
    learned = rng.random(shape) < 0.65
    return np.where(learned, rng.uniform(190.0, 200.0, shape), rng.uniform(20.0, 120.0, shape))


@pytest.mark.parametrize("seeds", [10, 32])
@pytest.mark.parametrize("distribution", [normal, skewed, capped, two_modes], ids=lambda function: function.__name__)
def test_interval_holds_the_interquartile_mean_as_often_as_it_says(distribution, seeds):
    rng = np.random.default_rng([seeds, 2])
    everyone = np.sort(distribution(rng, 2_000_000))
    truth = everyone[500_000:1_500_000].mean()
    intervals = np.array([interval(values) for values in distribution(rng, (STUDIES, seeds))])
    assert 0.93 <= np.mean((intervals[:, 0] <= truth) & (truth <= intervals[:, 1])) <= 0.97


@pytest.mark.parametrize("seeds", [10, 32])
def test_interval_holds_the_mean_as_often_as_it_says(seeds):
    intervals = np.array(
        [interval(values, mean) for values in normal(np.random.default_rng([seeds, 1]), (STUDIES, seeds))]
    )
    assert 0.93 <= np.mean((intervals[:, 0] <= 150.0) & (intervals[:, 1] >= 150.0)) <= 0.97


def test_interval_where_some_seeds_never_got_there():
    steps = np.array([3000.0, 4000.0, 5000.0, 6000.0, 7000.0, 8000.0, 9000.0, math.inf])
    assert interquartile_mean(steps) == 6500.0
    low, high = interval(steps)
    assert 3000.0 < low < 6500.0
    assert high == math.inf


def test_interval_of_one_seed_is_not_known():
    assert np.isnan(interval(np.array([200.0]))).all()


def test_interval_of_equal_seeds_has_no_width():
    assert interval(np.full(8, 200.0)) == (200.0, 200.0)


@pytest.mark.parametrize(("successes", "count"), [(0, 8), (1, 8), (8, 8), (31, 32), (5, 10), (0, 1)])
@pytest.mark.parametrize("level", [0.9, 0.95])
def test_wilson_interval_agrees_with_scipy(successes, count, level):
    theirs = scipy.stats.binomtest(successes, count).proportion_ci(level, method="wilson")
    assert wilson_interval(successes, count, level) == pytest.approx((theirs.low, theirs.high), abs=1e-12)


def study(returns):
    """Return a study whose seeds end at ``returns``."""
    runs = tuple(
        Run(
            None,
            seed,
            Outcome.FINISHED,
            250,
            *(np.array([0.0, end]) for end in (250, 9e4, 9.0)),
            np.array([20.0, value]),
            "finished",
        )
        for seed, value in enumerate(returns)
    )
    return Study(Path(), runs, SETTINGS, ())


def claims(*returns):
    """Return how many differences ``compare`` claims between studies that end at ``returns``."""
    return sum(pair["better"] is not None for pair in found(*returns)["comparisons"])


def found(*returns):
    names = [chr(ord("A") + index) for index in range(len(returns))]
    return compare([study(values) for values in returns], names, 195.0)


# The interval of a share of 1,000 pairs at the level: a test that errs 5 % of the time stays below it in 999 of 1,000.
MOST_CLAIMS = scipy.stats.binom.ppf(0.999, STUDIES, LEVEL)


@pytest.mark.parametrize(
    "seeds", [(6, 6), *(pytest.param(pair, marks=pytest.mark.slow) for pair in ((10, 10), (12, 5)))], ids=str
)
@pytest.mark.parametrize(
    "distribution", [normal, skewed, capped, mostly_capped, two_modes], ids=lambda function: function.__name__
)
def test_no_more_false_claims_than_stated(distribution, seeds):
    rng = np.random.default_rng([sum(seeds), 3])
    wrong = sum(
        difference_test(distribution(rng, seeds[0]), distribution(rng, seeds[1])) <= LEVEL for _ in range(STUDIES)
    )
    assert wrong <= MOST_CLAIMS


def test_no_more_false_claims_than_stated_by_compare_itself():
    # Three studies of one config: three pairs, and a claim about any is wrong.
    rng = np.random.default_rng(4)
    wrong = sum(claims(*mostly_capped(rng, (3, 8))) > 0 for _ in range(150))
    assert wrong <= scipy.stats.binom.ppf(0.999, 150, LEVEL)


def test_studies_that_differ_in_spread_alone_are_rarely_told_apart():
    # Where the test of Mann and Whitney, whose null hypothesis this is not, errs three times as often as it says.
    rng = np.random.default_rng(5)
    wrong = naive = 0
    for _ in range(STUDIES):
        steady, split = np.full(10, 150.0), rng.choice([100.0, 200.0], 10)
        wrong += difference_test(steady, split) <= LEVEL
        naive += scipy.stats.mannwhitneyu(steady, split, method="asymptotic").pvalue <= LEVEL
    assert wrong <= MOST_CLAIMS < naive


def test_clear_differences_are_claimed():
    rng = np.random.default_rng(6)
    for _ in range(30):
        assert claims(mostly_capped(rng, 8), rng.normal(40.0, 15.0, 8)) == 1


def test_better_is_the_one_with_higher_returns():
    low, high = np.arange(20.0, 28.0), np.arange(100.0, 108.0)
    assert found(low, high)["comparisons"][0]["better"] == 1
    assert found(high, low)["comparisons"][0]["better"] == 0
    sentence = found(low, high)["conclusion"]
    assert sentence == "B is better than A: its final return is higher in 100 % of the pairs of seeds (p = 0.0002)."


@pytest.mark.filterwarnings("ignore:p-value cannot be estimated")  # without overlap, which is what infinity is for
def test_p_value_is_that_of_all_divisions():
    # Every division of the pooled seeds one by one, with scipy's statistic.
    rng = np.random.default_rng(7)
    first, second = rng.normal(0.0, 1.0, 5), rng.normal(0.8, 2.0, 6)
    pooled = np.concatenate([first, second])

    def statistic(chosen):
        rest = [index for index in range(11) if index not in chosen]
        with np.errstate(all="ignore"):
            value = abs(scipy.stats.brunnermunzel(pooled[list(chosen)], pooled[rest]).statistic)
        return math.inf if math.isnan(value) else value

    values = [statistic(chosen) for chosen in itertools.combinations(range(11), 5)]
    expected = np.mean(np.array(values) >= values[0] * (1 - 1e-9))
    assert difference_test(first, second) == pytest.approx(expected, abs=1e-12)


def test_p_value_of_drawn_divisions_is_near_that_of_all(monkeypatch):
    rng = np.random.default_rng(8)
    first, second = rng.normal(0.0, 1.0, 8), rng.normal(0.8, 2.0, 8)
    exact = difference_test(first, second)  # of 12,870 divisions
    monkeypatch.setattr("cartrl.analysis.pairs.MOST_ENUMERATED", 10)
    drawn = difference_test(first, second)
    assert drawn != exact
    assert drawn == pytest.approx(exact, abs=4 * math.sqrt(exact / 10_000))


@pytest.mark.parametrize(
    ("first", "second", "p_value"),
    [
        ([200.0] * 8, [200.0] * 8, 1.0),  # nothing but ties
        ([1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0], 2 / 70),  # no overlap: the two outermost of 70 divisions
        ([1.0], [2.0], 1.0),
    ],
)
def test_p_value_at_the_edges(first, second, p_value):
    assert difference_test(np.array(first), np.array(second)) == pytest.approx(p_value)


def test_improvement_interval_is_where_newcombe_puts_it():
    # The ends solve (found - p)^2 = z^2 V(p): here V is written out again, and the ends put into it.
    for share, first, second in [(0.7, 8, 12), (0.5, 6, 6), (1.0, 10, 10), (0.05, 32, 5)]:
        for end in improvement_interval(share, (first, second)):
            if end in (0.0, 1.0):
                assert end == share
                continue
            average = (first + second) / 2
            variance = end * (1 - end) * (1 + (average - 1) * ((1 - end) / (2 - end) + end / (1 + end)))
            z = abs(share - end) / math.sqrt(variance / (first * second))
            assert z == pytest.approx(scipy.stats.norm.ppf(0.975), abs=1e-6)


def test_improvement_interval_holds_the_truth():
    rng = np.random.default_rng(9)
    truth = scipy.stats.norm.cdf(30.0 / (30.0 * math.sqrt(2)))
    held = 0
    for _ in range(STUDIES):
        share = probability_of_improvement(rng.normal(180.0, 30.0, 10), rng.normal(150.0, 30.0, 10))
        low, high = improvement_interval(share, (10, 10))
        held += low <= truth <= high
    assert 0.93 <= held / STUDIES <= 0.975


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.5, 0.9]) == pytest.approx([1.0, 1.0])


@pytest.mark.slow
@pytest.mark.parametrize("tied", [False, True], ids=["normal", "tied"])
def test_so_many_seeds_have_the_power_that_is_promised(tied):
    rng = np.random.default_rng(10)

    def better(count):
        return np.full(count, 200.0) if tied else rng.normal(178.0, 30.0, count)

    def worse(count):
        failed = rng.random(count) < 0.3
        return np.where(failed, rng.uniform(20.0, 150.0, count), 200.0) if tied else rng.normal(150.0, 30.0, count)

    probability = probability_of_improvement(better(3000), worse(3000))
    needed = seeds_needed(probability, 0.85**3 if tied else 0.0, LEVEL)
    shown = np.mean([difference_test(better(needed), worse(needed)) <= LEVEL for _ in range(400)])
    assert 0.72 <= shown <= 0.92


def test_more_seeds_are_asked_for_where_it_cannot_be_told():
    rng = np.random.default_rng(12)
    first, second = rng.normal(165.0, 30.0, 6), rng.normal(150.0, 30.0, 6)
    report = found(first, second)
    (pair,) = report["comparisons"]
    assert pair["better"] is None
    # Noether (1987), without ties, by hand.
    effect = pair["probability_of_improvement"]["final_return"] - 0.5
    assert abs(effect) >= 0.1
    needed = math.ceil((1.959964 + 0.841621) ** 2 / (6 * effect**2))
    assert pair["more_seeds"] == needed - 6
    assert f"run {needed - 6} more seeds of each" in report["conclusion"]
    assert report["conclusion"].startswith("Cannot tell by final return whether ")


def test_no_seeds_are_asked_for_after_very_many():
    first = np.linspace(100.0, 200.0, 150)
    assert more_seeds([first], [first + 0.1], LEVEL) == 0
    assert "would probably have shown with so many seeds" in found(first, first + 0.1)["conclusion"]
