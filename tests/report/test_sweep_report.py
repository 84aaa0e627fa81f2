"""`cartrl report` of a sweep, without training: what its page says, read as the HTML that it is."""

import json
import shutil

import pytest

from tests.helpers import everything_below, one_line, run_cartrl
from tests.pages import Page
from tests.studies import curves, write_study, write_sweep

FINALS = {"0.01": [9.0, 30.0, 90.0, 200.0, 10.0], "0.003": [200.0, 198.0, 100.0, 200.0, 195.0], "0.001": [50.0] * 5}
HOSTILE = "<img src=x onerror=alert(1)>\"'&amp;"
BEST = [f"runs/sweep/agent.learning_rate={rate}" for rate in ("0.003", "0.001")]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    write_sweep(home / "runs" / "sweep", FINALS, ["0.1"], outcome="interrupted", reward_threshold=195.0,
                import_modules=["my_env"], grid=["agent.learning_rate=0.01,0.003,0.001,0.1"])  # fmt: skip
    return home


@pytest.fixture(scope="module")
def page(home):
    before = everything_below(home)
    done = run_cartrl("report", "latest", cwd=home)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[0] == "latest is runs/sweep"
    assert set(everything_below(home)) - set(before) == {"runs/sweep/report.html"}
    return Page(home / "runs/sweep/report.html")


def test_the_table_is_the_ranking(home, page):
    ranking = json.loads(run_cartrl("compare", "runs/sweep", "--json", cwd=home).stdout)["studies"]
    rows = page.table("sortable")
    assert [row[:2] for row in rows] == [["1", "0.003"], ["2", "0.001"], ["3", "0.01"], ["–", "0.1"]]
    assert [row[2] for row in rows] == ["198", "50", "43", "–"]
    low, high = ranking[0]["metrics"]["final_return"]["interval_95"]
    assert rows[0][3:] == [f"{low:.0f} to {high:.0f}", "4 of 5, 80 %", "5", ""]
    assert rows[1][3] == "equal; 45 % may differ"
    assert rows[3][3:] == ["–", "–", "0", "not begun"]
    assert "Without a seed that has ended, so without a rank: 1." in page.text
    assert "it was chosen by these seeds, and luck took part" in page.text
    assert "4 settings × 5 seeds" in page.text


def test_what_mattered_is_a_table(page):
    assert "What mattered" in page.text
    assert page.table("plain") == [
        ["learning_rate", "100 %", "100 % to 100 %", "0.001", page.table("plain")[0][4], page.table("plain")[0][5]],
        ["interactions and noise", "0 %", "0 % to 0 %", "", "", ""],
    ]
    best, kept = FINALS["0.003"], FINALS["0.001"]
    lost = sorted(one - other for one, other in zip(best, kept))[1:4]  # the middle of five: one is cut at each end
    assert page.table("plain")[0][4] == f"{sum(lost) / 3:.0f}"
    assert "Shares of the variance between settings, over 5 seeds: analysis of variance of the full grid." in page.text


def test_the_curves_are_named_by_what_varies(page):
    assert "learning_rate 0.003 learning_rate 0.001 learning_rate 0.01 reward threshold 195" in page.text
    stops = page.stops("curve")
    assert list(stops) == [f"iteration {step}" for step in range(0, 251, 50)]
    assert stops["iteration 250"][1] == "50"  # all seeds alike: no interval
    assert stops["iteration 250"][0].startswith("198 (")


def test_the_commands_go_on_with_the_module_of_the_sweep(page):
    assert f"cartrl plot {' '.join(BEST)} " in page.text
    assert f"cartrl compare {' '.join(BEST)} " in page.text
    assert f"cartrl train {BEST[0]}/config.yaml --seeds 5-9 --import-module my_env" in page.text
    assert "cartrl sweep --resume runs/sweep --import-module my_env" in page.text
    same = "cartrl sweep config.yaml --grid agent.learning_rate=0.01,0.003,0.001,0.1 --seeds 0-4"
    assert f"{same} --import-module my_env" in page.text


def test_the_settings_that_vary_are_marked(page):
    assert "learning_rate varied see the table" in page.text


def test_nothing_outside_the_file_is_needed(page):
    page.assert_self_contained()


def test_a_finished_sweep_is_not_resumed_and_a_search_is_repeated_as_one(home, tmp_path):
    sweep = shutil.copytree(home / "runs" / "sweep", tmp_path / "sweep")
    plan = json.loads((sweep / "sweep.json").read_text())
    ranges = ["agent.learning_rate=1e-4..1e-1:log"]
    plan.update(outcome="finished", search={"ranges": ranges, "trials": 4}, import_modules=[])
    (sweep / "sweep.json").write_text(json.dumps(plan))
    assert run_cartrl("report", "sweep", "-o", "sweep.html", cwd=tmp_path).returncode == 0
    text = Page(tmp_path / "sweep.html").text
    assert "--resume" not in text
    assert f"cartrl sweep config.yaml --search {ranges[0]} --trials 4 --seeds 0-4" in text


def test_of_many_settings_the_best_eight_are_drawn(home, tmp_path):
    sweep = shutil.copytree(home / "runs" / "sweep", tmp_path / "sweep")
    plan = json.loads((sweep / "sweep.json").read_text())
    for index in range(7):
        name = f"agent.learning_rate=0.02{index}"
        write_study(sweep / name, curves([10.0, 11.0 + index]), learning_rate=f"0.02{index}")
        plan["settings"].append({"name": name, "overrides": [name]})
    (sweep / "sweep.json").write_text(json.dumps(plan))
    assert run_cartrl("report", "sweep", cwd=tmp_path).returncode == 0
    page = Page(sweep / "report.html")
    assert "Drawn are the best 8 of 10 settings." in page.text
    assert {len(values) for values in page.stops("curve").values()} == {8}
    assert len(page.table("sortable")) == 11


def test_names_and_values_are_text(home, tmp_path):
    sweep = shutil.copytree(home / "runs" / "sweep", tmp_path / HOSTILE)
    plan = json.loads((sweep / "sweep.json").read_text())
    plan["settings"].append({"name": "odd", "overrides": [f"agent.{HOSTILE}={HOSTILE}"]})
    plan.update(grid=[HOSTILE], command=["cartrl", HOSTILE], versions={HOSTILE: HOSTILE}, host={"system": HOSTILE})
    (sweep / "sweep.json").write_text(json.dumps(plan))
    done = run_cartrl("report", HOSTILE, "-o", "page.html", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    page = Page(tmp_path / "page.html")
    assert HOSTILE in page.text
    assert not any("onerror" in attributes for _, attributes in page.tags)
    page.assert_self_contained()


def test_without_a_seed_that_has_ended_there_is_nothing_to_report(home, tmp_path):
    sweep = tmp_path / "sweep"
    sweep.mkdir()
    for name in ("sweep.json", "config.yaml"):
        shutil.copy(home / "runs" / "sweep" / name, sweep)
    done = run_cartrl("report", "sweep", cwd=tmp_path)
    assert one_line(done, 2) == "sweep: no seed of this sweep has ended yet"
    assert not (sweep / "report.html").exists()
