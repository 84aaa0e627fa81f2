"""Numbers for people: as many digits as their interval or spread justifies."""

import json

import numpy as np
import pytest

from cartrl.analysis.numbers import exact, interval, number, numbers, percent, plus_minus
from cartrl.analysis.summaries import Summary, certainty
from cartrl.terminal.chart import axis_labels
from tests.helpers import run_cartrl
from tests.studies import curves, write_study


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"), (float("nan"), "–"), (float("inf"), "∞"), (0.0, "0"), (-0.0, "0"),
        (200.0, "200"), (150.5, "150.5"),
        (0.9, "0.9"), (0.91234, "0.9123"), (-0.91234, "-0.9123"), (-1234.567, "-1,235"), (1e6, "1,000,000"),
        (1234567.0, "1,234,567"), (1.5e-7, "1.500e-07"), (1e20, "1.000e+20"), (0.012345, "0.01235"), (37020, "37,020"),
    ],
)  # fmt: skip
def test_a_number_alone(value, text):
    assert number(value) == text


@pytest.mark.parametrize(
    ("mean", "std", "text"),
    [
        (195.0, 7.07, "195.0 ± 7.1"), (151.26, 42.3, "151 ± 42"), (0.912, 0.0123, "0.912 ± 0.012"),
        (200.0, 0.0, "200 ± 0"),
        (-1234567.8, 12345.6, "-1,234,568 ± 12,346"), (0.9, 0.0, "0.9 ± 0"), (2.5e-7, 3e-8, "2.50e-07 ± 3.00e-08"),
    ],
)  # fmt: skip
def test_a_mean_and_its_spread(mean, std, text):
    assert plus_minus(mean, std) == text


def test_an_interval_between_0_and_1():
    assert interval(0.8912, 0.9144) == "0.891 to 0.914"
    assert certainty(Summary(0.9, 0.88912, 0.91088, None), 100, "episode") == ("0.900", "95 % interval 0.889 to 0.911")


def test_numbers_that_belong_together_have_the_same_digits():
    assert numbers([31.0, 200.0, 200.0], 42.0) == ["31", "200", "200"]
    assert numbers([0.25, 0.5, None], 0.1) == ["0.25", "0.50", "–"]
    assert numbers([-1.0, 1.0], 1e-9) == ["-1", "1"]


def test_certainty_of_equal_and_of_one():
    assert certainty(Summary(200.0, None, None, 0.26), 10, "episode") == (
        "200", "in all 10 episodes; up to 26 % of episodes may differ",
    )  # fmt: skip
    assert certainty(Summary(0.5, None, None, None), 1, "seed") == ("0.5", "one seed has no interval")


def test_what_is_given_keeps_its_digits():
    assert [exact(value) for value in (195.0, -110.0, 0.78125, 1e6, 0.0)] == [
        "195",
        "-110",
        "0.78125",
        "1,000,000",
        "0",
    ]


def test_all_and_none():
    assert [percent(share) for share in (0.0, 0.004, 0.5, 0.997, 1.0)] == ["0 %", "< 1 %", "50 %", "> 99 %", "100 %"]


def test_the_labels_of_an_axis_tell_its_ends_apart():
    for low, high in ((0.94999, 0.95123), (1234400.0, 1234567.0), (-1e6, -9.9e5), (1e-7, 3e-7)):
        labels = axis_labels(low, high, 5)
        assert labels[0] != labels[-1]
        assert len({len(label) for label in labels}) == 1


@pytest.mark.parametrize("scale", [1e-3, 1e3])
def test_a_comparison_of_small_and_of_large_returns(tmp_path, scale):
    rng = np.random.default_rng(1)
    for name in ("one", "two"):
        write_study(tmp_path / name, curves(900.0 * scale + rng.normal(0.0, 10.0 * scale, 8), start=0.0))
    report = json.loads(run_cartrl("compare", "one", "two", "--json", cwd=tmp_path).stdout)
    low, high = report["studies"][0]["metrics"]["final_return"]["interval_95"]
    text = run_cartrl("compare", "one", "two", cwd=tmp_path).stdout
    row = next(line for line in text.splitlines() if line.startswith("final return"))
    first, last = (float(word.replace(",", "")) for word in row.replace(" to ", " ").split()[-2:])
    assert (first, last) == pytest.approx((low, high), abs=0.05 * (high - low))
    assert first < last
    plotted = run_cartrl("plot", "one", cwd=tmp_path).stdout
    assert "┤" in plotted
