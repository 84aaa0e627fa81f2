"""``cartrl sweep`` without training: what it refuses, how it names settings, and how it ranks what is on disk."""

import itertools
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import scipy.stats

from cartrl.runs.sweep import named
from cartrl.sweeps.grid import Range, parse_ranges
from cartrl.sweeps.racing import better_half, rungs
from cartrl.sweeps.ranking import fresh_seeds
from cartrl.sweeps.search import suggest, version
from tests.helpers import CONFIGS, WHOLE, clean_environment, everything_below, one_line, run_cartrl, run_several
from tests.json_page import as_on_page
from tests.pages import Page
from tests.studies import curves, write_study, write_sweep

CONFIG = ("sweep", "--config", CONFIGS / "reinforce.yaml")
RATES = "agent.learning_rate=1e-3,3e-3"
SEARCH = ("--search", "agent.learning_rate=1e-4..1e-2:log")

REFUSED = [
    ((*CONFIG, "--grid", RATES), "give --seeds, such as 0-7"),
    (("sweep", "--grid", RATES, "--seeds", "0-1"), "give a --config to sweep over, or a sweep to --resume"),
    ((*CONFIG, "--seeds", "0-1"), "give --grid for every combination of values, or --search"),
    ((*CONFIG, "--seeds", "0-1", "--grid", RATES, *SEARCH, "--trials", 2), "give --grid for every combination"),
    ((*CONFIG, "--seeds", "0-1", *SEARCH), "give --trials with --search"),
    ((*CONFIG, "--seeds", "0-1", "--grid", RATES, "--trials", 2), "give --trials with --search"),
    ((*CONFIG, "--seeds", "0-1", "--grid", RATES, "--race"), "--race needs at least 3 seeds"),
    ((*CONFIG, "--seeds", "1-0", "--grid", RATES), "--seeds 1-0: 1-0 runs backwards"),
    (("sweep", "--resume", "missing"), "missing: no such sweep; "),
    (("sweep", "--resume", "missing", "--confirm", "4"), "--confirm cannot be given with --resume"),
    (("sweep", "--resume", "missing", "--seeds", "0"), "--seeds cannot be given with --resume"),
]
BAD_GRIDS = [
    ("train.seed=0,1", "--grid train.seed=0,1: every setting has the same seeds, those of --seeds"),
    ("environment.max_episode_steps=9,10", "returns compare within one environment only"),
    ("agent.learning_rat=1,2", "--grid agent.learning_rat=1: agent has no setting 'learning_rat', did you mean"),
    ("agents.x=1,2", "--grid agents.x=1: there is no section 'agents'"),
    ("agent.learning_rate=1e-3,fast", "--grid agent.learning_rate=fast: agent.learning_rate is 'fast', but must be"),
    ("agent.learning_rate=1e-3,0.001", "--grid agent.learning_rate=0.001: this is given twice"),
    ("agent.learning_rate=1e-3,", "--grid agent.learning_rate=1e-3,: a value is empty"),
    ("learning_rate=1,2", "--grid learning_rate=1,2: it is written --grid section.key=…"),
    ("agent.fc_layer_params=[64,64", "--grid agent.fc_layer_params=[64,64, line 1: "),
    ("train.num_iterations=" + ",".join(map(str, range(1, 1002))), "1,001 combinations; a sweep has at most 1,000"),
    ("collect.collect_episodes_per_iteration=2,100000", "replay_buffer.replay_buffer_capacity is 2000, but must be"),
]
BAD_RANGES = [
    ("agent.learning_rate=1e-2..1e-4", "0.01 is not below 0.0001"),
    ("agent.learning_rate=0..1:log", "a logarithmic range is of numbers above 0"),
    ("agent.learning_rate=0..1", "agent.learning_rate=0: agent.learning_rate is 0, but must be a number greater"),
    ("agent.learning_rate=1e-3,3e-3", "a range is low..high or low..high:log"),
    ("agent.learning_rate=1..2:lin", "a range is low..high or low..high:log"),
    ("collect.collect_episodes_per_iteration=2.5..8", "is 2.5, but must be a whole number"),
    ("agent.normalize_returns=true|", "--search agent.normalize_returns=true|: a value is empty"),
    (
        "agent.normalize_returns=true|maybe",
        "--search agent.normalize_returns=maybe: agent.normalize_returns is 'maybe'",
    ),
    ("agent.discount=0.9|0.9", "--search agent.discount=0.9: this is given twice"),
    ("agent.normalize_returns=0..1", "agent.normalize_returns is 0, but must be true or false"),
]


def test_refusals(tmp_path):
    calls = [*REFUSED]
    calls += [((*CONFIG, "--seeds", "0-1", "--grid", grid), said) for grid, said in BAD_GRIDS]
    calls += [((*CONFIG, "--seeds", "0-1", "--trials", 2, "--search", text), said) for text, said in BAD_RANGES]
    outcomes = run_several(*(arguments for arguments, _ in calls), cwd=tmp_path)
    for outcome, (_, said) in zip(outcomes, calls):
        assert said in one_line(outcome, 2)
        assert not outcome.tensorflow
    assert everything_below(tmp_path) == {}


def test_without_optuna(tmp_path):
    without = "import sys; sys.modules['optuna'] = None; from cartrl.__main__ import start; start()"
    arguments = [*CONFIG, "--seeds", "0", "--trials", "2", *SEARCH]
    done = subprocess.run(
        [sys.executable, "-c", without, *map(str, arguments)],
        cwd=tmp_path, env=clean_environment(), capture_output=True, text=True,
    )  # fmt: skip
    assert "pip install '.[search]'" in one_line(done, 2)
    assert everything_below(tmp_path) == {}


def test_names():
    choices = [("agent.learning_rate=0.001", "agent.fc_layer_params=[64, 64]"), ("agent.learning_rate=1.0e-05",)]
    names = ["agent.learning_rate=0.001,agent.fc_layer_params=64-64", "agent.learning_rate=1.0e-05"]
    assert [setting.name for setting in named(choices)] == names
    layers = [(f"agent.fc_layer_params=[{', '.join(['64'] * count)}]",) for count in range(1, 101)]
    assert [setting.name for setting in named(layers)][:2] == ["setting-001", "setting-002"]
    alike = [("agent.fc_layer_params=[64]",), ("agent.fc_layer_params=64",)]
    assert [setting.name for setting in named(alike)] == ["setting-1", "setting-2"]


FINALS = {"0.01": [9.0, 30.0, 90.0, 200.0, 10.0], "0.003": [200.0, 198.0, 100.0, 200.0, 195.0], "0.001": [50.0] * 5}


@pytest.fixture
def home(tmp_path):
    """A sweep that is finished, but for a setting whose directory somebody has removed."""
    write_sweep(tmp_path / "sweep", FINALS, not_begun=["0.1"])
    return tmp_path


def test_the_ranking(home):
    done = run_cartrl("sweep", "--resume", "sweep", "--json", cwd=home)
    assert (done.returncode, done.stderr) == (0, "")
    report = json.loads(done.stdout)
    assert (report["sweep"], report["outcome"], report["reward_threshold"]) == ("sweep", "finished", 195.0)
    found = report["settings"]
    assert [(entry["rank"], entry["values"]["agent.learning_rate"]) for entry in found] == [
        (1, 0.003), (2, 0.001), (3, 0.01), (None, 0.1),
    ]  # fmt: skip
    for entry in found[:3]:
        values = FINALS[str(entry["values"]["agent.learning_rate"])]
        final = entry["final_return"]
        assert final["values"] == values
        assert final["interquartile_mean"] == pytest.approx(scipy.stats.trim_mean(values, 0.25))
        if len(set(values)) == 1:
            assert (final["interval_95"], final["differing_95"]) == ([None, None], pytest.approx(1 - 0.05**0.2))
            continue
        low, high = final["interval_95"]  # of five seeds it is at least Student's
        student = scipy.stats.t.interval(0.95, 4, np.mean(values), scipy.stats.sem(values))
        assert low <= student[0] + 1e-9 < final["interquartile_mean"] < student[1] - 1e-9 <= high
    assert (found[0]["solved"]["count"], found[0]["solved"]["share"]) == (4, 0.8)
    assert (found[3]["final_return"], found[3]["notes"]) == (None, ["not begun"])


def test_the_table(home):
    before = everything_below(home / "sweep")
    done = run_cartrl("sweep", "--resume", "sweep", cwd=home, env=WHOLE)
    assert (done.returncode, done.stderr) == (0, "")
    table, _, advice = done.stdout.partition("\n\n")
    assert max(map(len, table.splitlines())) <= 80
    rows = [line.split() for line in table.splitlines() if line.strip()[:1].isdigit()]
    assert [row[:3] for row in rows] == [["1", "0.003", "198"], ["2", "0.001", "50"], ["3", "0.01", "43"]]
    assert "without a rank: 1 of 4 settings." in advice
    assert "chosen by these seeds" in advice
    best = [f"sweep/agent.learning_rate={rate}" for rate in ("0.003", "0.001")]
    assert f"  cartrl compare {' '.join(best)}\n" in advice
    assert f"  cartrl train {best[0]}/config.yaml --seeds 5-9\n" in advice
    after = everything_below(home / "sweep")
    assert {name: after[name] for name in before} == before
    for command in ("plot", "compare"):
        assert run_cartrl(command, *best, cwd=home, env=WHOLE).returncode == 0


CONFIRMED = {
    # What the best reached with fresh seeds, and the runner-up; whether the best holds; what is said of it.
    "holds": ([200.0, 190.0, 201.0, 195.0] * 2, [60.0, 70.0, 55.0, 80.0] * 2, True, "it holds"),
    "number": ([100.0, 101.0, 99.0, 98.0] * 2, [60.0, 70.0, 55.0, 80.0] * 2, False, "it does not hold"),
    "rival": ([190.0, 150.0, 220.0, 180.0] * 2, [230.0, 240.0, 235.0, 231.0] * 2, False, "it does not hold"),
    "equal": ([200.0] * 8, [60.0, 70.0, 55.0, 80.0] * 2, True, "it holds"),
}


@pytest.mark.parametrize("case", CONFIRMED)
def test_the_best_stands_beside_what_fresh_seeds_make_of_it(home, case):
    best, second, holds, verdict = CONFIRMED[case]
    for rate, finals in (("0.003", best), ("0.001", second)):
        path = home / f"sweep/confirm/agent.learning_rate={rate}"
        write_study(path, curves(finals), learning_rate=rate, first=5)
    path = home / "sweep/sweep.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "confirm_seeds": list(range(5, 13))}))
    done = run_cartrl("sweep", "--resume", "sweep", "--json", cwd=home)
    assert done.returncode == 0, done.stderr
    report = as_on_page("A sweep", done)
    found = report["confirmation"]
    assert (found["seeds"], found["holds"]) == (list(range(5, 13)), holds)
    assert [entry["in_the_sweep"] for entry in found["settings"]] == [pytest.approx(197 + 2 / 3), 50.0]
    assert [entry["final_return"]["values"] for entry in found["settings"]] == [best, second]
    assert found["conclusion"].endswith(f"{verdict}.")
    assert "reached 198 with the seeds that chose it" in found["conclusion"].replace("197.7", "198")
    # Of each of the 15 + 16 runs the last evaluation is after 5,000 steps and 5 seconds.
    assert report["spent"] == {"runs": 31, "environment_steps": 31 * 5000, "hours": pytest.approx(31 * 5 / 3600)}
    assert found["spent"] == {"runs": 16, "environment_steps": 80_000, "hours": pytest.approx(16 * 5 / 3600)}
    printed = " ".join(run_cartrl("sweep", "--resume", "sweep", cwd=home, env=WHOLE).stdout.split())
    assert found["conclusion"] in printed
    assert found["comparison"] in printed
    assert "cartrl compare sweep/confirm/agent.learning_rate=0.003 sweep/confirm/agent.learning_rate=0.001" in printed
    assert "cartrl train" not in printed
    assert run_cartrl("report", "sweep", "-o", "page.html", cwd=home).returncode == 0
    page = Page(home / "page.html")
    assert found["conclusion"] in page.text
    assert [row[0] for row in page.table("plain")] == ["learning_rate 0.003", "learning_rate 0.001"]


def test_fresh_seeds_are_other_seeds():
    assert fresh_seeds([0, 1, 5], 3) == [6, 7, 8]
    assert fresh_seeds([0, 2**31 - 2], 3) == [2**31 - 1, 1, 2]


def test_equal_settings_share_a_rank(home):
    (home / "sweep" / "agent.learning_rate=0.01").rename(home / "old")
    write_study(home / "sweep" / "agent.learning_rate=0.01", curves([50.0] * 5), learning_rate=0.01)
    done = run_cartrl("sweep", "--resume", "sweep", "--json", cwd=home)
    assert [entry["rank"] for entry in json.loads(done.stdout)["settings"]] == [1, 2, 2, None]


@pytest.mark.parametrize("name", ["../elsewhere", "..", 3, ""])
def test_a_damaged_manifest(home, name):
    path = home / "sweep" / "sweep.json"
    content = json.loads(path.read_text())
    content["settings"][0]["name"] = name
    path.write_text(json.dumps(content))
    done = run_cartrl("sweep", "--resume", "sweep", cwd=home)
    assert one_line(done, 2) == "sweep/sweep.json: not what a sweep writes"


def test_a_search_that_goes_on_suggests_the_same():
    ranges = [Range("agent.learning_rate", 1e-4, 1e-2, True, False), Range("train.num_iterations", 2, 16, False, True)]
    about = {"trials": 40, "sampler_seed": 3, "optuna": version()}

    def value_of(overrides):
        rate, count = (float(override.partition("=")[2]) for override in overrides)
        return None if count == 16 else -abs(rate - 2e-3) * 1000 - abs(count - 9)

    def searched(records, trials):
        batches = suggest(ranges, about, records, lambda setting: value_of(setting.overrides), lambda: None)
        return [setting.overrides for (setting,) in itertools.islice(batches, trials)]

    whole, parts = [], []
    suggested = searched(whole, 40)
    assert len(suggested) == len(whole) == 40
    searched(parts, 14)  # the fourteenth is interrupted: it has no value yet
    assert ["value" in record for record in parts] == [True] * 13 + [False]
    assert searched(parts, 40) == suggested
    numbers = [float(rate.partition("=")[2]) for rate, _ in suggested]
    assert all(1e-4 <= number <= 1e-2 and number == float(f"{number:.4g}") for number in numbers)
    # It searches: the last ten come nearer to the optimum than the first ten, which are random.
    values = [value_of(overrides) or -20.0 for overrides in suggested]
    assert sum(values[-10:]) > sum(values[:10])


def test_a_search_in_batches_repeats_itself_and_finds_the_best_category():
    """A search asks for a batch before it knows any result of that batch; an interrupted one repeats the batch."""
    varied = list(parse_ranges(["agent.learning_rate=1e-4..1e-2:log", "agent.normalize_returns=true|false"]).values())
    about = {"trials": 30, "sampler_seed": 5, "optuna": version(), "batch": 4}

    def measure(setting):
        rate, normalize = (override.partition("=")[2] for override in setting.overrides)
        return -abs(float(rate) - 2e-3) * 1000 - 5 * (normalize == "false")

    def searched(records, batches):
        found = itertools.islice(suggest(varied, about, records, measure, lambda: None), batches)
        return [[setting.overrides for setting in batch] for batch in found]

    whole, parts = [], []
    suggested = searched(whole, 8)
    assert [len(batch) for batch in suggested] == [4] * 7 + [2]
    assert searched(parts, 3) == suggested[:3]
    assert ["value" in record for record in parts] == [True] * 8 + [False] * 4
    assert searched(parts, 8) == suggested
    assert parts == whole
    categories = [overrides[1].partition("=")[2] for batch in suggested for overrides in batch]
    assert set(categories) == {"true", "false"}
    assert categories[-12:].count("true") > categories[-12:].count("false")


def test_a_race_trains_halves_with_twice_the_seeds():
    assert rungs([3, 4, 5, 6, 7, 8, 9, 10]) == [[3, 4], [3, 4, 5, 6], [3, 4, 5, 6, 7, 8, 9, 10]]
    assert [len(seeds) for seeds in rungs(range(10))] == [2, 3, 5, 10]
    assert rungs([0, 1, 2]) == [[0, 1], [0, 1, 2]]
    assert better_half([5.0, 1.0, 7.0, 3.0]) == [0, 2]
    assert better_half([5.0, 1.0, 7.0]) == [0, 2]
    assert better_half([200.0, 200.0, 200.0, 10.0]) == [0, 1, 2]  # as good as the last that stays
    assert better_half([None, 1.0, None]) == [1]
    assert better_half([None, None]) == []


def test_settings_that_a_race_dropped_rank_below_the_others_and_it_is_said(tmp_path):
    finals = {"0.01": [150.0] * 2, "0.003": [100.0] * 8, "0.001": [120.0] * 4, "0.1": [90.0] * 8, "0.3": [160.0] * 2}
    write_sweep(tmp_path / "sweep", finals, seeds=list(range(8)), race=True)
    path = tmp_path / "sweep/sweep.json"
    content = json.loads(path.read_text())
    for record in content["settings"]:
        seeds = len(finals[record["name"].partition("=")[2]])
        record.update({"dropped_after": seeds} if seeds < 8 else {})
    path.write_text(json.dumps(content))
    done = run_cartrl("sweep", "--resume", "sweep", "--json", cwd=tmp_path)
    report = json.loads(done.stdout)
    assert [(entry["rank"], entry["values"]["agent.learning_rate"]) for entry in report["settings"]] == [
        (1, 0.003), (2, 0.1), (3, 0.001), (4, 0.3), (5, 0.01),
    ]  # fmt: skip
    said = "The race dropped 3 of 5 settings after 2 or 4 of 8 seeds; they rank below the others."
    assert report["race"] == said
    assert said in run_cartrl("sweep", "--resume", "sweep", cwd=tmp_path, env=WHOLE).stdout
    assert run_cartrl("report", "sweep", "-o", "page.html", cwd=tmp_path).returncode == 0
    assert said in (tmp_path / "page.html").read_text()


def test_compare_takes_a_sweep_and_adjusts_all_pairs_together(home):
    done = run_cartrl("compare", "sweep", "--json", cwd=home)
    assert (done.returncode, done.stderr) == (0, "")
    report = as_on_page("A comparison", done)
    rates = [Path(study["path"]).name.partition("=")[2] for study in report["studies"]]
    assert rates == ["0.003", "0.001", "0.01"]  # by rank
    p_values = sorted(pair["p_value"] for pair in report["comparisons"])
    adjusted = sorted(pair["p_value_holm"] for pair in report["comparisons"])
    assert len(p_values) == 3
    assert adjusted[0] == pytest.approx(min(1.0, 3 * p_values[0]))
    assert report["left_out"] == [{"path": "sweep/agent.learning_rate=0.1", "notes": ["not begun"]}]
    text = run_cartrl("compare", "sweep", cwd=home).stdout
    assert "sweep: without a seed that has ended, so left out: 1 of 4 settings" in text


def test_plot_takes_a_sweep_and_draws_the_best(home):
    done = run_cartrl("plot", "sweep", cwd=home)
    assert (done.returncode, done.stderr) == (0, "")
    assert [line[0] for line in done.stdout.splitlines() if line[:2] in ("● ", "▲ ", "■ ")] == ["●", "▲", "■"]
    plan = json.loads((home / "sweep/sweep.json").read_text())
    for index in range(7):
        name = f"agent.learning_rate=0.02{index}"
        write_study(home / "sweep" / name, curves([10.0, 11.0]), learning_rate=f"0.02{index}")
        plan["settings"].append({"name": name, "overrides": [name]})
    (home / "sweep/sweep.json").write_text(json.dumps(plan))
    done = run_cartrl("plot", "sweep", "-o", "curves.png", cwd=home)
    assert done.returncode == 0, done.stderr
    assert "sweep: the best 8 of 10 settings, by their final return" in done.stdout
    assert (home / "curves.png").read_bytes().startswith(b"\x89PNG")
