"""What the command line offers: examples at the end of each help, and what the Tab key completes."""

import shlex

import pytest
import typer

from cartrl import cli
from cartrl.cli.examples import EXAMPLES
from tests.helpers import CONFIGS, one_line, run_cartrl, run_several
from tests.light.test_references import make_run

PROGRAM = typer.main.get_command(cli.app)
CONFIG = CONFIGS / "reinforce.yaml"


@pytest.mark.parametrize("name", PROGRAM.commands)
def test_the_examples_of_a_help_are_commands(name):
    command = PROGRAM.commands[name]
    for example in EXAMPLES[name]:
        assert example in command.epilog
        program, typed, *arguments = shlex.split(example)
        assert (program, typed) == ("cartrl", name)
        _, rest, _ = command.make_parser(typer.Context(command)).parse_args(arguments)
        assert rest == []


def test_a_help_ends_with_its_examples(tmp_path):
    lines = run_cartrl("eval", "--help", cwd=tmp_path).stdout.split("\n")
    assert [line.strip() for line in lines if line.strip()][-3:] == ["Examples:", *EXAMPLES["eval"]]


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("train --set agent.learn", ["agent.learning_rate="]),
        ("sweep --grid train.se", ["train.seed="]),
        ("runs --state fi", ["finished"]),
        ("env CartPole-v", ["CartPole-v0", "CartPole-v1"]),
        ("eval runs/", ["runs/one"]),
        ("train --resume la", ["latest"]),
    ],
)
def test_the_tab_key(typed, completed, tmp_path):
    (tmp_path / "runs/one").mkdir(parents=True)
    (tmp_path / "runs/one/manifest.json").write_text("{}")
    words = ["cartrl", *typed.split()]
    asked = {"_CARTRL_COMPLETE": "complete_bash", "COMP_WORDS": " ".join(words), "COMP_CWORD": str(len(words) - 1)}
    done = run_cartrl(cwd=tmp_path, env=asked)
    assert done.stdout.split() == completed


def test_a_setting_without_its_section_is_recognised(tmp_path):
    meant = {"lr=1": "agent.learning_rate", "learning_rate=1": "agent.learning_rate", "gamma=1": "agent.discount",
             "agent.lr=1": "agent.learning_rate", "train.learning_rate=1": "agent.learning_rate",
             "iterations=3": "train.num_iterations"}  # fmt: skip
    outcomes = run_several(*(["config", CONFIG, "--set", override] for override in meant), cwd=tmp_path)
    for outcome, (override, setting) in zip(outcomes, meant.items()):
        assert one_line(outcome, 2).endswith(f", did you mean {setting!r}?"), override


def test_a_dry_run_and_config_check_what_training_checks(tmp_path):
    wrong = ["environment.env_name=Nothing-v0", "environment.constants={weight: 1}", "train.stop_when_solved=yes",
             "collect.engine=fast"]  # fmt: skip
    pendulum = ["environment.env_name=Pendulum-v1", "train.stop_when_solved=true"]
    for settings in (
        *([each] for each in wrong),
        pendulum,
        ["environment.env_name=Acrobot-v1", "collect.engine=compiled"],
    ):
        options = [word for setting in settings for word in ("--set", setting)]
        config, dry, train = run_several(
            ["config", CONFIG, *options], ["train", CONFIG, "--dry-run", *options], ["train", CONFIG, *options],
            cwd=tmp_path,
        )  # fmt: skip
        assert one_line(config, 2) == one_line(dry, 2) == one_line(train, 2)
    (tmp_path / "there").mkdir()
    there, jobs, seeds, fine = run_several(
        ["train", CONFIG, "--dry-run", "--run-dir", "there"], ["train", CONFIG, "--jobs", "2"],
        ["train", CONFIG, "--dry-run", "--seeds", "3-1"], ["train", CONFIG, "--dry-run"], cwd=tmp_path,
    )  # fmt: skip
    assert "exists already" in one_line(there, 2)
    assert one_line(jobs, 2) == "--jobs is for a study; give its --seeds, such as 0-7"
    assert "runs backwards" in one_line(seeds, 2)
    assert (fine.returncode, fine.stderr, fine.tensorflow) == (0, "", False)
    assert fine.stdout.startswith("environment:\n")
    assert [path.name for path in tmp_path.iterdir()] == ["there"]


def test_a_table_in_a_pipe_is_not_broken(tmp_path):
    name = "n" * 150
    make_run(tmp_path / "runs" / name, "2024-01-01T00:00:00+00:00", 30.0)
    assert any(line.startswith(name + " ") for line in run_cartrl("runs", cwd=tmp_path).stdout.splitlines())
