"""docs/json.md: each example has the keys and the types of what its command prints.

Those of sweeps, comparisons, decisions, evaluations and checked claims are held against it where these are tested.
"""

import re
import shutil
from pathlib import Path

import pytest
import typer

from cartrl import cli
from tests.helpers import CONFIGS, REPO, run_several
from tests.json_page import PAGE, as_on_page, differences, examples

TINY = ("--set", "train.num_iterations=2", "--set", "eval.eval_interval=2", "--set", "eval.num_eval_episodes=3")


@pytest.fixture(scope="module")
def home(short_run, short_study, tmp_path_factory) -> Path:
    home = tmp_path_factory.mktemp("json")
    shutil.copytree(short_run.directory, home / "runs/one")
    shutil.copytree(short_study, home / "runs/study")
    return home


def run_all(*calls, cwd):
    outcomes = run_several(*calls, cwd=cwd)
    assert [outcome.returncode for outcome in outcomes] == [0] * len(calls), outcomes
    return outcomes


def test_examples_of_trainings(home):
    train = ("train", CONFIGS / "reinforce.yaml", *TINY, "--json")
    again = ("train", "--json", "--resume")
    run, study, run_again, study_again = run_all(
        [*train, "--run-dir", "runs/new"],
        [*train, "--run-dir", "runs/two", "--seeds", "0,1", "--jobs", "1"],
        [*again, "runs/new"],
        [*again, "runs/two"],
        cwd=home,
    )
    assert as_on_page("A run", run) == as_on_page("A run", run_again)
    assert as_on_page("A study", study) == as_on_page("A study", study_again)


def test_examples_of_what_is_made_of_runs(home):
    varied = ("--vary", "length=0.5..1", "--noise", "observation=0..0.3", "--points", "2", "--episodes", "3")
    reproduced, exported, mapped, claimed, listed = run_all(
        ["reproduce", "runs/one", "--json"],
        ["export", "runs/one", "--episodes", "3", "--json"],
        ["eval", "runs/one", *varied, "--json"],
        ["claim", "runs/study", "--json"],
        ["runs", "--json"],
        cwd=home,
    )
    as_on_page("A run trained again", reproduced)
    as_on_page("An export", exported)
    as_on_page("A map of returns", mapped)
    as_on_page("A claim", claimed)
    as_on_page("The runs", listed)


def test_examples_of_lists(tmp_path):
    configs, environments = run_all(["config", "--list", "--json"], ["env", "--suite", "gym", "--json"], cwd=tmp_path)
    as_on_page("The shipped configs", configs)
    as_on_page("The environments of a suite", environments)


def test_each_example_is_held_against_what_is_printed():
    sources = "".join(path.read_text(encoding="utf-8") for path in (REPO / "tests").rglob("test_*.py"))
    assert set(re.findall(r'as_on_page\("(.+?)", ', sources)) == set(examples())


def test_every_command_with_the_option_is_on_the_page():
    commands = typer.main.get_command(cli.app).commands
    having = {name for name, command in commands.items() if any("--json" in option.opts for option in command.params)}
    assert set(re.findall(r"`cartrl (\w+) [^`]*--json`", PAGE)) == having


@pytest.mark.parametrize(
    ("real", "found"),
    [
        ({"a": [{"b": 1}]}, []),
        ({"a": [{"b": None}, {"b": 2}]}, []),
        ({"a": [{"b": 1}, {"b": 1.0}]}, [".a[].b: int here, float there"]),
        ({"a": [{"b": True}]}, [".a[].b: int here, bool there"]),
        ({"a": [{"b": 1, "c": 1}]}, [".a[].c"]),
        ({}, [".a"]),
    ],
)
def test_differences_are_noticed(real, found):
    assert differences({"a": [{"b": 1}]}, real) == found
