"""Statistics across seeds agree with rliable, the library of the paper that proposed them."""

import numpy as np
import pytest
from rliable import library
from rliable import metrics as rliable_metrics

from cartrl.analysis.curves import performance_profiles
from cartrl.analysis.pairs import probability_of_improvement
from cartrl.analysis.seeds import RESAMPLES, interquartile_mean, mean, resampled

THEIRS = 2_000  # resamples: rliable is slow
rng = np.random.default_rng(11)
STUDIES = {
    "normal": rng.normal(150.0, 30.0, 10),
    "skewed": rng.exponential(100.0, 32),
    "capped": np.minimum(200.0, rng.normal(195.0, 40.0, 13)),
    "three": np.array([9.0, 10.0, 200.0]),
    "tied": np.array([200.0] * 7 + [40.0, 90.0, 150.0]),
}


def names():
    return pytest.mark.parametrize("values", STUDIES.values(), ids=STUDIES.keys())


@names()
def test_interquartile_mean(values):
    assert interquartile_mean(values) == pytest.approx(rliable_metrics.aggregate_iqm(values[:, None]), rel=1e-12)


@names()
@pytest.mark.parametrize(
    ("own", "theirs"),
    [(interquartile_mean, rliable_metrics.aggregate_iqm), (mean, rliable_metrics.aggregate_mean)],
    ids=["interquartile mean", "mean"],
)
def test_bootstrap_interval(values, own, theirs):
    # Either end is a quantile of so many resampled values, theirs and ours: between the ends must be no more than
    # what the quantiles 2.5 % ± 4 standard errors span. rliable draws from numpy's global state.
    np.random.seed(5)
    _, intervals = library.get_interval_estimates(
        {"study": values[:, None]}, lambda scores: np.array([theirs(scores)]), reps=THEIRS
    )
    samples = resampled(values, own)
    error = 4 * np.sqrt(0.025 * 0.975 * (1 / RESAMPLES + 1 / THEIRS))
    for end, quantile in zip(intervals["study"][:, 0], (0.025, 0.975)):
        low, high = np.quantile(samples, [quantile - error, quantile + error])
        assert low - 1e-9 <= end <= high + 1e-9


@pytest.mark.parametrize("first", STUDIES)
@pytest.mark.parametrize("second", STUDIES)
def test_probability_of_improvement(first, second):
    theirs = rliable_metrics.probability_of_improvement(STUDIES[first][:, None], STUDIES[second][:, None])
    assert probability_of_improvement(STUDIES[first], STUDIES[second]) == pytest.approx(theirs, rel=1e-12)


def test_performance_profile():
    first, second = STUDIES["capped"], STUDIES["normal"]
    drawn = performance_profiles([first, second], ["first", "second"])
    # rliable's profile is of returns above, ours of those at least so high: they are equal between the returns.
    places = np.linspace(1.03, 250.0, 997)
    theirs, _ = library.create_performance_profile(
        {"first": first[:, None], "second": second[:, None]}, places, reps=10
    )
    for curve in drawn:
        between = (places > curve.places[0]) & (places < curve.places[-1])
        ours = np.interp(places[between], curve.places, curve.middle)
        assert ours == pytest.approx(theirs[curve.label][between], abs=1e-9)
