"""docs/json.md: each example has the keys and the types of what its command prints."""

import json
import re
import shutil
from pathlib import Path

import pytest
import typer

from cartrl import cli
from tests.helpers import CONFIGS, REPO, run_cartrl, run_several

PAGE = (REPO / "docs/json.md").read_text(encoding="utf-8")
TINY = ("--set", "train.num_iterations=2", "--set", "eval.eval_interval=2", "--set", "eval.num_eval_episodes=3")


def examples() -> dict:
    """Return the example of each section of the page, by the section's title."""
    sections = re.split(r"^## (.+)$", PAGE, flags=re.MULTILINE)[1:]
    return {
        title: json.loads(re.search(r"```json\n(.*?)```", text, re.DOTALL)[1])
        for title, text in zip(sections[::2], sections[1::2])
    }


def differences(example, real, place="") -> list:
    """Return where two values have other keys or other types. ``null`` stands for a value of any type."""
    if example is None or real is None:
        return []
    if type(example) is not type(real):
        return [f"{place}: {type(example).__name__} here, {type(real).__name__} there"]
    if isinstance(example, list):
        return [found for one in example for other in real for found in differences(one, other, f"{place}[]")]
    if not isinstance(example, dict):
        return []
    missing = [f"{place}.{key}" for key in sorted(example.keys() ^ real.keys())]
    return missing + [
        found
        for key in example.keys() & real.keys()
        for found in differences(example[key], real[key], f"{place}.{key}")
    ]


@pytest.fixture(scope="module")
def printed(short_run, short_study, tmp_path_factory) -> dict:
    """What each command prints, by the section of the page."""
    home: Path = tmp_path_factory.mktemp("json")
    shutil.copytree(short_run.directory, home / "runs/one")
    shutil.copytree(short_study, home / "runs/study")
    grid = ("--grid", "agent.learning_rate=1e-3,3e-3", "--seeds", "0,1", "--jobs", "1", "--confirm", "2",
            "--run-dir", "runs/sweep")  # fmt: skip
    config = CONFIGS / "reinforce.yaml"
    trained = [
        run_cartrl("sweep", config, *TINY, *grid, "--json", cwd=home),
        run_cartrl("train", config, *TINY, "--run-dir", "runs/new", "--json", cwd=home),
        run_cartrl(
            "train", config, *TINY, "--seeds", "0,1", "--jobs", "1", "--run-dir", "runs/two", "--json", cwd=home
        ),
    ]
    for rate in ("1e-3", "3e-3"):
        settings = f"agent: {{learning_rate: {rate}}}\ntrain: {{num_iterations: 1}}\neval: {{num_eval_episodes: 2}}\n"
        (home / f"{rate}.yaml").write_text(f"environment: {{env_name: CartPole-v0}}\n{settings}")
    decide = ("-c", "1e-3.yaml", "-c", "3e-3.yaml", "--until-decided", "--max-seeds", "4")
    trained.append(run_cartrl("compare", *decide, "--run-dir", "decision", "--json", cwd=home))
    trained.append(run_cartrl("claim", "runs/study", "--json", cwd=home))
    trained.append(run_cartrl("reproduce", "claim.zip", "--sample", "1", "--json", cwd=home))
    trained.append(run_cartrl("reproduce", "runs/one", "--json", cwd=home))
    looked_at = run_several(
        ["eval", "runs/one", "--episodes", "3", "--json"],
        [
            "eval",
            "runs/one",
            "--vary",
            "length=0.5..1",
            "--noise",
            "observation=0..0.3",
            "--points",
            "2",
            "--episodes",
            "3",
            "--json",
        ],
        ["compare", "runs/sweep", "--json"],
        ["runs", "--json"],
        ["train", "--resume", "runs/new", "--json"],
        ["train", "--resume", "runs/two", "--json"],
        ["config", "--list", "--json"],
        ["env", "--suite", "gym", "--json"],
        ["export", "runs/one", "--episodes", "3", "--json"],
        cwd=home,
    )
    titles = ("A sweep", "A run", "A study", "A decision", "A claim", "A claim that was checked",
              "A run trained again", "An evaluation", "A map of returns", "A comparison", "The runs", "run again",
              "study again", "The shipped configs", "The environments of a suite", "An export")  # fmt: skip
    outcomes = [*trained, *looked_at]
    assert [outcome.returncode for outcome in outcomes] == [0] * len(titles), outcomes
    assert all(len(outcome.stdout.splitlines()) == 1 for outcome in outcomes)
    return {title: json.loads(outcome.stdout) for title, outcome in zip(titles, outcomes)}


@pytest.mark.parametrize("title", examples())
def test_an_example_has_the_keys_and_types_of_what_is_printed(printed, title):
    assert differences(examples()[title], printed[title]) == []


def test_what_has_ended_prints_the_same_again(printed):
    assert printed["run again"] == printed["A run"]
    assert printed["study again"] == printed["A study"]


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
