"""`cartrl report`: what the page says, read as the HTML that it is."""

import base64
import csv
import json
import math
import shutil

import numpy as np
import pytest
from scipy import stats

from tests.helpers import assert_one_sentence, everything_below, run_cartrl, run_several
from tests.pages import Page


@pytest.fixture(scope="module")
def run_page(run_report):
    return Page(run_report.page)


@pytest.fixture(scope="module")
def study_page(study_report):
    return Page(study_report.page)


def metrics_of(run):
    with (run / "metrics.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def told(run_report, study_report):
    """What `cartrl eval` says of both seeds."""
    return {3: evaluation_of(run_report.subject), 4: evaluation_of(study_report.subject / "seed-4")}


def evaluation_of(run):
    """Return what `cartrl eval` says of the run's best policy."""
    done = run_cartrl("eval", "--checkpoint", run, "--json", cwd=run.parent)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_nothing_outside_the_file_is_needed(run_page, study_page):
    run_page.assert_self_contained()
    study_page.assert_self_contained()


def test_names_are_text(run_report, run_page):
    assert run_report.subject.name in run_page.text
    assert not any("onerror" in attributes for _, attributes in run_page.tags)


def places_of(spread):
    """Return the places after the point with which a spread shows two significant digits."""
    return max(1 - math.floor(math.log10(spread)), 0)


def test_the_evaluation_is_that_of_eval(run_page, told):
    mean, verdict, (low, high) = (told[3][name] for name in ("mean", "verdict", "interval_95"))
    places = places_of((high - low) / 2)
    assert f"Mean return of 100 episodes {mean:.{places}f} {verdict}" in run_page.text
    assert f"95 % interval {low:.{places}f} to {high:.{places}f}; solved from 195" in run_page.text
    stops = run_page.stops("returns").values()
    assert sum(int(values[2].split(" of ")[0]) for values in stops) == 100
    assert {tuple(values[:2]) for values in stops} == {("195", f"{mean:.{places}f}")}


def test_the_curve_tells_the_metrics(run_report, run_page):
    stops = run_page.stops("curve")
    rows = metrics_of(run_report.subject)
    assert list(stops) == [f"iteration {row['iteration']}" for row in rows]
    for row in rows[1:]:
        greedy, mean, extent = stops[f"iteration {row['iteration']}"]
        assert mean == f"{float(row['collect_return_mean']):.4g}"
        low, high = float(row["collect_return_min"]), float(row["collect_return_max"])
        assert extent == f"{low:g} to {high:g}"
        if row["greedy_return_mean"]:
            mean, std = float(row["greedy_return_mean"]), float(row["greedy_return_std"])
            assert greedy == f"{mean:.{places_of(std)}f} ± {std:.{places_of(std)}f}"
    assert stops["iteration 29"][0].endswith(", at 20")


def test_what_differs_from_the_defaults_is_marked(run_page):
    rows = run_page.source.split("<tr")[1:]
    marked = [row.split('<th scope="row">')[1].split("<")[0] for row in rows if row.startswith(' class="changed"')]
    assert marked == ["num_iterations", "seed", "eval_interval"]
    assert "num_iterations 30 default 250" in run_page.text


def test_the_config_in_the_page_is_the_config_of_the_run(run_report, run_page, tmp_path):
    (link,) = [attributes["href"] for tag, attributes in run_page.tags if tag == "a"]
    (tmp_path / "config.yaml").write_bytes(base64.b64decode(link.partition("base64,")[2]))

    def settings(path):
        done = run_cartrl("config", path, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        return [line.partition("#")[0].rstrip() for line in done.stdout.splitlines()]

    assert settings("config.yaml") == settings(run_report.subject / "config.yaml")


def test_the_page_says_how_to_get_the_same_again(run_report, run_page):
    manifest = json.loads((run_report.subject / "manifest.json").read_text())
    assert "cartrl train config.yaml" in run_page.text
    assert f"tensorflow=={manifest['versions']['tensorflow']}" in run_page.text
    assert "--run-dir runs/short" in run_page.text


def test_the_film_is_an_mp4(run_page, study_page):
    for page in (run_page, study_page):
        (source,) = page.attribute("video", "src")
        kind, _, content = source.partition("base64,")
        assert kind == "data:video/mp4;"
        assert base64.b64decode(content)[4:8] == b"ftyp"


def test_the_film_that_a_run_has_is_taken(short_run, tmp_path):
    run = shutil.copytree(short_run.directory, tmp_path / "run")
    own = run / "videos/best.mp4"
    greedy = ["record", "run", "--episodes", "1", "--seed", "5"]
    calls = {
        "its own": greedy,
        "of another policy": [*greedy[:1], "run/policies/kept/00000000", *greedy[2:], "-o", own],
        "of drawn actions": [*greedy, "--stochastic", "-o", own],
    }
    shown = {}
    for what, call in calls.items():
        outcomes = run_several(call, ["report", "run"], cwd=tmp_path)
        assert [outcome.returncode for outcome in outcomes] == [0, 0], outcomes
        (source,) = Page(run / "report.html").attribute("video", "src")
        shown[what] = base64.b64decode(source.partition("base64,")[2])
        assert (shown[what] == own.read_bytes()) is (what == "its own")
    assert shown["of another policy"] == shown["of drawn actions"]  # a new film, of the best actions
    assert b"most probable actions" in shown["of drawn actions"]


def test_a_study_tells_of_its_seeds_together_and_each(study_report, study_page, told):
    runs = [study_report.subject / name for name in ("seed-3", "seed-4")]
    means = [told[seed]["mean"] for seed in (3, 4)]
    # With two seeds no quarter is cut off: the interquartile mean is the mean.
    assert f"Interquartile mean return {stats.trim_mean(means, 0.25):.0f} 95 % interval" in study_page.text
    assert f"Worst seed {min(means):.4g} best seed {max(means):.4g}" in study_page.text
    for seed, mean in zip((3, 4), means):
        low, high = told[seed]["interval_95"]
        assert f"seed {seed} {mean:.{places_of((high - low) / 2)}f}" in study_page.text
    final = [float(metrics_of(run)[-1]["greedy_return_mean"]) for run in runs]
    assert study_page.stops("curve")["iteration 30"][0] == f"{np.mean(final):.0f}"
    assert "cartrl train config.yaml --seeds 3-4" in study_page.text


def test_the_report_is_all_that_is_written(run_report):
    assert [path.name for path in run_report.page.parent.iterdir() if path.is_file()] == ["run.html"]
    assert run_report.done.stdout.splitlines()[-1].strip() == str(run_report.page)
    assert run_report.done.stderr == ""


def test_a_policy_that_cannot_be_evaluated_is_told(short_run, tmp_path):
    run = shutil.copytree(short_run.directory, tmp_path / "run")
    (run / "policies" / "best" / "saved_model.pb").write_bytes(b"another graph")
    done = run_cartrl("report", "run", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    page = Page(run / "report.html")
    assert "Seed 3 is not evaluated: run/policies/best: saved_model.pb is not what was saved" in page.text
    assert page.attribute("video", "src") == []
    assert "Best in training" in page.text


@pytest.mark.slow
def test_32_seeds_fit_into_a_mail(short_run, tmp_path):
    for seed in range(32):
        shutil.copytree(short_run.directory, tmp_path / "study" / f"seed-{seed}")
        manifest = tmp_path / "study" / f"seed-{seed}" / "manifest.json"
        manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "seed": seed}))
    shutil.copy(short_run.directory / "config.yaml", tmp_path / "study")
    facts = {**json.loads(manifest.read_text()), "kind": "study", "seeds": list(range(32))}
    (tmp_path / "study" / "study.json").write_text(json.dumps(facts))
    done = run_cartrl("report", "study", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    page = tmp_path / "study" / "report.html"
    assert Page(page).source.count("<h3>seed ") == 32
    assert page.stat().st_size < 5e6


@pytest.mark.parametrize(
    ("arguments", "place", "reason"),
    [
        (["missing"], "missing", "no such run or study"),
        (["empty"], "empty", "holds neither a study nor a run"),
        (["run", "--output", "report.pdf"], "report.pdf", "ends in one of .html"),
        (["run", "--output", "run/config.yaml/a.html"], "run/config.yaml", "is not a directory"),
    ],
)
def test_what_cannot_be_done_is_refused_at_once(short_run, tmp_path, arguments, place, reason):
    shutil.copytree(short_run.directory, tmp_path / "run")
    (tmp_path / "empty").mkdir()
    before = everything_below(tmp_path)
    assert reason in assert_one_sentence(run_cartrl("report", *arguments, cwd=tmp_path), place)
    assert everything_below(tmp_path) == before
