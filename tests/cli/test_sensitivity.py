"""Which setting of a sweep mattered: shares against sums of squares by hand, what the default loses, and the forest."""

import itertools
import json
import re

import numpy as np
import pytest

from cartrl.sweeps.sensitivity import main_effects, sensitivity
from tests.helpers import WHOLE, run_cartrl
from tests.studies import STARTED, curves, write_study

RATES, EPISODES = (0.001, 0.003, 0.01), (2, 8)
OF_RATE, OF_EPISODES = {0.001: 0.0, 0.003: 60.0, 0.01: 30.0}, {2: 0.0, 8: 15.0}
SEEDS = 8
NOISE = np.random.default_rng(0).normal(size=(2, SEEDS, 6)) * 3


def finals_of(rate, episodes, place):
    """Return a final return for each seed, of which some are better for all settings."""
    return 100 + OF_RATE[rate] + OF_EPISODES[episodes] + NOISE[0, :, 0] + NOISE[1, :, place]


def write(directory, choices, **facts):
    """Write a sweep over rates and episodes."""
    records = []
    for place, (rate, episodes) in enumerate(choices):
        overrides = [f"agent.learning_rate={rate}", f"collect.collect_episodes_per_iteration={episodes}"]
        records.append({"name": ",".join(overrides), "overrides": overrides})
        finals = finals_of(rate, episodes, place % 6)
        write_study(directory / records[-1]["name"], curves(finals), learning_rate=rate)
    (directory / "config.yaml").write_text("environment: {env_name: CartPole-v0}\n")
    manifest = {"kind": "sweep", "seeds": list(range(SEEDS)), "settings": records, "outcome": "finished"}
    (directory / "sweep.json").write_text(json.dumps({**manifest, "started": STARTED, **facts}))
    return directory


def asked(directory, *options, env=None):
    done = run_cartrl("sweep", "--resume", directory.name, *options, cwd=directory.parent, env={**WHOLE, **(env or {})})
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout


def middle(values):
    """Return the mean of the middle four of eight."""
    return float(np.sort(values)[2:6].mean())


def test_of_a_full_grid_the_shares_are_sums_of_squares(tmp_path):
    sweep = write(tmp_path / "sweep", itertools.product(RATES, EPISODES))
    found = json.loads(asked(sweep, "--json"))["sensitivity"]
    table = np.array([[middle(finals_of(rate, episodes, 2 * row + column)) for column, episodes in enumerate(EPISODES)]
                      for row, rate in enumerate(RATES)])  # fmt: skip
    total = ((table - table.mean()) ** 2).sum()
    of_rows = len(EPISODES) * ((table.mean(axis=1) - table.mean()) ** 2).sum() / total
    of_columns = len(RATES) * ((table.mean(axis=0) - table.mean()) ** 2).sum() / total
    rate, episodes = found["keys"]
    assert (rate["name"], episodes["name"]) == ("agent.learning_rate", "collect.collect_episodes_per_iteration")
    assert rate["share"] == pytest.approx(of_rows)
    assert episodes["share"] == pytest.approx(of_columns)
    assert found["rest"]["share"] == pytest.approx(1 - of_rows - of_columns)
    for part in (rate, episodes, found["rest"]):
        low, high = part["interval_95"]
        assert 0 <= low <= part["share"] <= high <= 1
        assert low < high
    assert (rate["default"], rate["best"], episodes["default"], episodes["best"]) == (0.001, 0.003, 2, 8)
    best = finals_of(0.003, 8, 3)
    assert rate["lost"]["values"] == pytest.approx((best - finals_of(0.001, 8, 1)).tolist())
    assert episodes["lost"]["interquartile_mean"] == pytest.approx(middle(best - finals_of(0.003, 2, 2)))
    assert (found["method"], found["seeds"], found["note"]) == ("analysis of variance of the full grid", 8, None)
    shown = asked(sweep)
    assert re.search(r"^what mattered +share +95 % interval +default +lost by it +95 % interval$", shown, re.M)
    share, lost = f"{100 * rate['share']:.0f} %", f"{rate['lost']['interquartile_mean']:.0f}"
    assert re.search(rf"^learning_rate +{share} +\d+ % to \d+ % +0\.001 +{lost[0]}\d\.\d +\d", shown, re.M)
    assert re.search(r"^interactions and noise +< 1 %", shown, re.M)
    assert asked(sweep, "--json") == asked(sweep, "--json")


def test_what_matters_only_together_is_the_rest():
    levels = np.array([[0, 0, 1, 1], [0, 1, 0, 1]])
    assert main_effects(np.array([1.0, 0.0, 0.0, 1.0]), levels).tolist() == [0.0, 0.0]
    assert main_effects(np.array([0.0, 0.0, 5.0, 5.0]), levels).tolist() == [1.0, 0.0]


def entry(values, finals, seeds=None):
    return {
        "values": values, "seeds": list(range(len(finals))) if seeds is None else seeds,
        "final_return": {"values": finals} if finals else None,
    }  # fmt: skip


def test_seeds_that_all_settings_have_are_counted():
    found = sensitivity(
        [entry({"a.b": 1}, [9.0, 8.0, 7.0, 6.0]), entry({"a.b": 2}, [3.0, 4.0], [1, 3]), entry({"a.b": 3}, [])],
        {"a.b": 5}, [],
    )  # fmt: skip
    assert found["seeds"] == 2
    assert found["keys"][0]["share"] == pytest.approx(1.0)
    assert (found["keys"][0]["lost"], found["keys"][0]["default"]) == (None, 5)


@pytest.mark.parametrize(
    "entries",
    [
        [],
        [entry({"a.b": 1}, [])],
        [entry({"a.b": 1}, [1.0])],
        [entry({"a.b": 1}, [1.0], [0]), entry({"a.b": 2}, [1.0], [1])],
    ],
)
def test_of_too_little_nothing_is_said(entries):
    assert sensitivity(entries, {"a.b": 1}, []) is None


def test_settings_that_are_all_the_same_have_no_shares():
    found = sensitivity([entry({"a.b": one}, [5.0, 5.0]) for one in (1, 2)], {"a.b": 1}, [])
    assert (found["keys"][0]["share"], found["keys"][0]["interval_95"], found["rest"]["share"]) == (None, None, None)


def test_of_a_search_a_forest_tells_and_without_it_the_extra_is_named(tmp_path):
    choices = [(0.001, 2), (0.003, 8), (0.01, 8), (0.003, 2), (0.001, 8)]
    ranges = ["agent.learning_rate=1e-3..1e-2:log", "collect.collect_episodes_per_iteration=2..8"]
    search = {"ranges": ranges, "trials": len(choices), "sampler_seed": 0, "optuna": "5.0.0", "batch": 4}
    sweep = write(tmp_path / "sweep", choices, search=search)
    found = json.loads(asked(sweep, "--json"))["sensitivity"]
    rate, episodes = found["keys"]
    assert found["method"] == "functional ANOVA by Optuna's random forest"
    assert rate["share"] > 0.6 > episodes["share"]
    assert rate["interval_95"][0] <= rate["share"] <= rate["interval_95"][1]
    assert rate["lost"]["interquartile_mean"] > 0
    (tmp_path / "without").mkdir()
    (tmp_path / "without/sklearn.py").write_text("raise ImportError('it is not there')\n")
    shown = asked(sweep, env={"PYTHONPATH": str(tmp_path / "without")})
    assert "Which setting mattered needs Optuna or scikit-learn, which is not installed; in a checkout" in shown
    assert re.search(r"^learning_rate +– +– +0\.001 +\d", shown, re.M)
