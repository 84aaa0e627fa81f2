"""A directory tree of another tool's runs as a set of studies: how its levels are told apart, shown and said."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from cartrl.errors import UsageError
from cartrl.runs.foreign import Layout, load_studies
from cartrl.runs.foreign.csv_table import parse_columns
from cartrl.runs.foreign.template import Template, inferred
from tests.helpers import assert_one_sentence, one_line, run_cartrl

WRITTEN = Path(__file__).parents[1] / "foreign_runs"
SEEDS = (1, 2, 3)


def write(run, final):
    """An evaluations.npz whose last return is ``final``."""
    run.mkdir(parents=True)
    np.savez(run / "evaluations.npz", timesteps=[100, 200], results=np.array([[1.0, 1.0], [final, final]]))


@pytest.fixture
def zoo(tmp_path):
    """The layout of rl-baselines3-zoo: logs/ALGORITHM/ENVIRONMENT_NUMBER, of what Stable-Baselines3 wrote."""
    for name in ("ppo", "ppo-fast"):
        shutil.copytree(WRITTEN / name, tmp_path / f"logs/{name}")
    return tmp_path


INFERRED = {
    "{env}_{seed}": ["CartPole-v1_1", "CartPole-v1_2", "Pendulum-v1_1"],
    "{method}/{env}_{seed}": ["ppo/CartPole-v1_1", "a2c/CartPole-v1_1", "a2c/CartPole-v1_2"],
    "{env}/{method}/seed_{seed}": ["CartPole-v1/ppo/seed_1", "CartPole-v1/sac2/seed_1"],
    "{method}/{seed}": ["ppo2/3", "dqn1/3"],
    "{method}_{seed}": ["ppo_1", "ppo_2", "sac_1"],
    "{method}/{env}": ["ppo/CartPole-v1", "a2c/CartPole-v1"],
    "{env}__{method}__{seed}__{*}": ["CartPole-v1__a__1__179", "CartPole-v1__b__1__180"],
    "{method}/{env}__{method}__{seed}__{*}": ["x/CartPole-v1__a__1__179", "y/CartPole-v1__b__1__180"],
    "exp/{method}/{env}/{seed}": ["exp/ppo/CartPole-v1/0", "exp/a2c/CartPole-v1/0"],
    "run-{seed}": ["run-4", "run-7"],
    "{*}{seed}": ["alice1", "bob2"],
    "{*}": ["alice", "bob"],
}


@pytest.mark.parametrize("template, names", INFERRED.items(), ids=INFERRED)
def test_which_level_tells_what_is_inferred(template, names):
    assert inferred(names) == template
    assert all(map(Template(template).told, names))


def test_the_layout_of_rl_zoo(zoo):
    done = run_cartrl("compare", "logs", "--json", cwd=zoo)
    assert (done.returncode, done.stderr) == (0, "")
    report = json.loads(done.stdout)
    assert [(study["label"], study["path"], study["seeds"]) for study in report["studies"]] == [
        (name, f"logs/{name}/CartPole-v1", list(SEEDS)) for name in ("ppo", "ppo-fast")
    ]
    assert all(
        "grouped by the names of the runs as {method}/{env}_{seed}" in study["notes"] for study in report["studies"]
    )
    one_by_one = run_cartrl("compare", "logs/ppo/CartPole-v1", "logs/ppo-fast/CartPole-v1", "--json", cwd=zoo)
    assert json.loads(one_by_one.stdout)["comparisons"] == report["comparisons"]


def test_what_the_levels_tell_can_be_said(tmp_path):
    for seed, day in ((1, "monday"), (2, "tuesday")):
        for method in ("a", "b"):
            write(tmp_path / f"logs/{day}/{method}.{seed}.Pole", 10.0 * seed)
            write(tmp_path / f"logs/{day}/{method}.{seed}.Hill", 20.0 * seed)
    said = run_cartrl("compare", "logs", "--group", "{*}/{method}.{seed}.Pole", "--json", cwd=tmp_path)
    studies = json.loads(said.stdout)["studies"]
    assert [(study["label"], study["metrics"]["final_return"]["values"]) for study in studies] == [
        ("a", [10.0, 20.0]),
        ("b", [10.0, 20.0]),
    ]
    assert "left out: 4 of 8 runs that do not fit" in studies[0]["notes"]
    refused = run_cartrl("plot", "logs", "--group", "{method}/x{seed}", cwd=tmp_path)
    assert assert_one_sentence(refused, "logs").startswith(
        "no run in it fits --group {method}/x{seed}; they are such as"
    )


@pytest.mark.parametrize("text", ["", "{methd}", "{seed}{seed}", "{env}/{env}", "a", "{", "{method}}"])
def test_templates_that_are_misspelt_are_refused(text):
    with pytest.raises(UsageError, match=re.escape("must be like {method}/{env}_{seed}")):
        Template(text)


def test_what_cannot_be_told_apart_is_refused(tmp_path):
    write(tmp_path / "logs/a/1", 1.0)
    write(tmp_path / "logs/b", 1.0)
    said = assert_one_sentence(run_cartrl("plot", "logs", cwd=tmp_path), "logs")
    assert said == "its runs are at several depths, such as a/1 and b; say what their names tell by --group"
    write(tmp_path / "twice/Pole-v1__a__1__10", 1.0)
    write(tmp_path / "twice/Pole-v1__a__1__11", 1.0)
    said = assert_one_sentence(run_cartrl("plot", "twice", cwd=tmp_path), "twice")
    assert said.startswith("several of its runs are of seed 1: twice/Pole-v1__a__1__10 and twice/Pole-v1__a__1__11")


def test_a_tree_of_csv_files(tmp_path):
    for method, seed in (("a", 1), ("a", 5), ("b", 1)):
        path = tmp_path / f"logs/{method}/{seed}/progress.csv"
        path.parent.mkdir(parents=True)
        path.write_text(f"s,r\n0,0\n10,{seed}\n")
    studies = load_studies(tmp_path / "logs", Layout(parse_columns("steps=s,return=r")))
    assert [(study.name, [run.seed for run in study.runs]) for study in studies] == [("a", [1, 5]), ("b", [1])]
    assert load_studies(tmp_path / "logs") == []


def test_greedy_evaluations_come_first_and_what_lacks_them_is_named(zoo):
    (zoo / "logs/ppo/CartPole-v1_3/evaluations.npz").unlink()
    (study,) = load_studies(zoo / "logs/ppo")
    assert (study.measure, [run.seed for run in study.runs]) == ("training return", list(SEEDS))
    for seed in (1, 2):
        (zoo / f"logs/ppo/CartPole-v1_{seed}/0.monitor.csv").unlink()
    (study,) = load_studies(zoo / "logs/ppo")
    assert (study.measure, [run.seed for run in study.runs]) == ("greedy return", [1, 2])
    assert "left out: 1 of 3 runs that have no such file" in study.notes()


def test_studies_of_other_tools_are_listed(zoo):
    done = run_cartrl("runs", "logs", "--json", cwd=zoo)
    assert (done.returncode, done.stderr) == (0, "")
    listed = json.loads(done.stdout)
    assert [(entry["path"], entry["agent"], entry["seeds"], entry["state"]) for entry in listed] == [
        (f"logs/{name}/CartPole-v1", name, list(SEEDS), "unknown") for name in ("ppo", "ppo-fast")
    ]
    best = []
    for seed in SEEDS:
        with np.load(WRITTEN / f"ppo/CartPole-v1_{seed}/evaluations.npz") as file:
            best.append(file["results"].mean(axis=1).max())
    assert listed[0]["best_greedy_return"] == listed[0]["best_return"] == pytest.approx(np.mean(best))
    (zoo / "logs/ppo/CartPole-v1_2/evaluations.npz").write_bytes(b"garbage")
    done = run_cartrl("runs", "logs", cwd=zoo)
    assert (done.returncode, done.stderr) == (0, "")
    assert "damaged: logs/ppo/CartPole-v1_2/evaluations.npz: timesteps cannot be read" in done.stdout
    assert "ppo-fast/" in done.stdout


def test_training_returns_are_told_from_greedy_ones_in_the_list(tmp_path):
    shutil.copytree(WRITTEN / "cleanrl", tmp_path / "runs")
    assert "CartPole-v1, hold (training returns)" in run_cartrl("runs", cwd=tmp_path).stdout
    listed = json.loads(run_cartrl("runs", "--json", cwd=tmp_path).stdout)
    assert [(entry["measure"], entry["best_greedy_return"]) for entry in listed] == [("training return", None)] * 2


def test_the_report_of_another_tools_study(zoo):
    said = one_line(run_cartrl("report", "logs", cwd=zoo), 2)
    assert said == "logs: holds 2 studies; name one of them, such as logs/ppo/CartPole-v1, logs/ppo-fast/CartPole-v1"
    done = run_cartrl("report", "logs/ppo/CartPole-v1", "-o", "page.html", cwd=zoo)
    assert (done.returncode, done.stderr) == (0, "")
    page = (zoo / "page.html").read_text()
    for part in ("How this was read", "evaluations.npz", "Environment steps", "step 2,048", "seed 3"):
        assert part in page
    assert "Run it again" not in page
    (zoo / "logs/<b>").mkdir()
    shutil.copytree(WRITTEN / "ppo/CartPole-v1_1", zoo / "logs/<b>/CartPole-v1_1")
    assert run_cartrl("report", "logs/<b>", "-o", "other.html", cwd=zoo).returncode == 0
    assert "<b>/" not in (zoo / "other.html").read_text()
