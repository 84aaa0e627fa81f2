"""``cartrl compare``, as a user calls it."""

import json

import numpy as np
import pytest
import scipy.stats
from PIL import Image

from tests.helpers import WHOLE, assert_one_sentence, everything_below, run_and_list_imports, run_cartrl
from tests.studies import curves, write_run, write_study

GOOD = [200.0, 200.0, 200.0, 198.0, 200.0, 191.0, 200.0, 200.0]
BAD = [42.0, 9.4, 110.5, 63.0, 9.4, 30.2, 85.0, 12.0]


@pytest.fixture
def home(tmp_path):
    write_study(tmp_path / "runs/good", curves(GOOD))
    write_study(tmp_path / "runs/bad", curves(BAD), learning_rate=1e-5)
    write_study(tmp_path / "runs/again", curves([*GOOD[::-1], 195.0]))
    return tmp_path


def compared(*paths, cwd):
    done = run_cartrl("compare", *paths, "--json", cwd=cwd)
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


def test_the_numbers(home):
    report = compared("runs/good", "runs/bad", cwd=home)
    assert (report["env_name"], report["reward_threshold"], report["level"]) == ("CartPole-v0", 195.0, 0.05)
    assert report["differences"] == {"agent.learning_rate": [1e-3, 1e-5]}
    good, bad = report["studies"]
    assert (good["name"], good["path"], good["seeds"], good["notes"]) == ("good", "runs/good", list(range(8)), [])
    final = good["metrics"]["final_return"]
    assert final["values"] == GOOD
    assert final["interquartile_mean"] == scipy.stats.trim_mean(GOOD, 0.25)
    low, high = final["interval_95"]
    assert 191.0 <= low < 200.0 == high
    # A straight line from 20: its mean is half-way, and it reaches 195 of 200 in the last evaluation, at 5,000 steps.
    assert bad["metrics"]["area"]["values"] == pytest.approx([(20 + value) / 2 for value in BAD])
    assert good["metrics"]["steps_to_threshold"]["values"] == [5000.0 if value >= 195 else None for value in GOOD]
    assert bad["metrics"]["best_return"]["values"] == [max(value, 20.0) for value in BAD]
    assert bad["metrics"]["steps_to_threshold"]["interquartile_mean"] is None
    assert (good["solved"]["count"], good["solved"]["seeds"], good["solved"]["share"]) == (7, 8, 0.875)
    wilson = scipy.stats.binomtest(7, 8).proportion_ci(0.95, method="wilson")
    assert good["solved"]["interval_95"] == pytest.approx([wilson.low, wilson.high])
    (pair,) = report["comparisons"]
    assert (pair["first"], pair["second"], pair["better"], pair["more_seeds"]) == (0, 1, 0, 0)
    assert pair["p_value"] == pytest.approx(2 / 12_870)  # no overlap: the two outermost of all divisions
    u = scipy.stats.mannwhitneyu(GOOD, BAD).statistic
    assert pair["probability_of_improvement"]["final_return"] == u / 64 == 1.0
    assert pair["probability_of_improvement"]["steps_to_threshold"] == (7 * 8 + 8 / 2) / 64
    at_threshold = next(place for place in report["profile"] if place["return"] == 195.0)
    assert [share["count"] for share in at_threshold["shares"]] == [7, 0]
    assert report["conclusion"].startswith("learning_rate 0.001 is better than learning_rate 1e-05: ")


def test_the_same_config_again_cannot_be_told_apart(home):
    report = compared("runs/good", "runs/again", cwd=home)
    (pair,) = report["comparisons"]
    assert pair["better"] is None
    assert f"run {pair['more_seeds']} more seeds of each" in report["conclusion"]
    assert report["conclusion"].startswith("Cannot tell by final return whether ")


def test_several_pairs_are_adjusted_together(home):
    report = compared("runs/good", "runs/bad", "runs/again", cwd=home)
    p_values = [pair["p_value"] for pair in report["comparisons"]]
    smallest = int(np.argmin(p_values))
    assert report["comparisons"][smallest]["p_value_holm"] == pytest.approx(3 * p_values[smallest])
    assert [pair["better"] for pair in report["comparisons"]] == [0, None, 2]
    assert (
        "better than learning_rate 1e-05: its final return is more often higher; cannot tell by final return whether"
        in report["conclusion"]
    )


def test_equal_seeds_are_not_said_to_be_higher(tmp_path):
    write_study(tmp_path / "sure", curves([200.0] * 12))
    write_study(tmp_path / "half", curves([200.0, 100.0] * 6))
    for paths, order in ((("sure", "half"), 1), (("half", "sure"), -1)):
        report = compared(*paths, cwd=tmp_path)
        (pair,) = report["comparisons"]
        better, equal, worse = (pair["pairs_of_seeds"]["final_return"][name] for name in ("better", "equal", "worse"))
        assert ((better, worse)[::order], equal) == ((0.5, 0.0), 0.5)
        assert pair["probability_of_improvement"]["final_return"] == better + equal / 2
        assert (
            "sure is better than half: its final return is higher in 50 % of the pairs of seeds, equal in 50 % (p"
            in (report["conclusion"])
        )
        steps = pair["pairs_of_seeds"]["steps_to_threshold"]  # never reached is equal to never reached, and worse
        assert ((steps["better"], steps["worse"])[::order], steps["equal"]) == ((0.5, 0.0), 0.5)
    text = " ".join(run_cartrl("compare", "sure", "half", cwd=tmp_path, env=WHOLE).stdout.split())
    assert "pairs of seeds by final return higher equal lower A over B 50 % 50 % 0 %" in text


def test_where_the_final_return_ties_the_declared_number_decides(tmp_path):
    early = [[20.0, 100.0 + seed, 200.0, 200.0, 200.0, 200.0] for seed in range(8)]
    late = [[20.0, 20.0, 20.0 + seed, 100.0, 196.0, 200.0] for seed in range(6)]
    never = [[20.0, 20.0, 30.0, 60.0, 100.0, 200.0], [20.0, 20.0, 20.0, 20.0, 20.0, 200.0]]
    write_study(tmp_path / "fast", early)
    write_study(tmp_path / "slow", [*late, *never])
    final = compared("fast", "slow", cwd=tmp_path)
    assert (final["tested"], final["comparisons"][0]["better"]) == ("final_return", None)
    for by, metric, words in (
        ("area", "area", "its area under curve is higher in 100 % of the pairs of seeds"),
        ("steps", "steps_to_threshold", "its steps to 195 are fewer in 100 % of the pairs of seeds"),
    ):
        report = compared("slow", "fast", "--by", by, cwd=tmp_path)
        (pair,) = report["comparisons"]
        assert (report["tested"], pair["better"]) == (metric, 1)
        assert pair["p_value"] == pytest.approx(2 / 12_870)
        assert f"fast is better than slow: {words} (p" in report["conclusion"]
        found = pair["probability_of_improvement"]
        assert (found["final_return"], found[metric]) == (0.5, 0.0)
    assert "best return" in compared("fast", "slow", "--by", "best", cwd=tmp_path)["conclusion"]
    text = " ".join(run_cartrl("compare", "fast", "slow", "--by", "steps", cwd=tmp_path, env=WHOLE).stdout.split())
    assert "P(improvement) steps to 195 final best area p" in text
    assert "pairs of seeds by steps to 195 fewer equal more A over B 100 % 0 % 0 %" in text


def test_seeds_that_never_reached_the_threshold_are_equal_and_worst(tmp_path):
    write_study(tmp_path / "some", [*curves([200.0] * 3), *curves([90.0] * 5)])
    write_study(tmp_path / "none", curves([50.0] * 6))
    report = compared("some", "none", "--by", "steps", cwd=tmp_path)
    (pair,) = report["comparisons"]
    assert pair["pairs_of_seeds"]["steps_to_threshold"] == {"better": 3 / 8, "equal": 5 / 8, "worse": 0.0}
    reached, never = np.array([5000.0] * 3 + [1e9] * 5), np.full(6, 1e9)  # any number that is larger than all others
    u = scipy.stats.mannwhitneyu(never, reached).statistic
    assert pair["probability_of_improvement"]["steps_to_threshold"] == u / 48
    assert pair["better"] is None  # Brunner and Munzel's permutations: 3 of 8 and 0 of 6 is not enough
    calm = write_study(tmp_path / "calm", curves([-200.0] * 3, start=-900.0), env_name="Pendulum-v1")
    write_study(tmp_path / "wild", curves([-400.0] * 3, start=-900.0), env_name="Pendulum-v1")
    done = run_cartrl("compare", calm, "wild", "--by", "steps", cwd=tmp_path)
    assert "no reward threshold to reach" in assert_one_sentence(done, "--by steps")


def test_all_and_none_are_said_of_all_and_none_alone(tmp_path):
    write_study(tmp_path / "high", curves([*range(170, 185), 100.0]))
    write_study(tmp_path / "low", curves([*range(20, 35), 101.0]))
    report = compared("high", "low", cwd=tmp_path)
    assert "higher in > 99 % of the pairs of seeds, lower in < 1 % (p" in report["conclusion"]


def test_the_tables_at_80_columns(home):
    done = run_cartrl("compare", "runs/good", "runs/bad", "runs/again", cwd=home, env={"COLUMNS": "80"})
    assert (done.returncode, done.stderr) == (0, "")
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert "…" not in done.stdout
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert "environment CartPole-v0, solved from a return of 195" in lines
    assert "differ in agent.learning_rate: 0.001, 1.0e-05, 0.001" in lines
    assert "solved at the end A 7 of 8, 88 % 53 % to 98 %" in lines
    assert "B not reached –" in lines
    assert "steps to 195 A 5,000 5,000 or more" in lines
    assert lines[1].startswith("A learning_rate 0.001 (good): runs/good, 8 seeds")
    assert lines[2] == "B learning_rate 1e-05: runs/bad, 8 seeds"
    assert any(line.startswith("A over B 1.00 (0.76 to 1.00) 1.00 1.00 0.94 0.000") for line in lines)


def test_what_is_left_out_is_said(home):
    write_study(home / "runs/half", curves([200.0] * 4), {1: "running", 2: "failed"})
    done = run_cartrl("compare", "runs/good", "runs/half", cwd=home, env=WHOLE)
    assert "seed 1 stopped before the end: left out" in done.stdout
    assert "seed 2 failed: counted with the last evaluation before" in done.stdout
    assert "runs/half, 3 seeds" in done.stdout


def test_two_single_runs_say_that_seeds_are_missing(home):
    report = compared("runs/good/seed-0", "runs/bad/seed-0", cwd=home)
    assert report["studies"][0]["metrics"]["final_return"]["interval_95"] == [None, None]
    assert report["conclusion"].startswith("Cannot tell")
    assert run_cartrl("compare", "runs/good/seed-0", "runs/bad/seed-0", cwd=home).returncode == 0


def test_an_environment_without_a_threshold(home):
    for name, finals in (("calm", [-200.0, -250.0, -180.0]), ("wild", [-1200.0, -900.0, -1100.0])):
        write_study(home / name, curves(finals, start=-1300.0), env_name="Pendulum-v1")
    report = compared("calm", "wild", cwd=home)
    assert report["reward_threshold"] is None
    assert report["studies"][0]["solved"] is None
    assert "steps_to_threshold" not in report["studies"][0]["metrics"]
    done = run_cartrl("compare", "calm", "wild", cwd=home, env=WHOLE)
    assert (done.returncode, done.stderr) == (0, "")
    assert "no reward threshold" in done.stdout
    assert "steps to" not in done.stdout


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
def test_the_performance_profiles_are_drawn(home, suffix):
    done = run_cartrl("compare", "runs/good", "runs/bad", "--plot", f"out/profile.{suffix}", cwd=home)
    assert (done.returncode, done.stderr) == (0, "")
    content = (home / f"out/profile.{suffix}").read_bytes()
    assert content.startswith({"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}[suffix])
    assert [path.name for path in (home / "out").iterdir()] == [f"profile.{suffix}"]
    if suffix == "png":
        with Image.open(home / "out/profile.png") as picture:
            colours = picture.convert("RGB").getcolors(1 << 20)
        assert {(0x00, 0x72, 0xB2), (0xD5, 0x5E, 0x00)} <= {colour for _, colour in colours}


def test_tensorflow_is_not_imported(home, tmp_path_factory):
    report = tmp_path_factory.mktemp("report") / "imports.json"
    done, imported = run_and_list_imports(
        "compare", "runs/good", "runs/bad", "--plot", "profile.png", cwd=home, report=report
    )
    assert done.returncode == 0, done.stderr
    assert imported == ["gym", "matplotlib"]


@pytest.mark.parametrize(
    ("arguments", "place", "reason"),
    [
        (["runs/good"], "compare takes from 2 to 26 runs or studies, but was given 1", ""),
        (["runs/good", "runs/gone"], "runs/gone", "no such run or study"),
        (["runs/good", "runs"], "runs", "holds neither a study nor a run"),
        (["runs/good", "runs/good/"], "runs/good", "given twice"),
        (["runs/good", "runs/bad", "--plot", "profile.txt"], "profile.txt", "ends in one of .png, .svg, .pdf"),
        (["runs/good", "runs/bad", "--plot", "runs.png"], "runs.png", "this is a directory"),
        (["runs/good", "runs/bad", "--plot", "file/profile.png"], "file", "is not a directory"),
        (["runs/good", "runs/going"], "runs/going", "none of its runs has ended yet"),
        (["runs/good", "runs/other"], "runs/other", "its environment is CartPole-v1, but that of runs/good"),
        (["runs/good", "runs/empty"], "runs/empty", "there is no evaluation in it yet"),
    ],
)
def test_refusals(home, arguments, place, reason):
    (home / "runs.png").mkdir()
    (home / "file").write_text("")
    write_study(home / "runs/going", curves([200.0, 100.0]), {0: "running", 1: "interrupted"})
    write_study(home / "runs/other", curves([200.0]), env_name="CartPole-v1")
    write_run(home / "runs/empty", 0, [])
    before = everything_below(home)
    done = run_cartrl("compare", *arguments, cwd=home)
    if reason:
        assert reason in assert_one_sentence(done, place)
    else:
        assert (done.returncode, done.stderr) == (2, f"error: {place}\n")
    assert everything_below(home) == before
