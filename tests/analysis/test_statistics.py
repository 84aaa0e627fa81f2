"""Intervals, verdicts and seeds."""

import numpy as np
import pytest
import scipy.stats

from cartrl import randomness
from cartrl.analysis import seeds
from cartrl.analysis.episodes import RESAMPLES, bootstrap_interval, summary, verdict
from cartrl.analysis.summaries import Summary
from cartrl.randomness import ActionSeeds, Stream

# Skewed, so that the percentile interval differs from its mirror image (the "basic" one) and from mean ± 2 errors.
SKEWED = np.random.default_rng(7).exponential(100.0, 40)
RETURNS = np.array([200.0] * 90 + [31.0, 55.0, 78.0, 90.0, 104.0, 120.0, 133.0, 150.0, 171.0, 188.0])


class TestBootstrapInterval:
    @pytest.mark.parametrize("values", [SKEWED, RETURNS, np.arange(10.0)], ids=["skewed", "returns", "ten"])
    @pytest.mark.parametrize("level", [0.8, 0.95])
    def test_agrees_with_scipy(self, values, level):
        # The percentile interval of the level at which a normal distribution reaches as far as Student's t, and its
        # factor for the mean (Hesterberg, 2015), do.
        count = len(values)
        reach = scipy.stats.t.ppf((1 + level) / 2, count - 1) * np.sqrt(count / (count - 1))
        expanded = 1 - 2 * scipy.stats.norm.sf(reach)
        theirs = scipy.stats.bootstrap(
            (values,),
            np.mean,
            n_resamples=RESAMPLES,
            confidence_level=expanded,
            method="percentile",
            random_state=np.random.default_rng(1),
        ).confidence_interval
        # Either end is a quantile q of RESAMPLES means, which are about normal; its standard error is
        # sqrt(q (1 - q) / RESAMPLES) / density(q), and two such ends are compared, at 5 standard errors.
        quantile = (1 - expanded) / 2
        density = scipy.stats.norm.pdf(scipy.stats.norm.ppf(quantile)) / (values.std() / np.sqrt(len(values)))
        tolerance = 5 * np.sqrt(2 * quantile * (1 - quantile) / RESAMPLES) / density
        assert bootstrap_interval(values, level) == pytest.approx(tuple(theirs), abs=tolerance)

    def test_is_the_same_every_time(self):
        assert bootstrap_interval(SKEWED) == bootstrap_interval(SKEWED.copy())

    def test_is_of_95_percent_unless_told(self):
        assert bootstrap_interval(SKEWED) == bootstrap_interval(SKEWED, 0.95)
        assert bootstrap_interval(SKEWED) != bootstrap_interval(SKEWED, 0.9)

    def test_lies_within_the_values_and_around_their_mean(self):
        low, high = bootstrap_interval(SKEWED)
        assert SKEWED.min() < low < SKEWED.mean() < high < SKEWED.max()

    def test_is_made_of_plain_floats(self):
        assert [type(end) for end in bootstrap_interval(np.array([1, 2, 3], np.float32))] == [float, float]

    @pytest.mark.parametrize("episodes", [2, 3, 5])
    def test_of_few_values_is_at_least_students(self, episodes):
        values = SKEWED[:episodes]
        theirs = scipy.stats.t.interval(0.95, episodes - 1, values.mean(), scipy.stats.sem(values))
        low, high = bootstrap_interval(values)
        assert low <= theirs[0] + 1e-9
        assert high >= theirs[1] - 1e-9

    @pytest.mark.parametrize("episodes", [2, 3, 5, 6, 10])
    def test_holds_the_mean_of_few_episodes(self, episodes):
        # The percentile interval holds it in 50, 75, 84, 86 and 90 of 100.
        drawn = np.random.default_rng(episodes).normal(150.0, 30.0, (400, episodes))
        intervals = np.array([bootstrap_interval(returns) for returns in drawn])
        held = np.mean((intervals[:, 0] <= 150.0) & (intervals[:, 1] >= 150.0))
        assert held >= 0.95 - 3 * np.sqrt(0.95 * 0.05 / 400)


class TestSummary:
    def test_one_episode_has_no_interval(self):
        assert summary(np.array([200.0])) == (200.0, None, None, None)

    @pytest.mark.parametrize("count", [2, 10, 59, 100])
    def test_equal_returns_leave_a_share_that_may_differ(self, count):
        middle, low, high, differing = summary(np.full(count, 0.1))
        assert (middle, low, high) == (pytest.approx(0.1), None, None)
        upper = scipy.stats.beta.isf(0.05, 1, count)  # Clopper and Pearson, of 0 in so many
        assert differing == pytest.approx(upper)

    def test_of_seeds_likewise(self):
        assert seeds.summary(np.array([3.0])) == (3.0, None, None, None)
        assert seeds.summary(np.full(8, 3.0)) == (3.0, None, None, pytest.approx(1 - 0.05 ** (1 / 8)))
        found = seeds.summary(SKEWED)
        assert found == (scipy.stats.trim_mean(SKEWED, 0.25), *seeds.interval(SKEWED), None)


class TestVerdict:
    @pytest.mark.parametrize(
        ("interval", "answer"),
        [
            ((196.0, 200.0), "solved"),
            ((195.0, 200.0), "solved"),  # gym solves an environment from its threshold on
            ((195.0, 195.0), "solved"),
            ((np.nextafter(195.0, 0.0), 200.0), "undecided"),
            ((190.0, 200.0), "undecided"),
            ((190.0, 195.0), "undecided"),  # the mean may be the threshold itself
            ((190.0, np.nextafter(195.0, 0.0)), "not solved"),
            ((9.0, 9.0), "not solved"),
            ((None, None), "undecided"),
        ],
    )
    def test_at_a_threshold_of_195(self, interval, answer):
        assert verdict(Summary(195.0, *interval, None), 195.0) == answer

    def test_at_a_threshold_of_zero(self):
        # A threshold that is false in Python is a threshold all the same.
        assert verdict(Summary(-1.5, -2.0, -1.0, None), 0.0) == "not solved"
        assert verdict(Summary(0.5, 0.0, 1.0, None), 0.0) == "solved"

    def test_without_a_threshold(self):
        assert verdict(Summary(198.0, 195.0, 200.0, None), None) is None

    @pytest.mark.parametrize(
        ("value", "count", "threshold", "answer"),
        [
            (200.0, 1, 195.0, "undecided"),
            (9.0, 1, 195.0, "undecided"),
            (200.0, 10, 195.0, "undecided"),  # 26 % of the episodes may differ, and 3 % that fail would be enough
            (200.0, 58, 195.0, "undecided"),
            (200.0, 59, 195.0, "solved"),  # 5 %
            (200.0, 100, 195.0, "solved"),
            (9.0, 10, 195.0, "not solved"),
            (-200.0, 10, -110.0, "not solved"),
            (-200.0, 2, -110.0, "undecided"),
            (0.0, 10, 0.0, "undecided"),
        ],
    )
    def test_of_equal_returns(self, value, count, threshold, answer):
        assert verdict(summary(np.full(count, value)), threshold) == answer


class TestDraw:
    def test_streams_do_not_repeat_each_other(self):
        drawn = np.concatenate([randomness.draw(500, 0, stream) for stream in Stream])
        assert len(np.unique(drawn)) == 500 * len(Stream)

    def test_seeds_and_indices_do_not_repeat_each_other(self):
        drawn = [
            randomness.draw(100, seed, Stream.COLLECT_RESETS, iteration) for seed in range(8) for iteration in range(8)
        ]
        assert len(np.unique(drawn)) == 100 * 64

    def test_swapped_words_are_other_draws(self):
        assert not np.array_equal(randomness.draw(4, 1, Stream(2), 3), randomness.draw(4, 3, Stream(2), 1))
        assert not np.array_equal(randomness.draw(4, 1, Stream(2)), randomness.draw(4, 2, Stream(1)))

    def test_the_first_of_many_are_those_of_few(self):
        many = randomness.draw(1000, 3, Stream.EVAL_RESETS)
        for few in (1, 2, 10, 999):
            assert np.array_equal(randomness.draw(few, 3, Stream.EVAL_RESETS), many[:few])

    def test_is_a_function_of_its_arguments_alone(self):
        before = randomness.draw(5, 2, Stream.WEIGHTS, 1)
        np.random.seed(0)
        randomness.draw(7, 2, Stream.WEIGHTS, 2)
        assert np.array_equal(randomness.draw(5, 2, Stream.WEIGHTS, 1), before)

    def test_takes_the_largest_seed(self):
        drawn = randomness.draw(3, 2**31 - 1, Stream.COLLECT_RESETS, 10**6)
        assert (drawn.dtype, drawn.shape) == (np.uint32, (3,))


class TestActionSeeds:
    def pairs(self, seeds, steps):
        return [tuple(seeds[step]) for step in steps]

    def test_are_pairs_of_int32(self):
        pair = ActionSeeds(0, Stream.COLLECT_ACTIONS, 1)[0]
        assert (pair.dtype, pair.shape) == (np.int32, (2,))

    def test_differ_between_steps_and_iterations(self):
        found = [
            pair
            for iteration in range(100)
            for pair in self.pairs(ActionSeeds(0, Stream.COLLECT_ACTIONS, iteration), range(200))
        ]
        assert len(set(found)) == 100 * 200

    def test_differ_between_runs_and_streams(self):
        found = [
            pair
            for seed in range(10)
            for stream in (Stream.COLLECT_ACTIONS, Stream.EVAL_ACTIONS, Stream.RECORD_ACTIONS)
            for pair in self.pairs(ActionSeeds(seed, stream), range(200))
        ]
        assert len(set(found)) == 10 * 3 * 200

    def test_are_the_same_in_any_order(self):
        seeds = ActionSeeds(5, Stream.EVAL_ACTIONS)
        backwards = self.pairs(seeds, reversed(range(50)))
        assert backwards[::-1] == self.pairs(ActionSeeds(5, Stream.EVAL_ACTIONS), range(50))

    def test_wrap_around_rather_than_overflow(self):
        seeds = ActionSeeds(0, Stream.COLLECT_ACTIONS, 1)
        around = self.pairs(seeds, [0, 1, 2**31, 2**32 - 2, 2**32 - 1])
        assert len(set(around)) == 5
        assert tuple(seeds[2**32]) == tuple(seeds[0])
