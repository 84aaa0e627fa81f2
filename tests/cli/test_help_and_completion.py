"""What the command line offers: examples at the end of each help, and what the Tab key completes."""

import json
import re
import shlex
import shutil

import pytest
import typer

from cartrl import cli
from cartrl.cli import examples
from cartrl.cli.examples import EXAMPLES
from tests.cli.test_references import make_run
from tests.helpers import CONFIGS, everything_below, one_line, run_cartrl, run_several

PROGRAM = typer.main.get_command(cli.app)
CONFIG = CONFIGS / "reinforce.yaml"


@pytest.mark.parametrize("name", PROGRAM.commands)
def test_the_examples_of_a_help_are_commands(name):
    command = PROGRAM.commands[name]
    for example in EXAMPLES[name]:
        assert example in examples.epilog(name)
        program, typed, *arguments = shlex.split(example.partition(" > ")[0])
        assert (program, typed) == ("cartrl", name)
        _, rest, _ = command.make_parser(typer.Context(command)).parse_args(arguments)
        assert rest == []


def test_a_help_ends_with_its_examples(tmp_path):
    lines = run_cartrl("eval", "--help", cwd=tmp_path).stdout.split("\n")
    ending = ["Examples:", *EXAMPLES["eval"]]
    assert [line.strip() for line in lines if line.strip()][-len(ending) :] == ending


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("train --set agent.learn", ["agent.learning_rate="]),
        ("sweep --grid train.se", ["train.seed="]),
        ("runs --state fi", ["finished"]),
        ("env CartPole-v", ["CartPole-v0", "CartPole-v1"]),
        ("eval runs/", ["runs/one"]),
        ("train --resume la", ["latest"]),
        ("sweep --resume runs/", ["runs/one"]),
        ("record --checkpoint runs/", ["runs/one"]),
        ("runs --env Acro", ["Acrobot-v1"]),
        ("train --config reinforce/acro", ["reinforce/acrobot-v1"]),
        ("config reinforce/pend", ["reinforce/pendulum-v1"]),
        ("sweep reinforce-", []),  # then the shell completes files itself
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
        ["environment.env_name=own_environments:Game-v0", "collect.engine=compiled"],
    ):
        options = ["--import-module", "own_environments"]
        options += [word for setting in settings for word in ("--set", setting)]
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
    (tmp_path / "runs").write_text("")
    no_place, both, answer = run_several(
        ["train", CONFIG, "--dry-run"], ["train", CONFIG, "--dry-run", "--seed", "1", "--seeds", "0-3"],
        ["train", CONFIG, "--dry-run", "--json"], cwd=tmp_path,
    )  # fmt: skip
    assert one_line(no_place, 2) == one_line(run_cartrl("train", CONFIG, cwd=tmp_path), 2)
    assert one_line(both, 2) == "give --seed for one run, or --seeds for a study"
    assert one_line(answer, 2) == "--dry-run prints the settings; it cannot be given with --quiet or --json"


def test_a_dry_run_of_what_was_stopped_says_from_where_it_goes_on(tmp_path):
    for name in ("one", "new", "study/seed-0"):
        make_run(tmp_path / "runs" / name, "2024-01-01T00:00:00+00:00", 30.0)
    for iteration in (5, 7):
        (tmp_path / f"runs/one/checkpoints/{iteration:08d}").mkdir(parents=True)
    (tmp_path / "runs/study/study.json").write_text('{"seeds": [0, 3, 4]}')
    shutil.copy(tmp_path / "runs/one/config.yaml", tmp_path / "runs/study")
    before = everything_below(tmp_path)
    dry = ["train", "--dry-run", "--resume"]
    run, done, longer, new, study, other, jobs = run_several(
        [*dry, "runs/one"], [*dry, "runs/one", "--set", "train.num_iterations=7"],
        [*dry, "runs/one", "--set", "train.num_iterations=20"], [*dry, "runs/new"],
        [*dry, "runs/study", "--jobs", "2"], [*dry, "runs/one", "--set", "train.seed=4"],
        ["train", "--resume", "runs/one", "--jobs", "2"], cwd=tmp_path,
    )  # fmt: skip
    assert run.stdout.startswith("# runs/one: goes on after iteration 7 of 10\nenvironment:\n")
    assert done.stdout.startswith("# runs/one: nothing is left to train after iteration 7 of 7\n")
    assert longer.stdout.startswith("# runs/one: goes on after iteration 7 of 20\n")
    assert re.search(r"num_iterations: 20 +# --set train.num_iterations=20\n", longer.stdout)
    assert new.stdout.startswith("# runs/new: begins anew\n")
    assert study.stdout.startswith("# runs/study: 2 of 3 seeds go on: 3-4\n")
    assert "train.seed: cannot change in a run that is resumed" in one_line(other, 2)
    assert one_line(jobs, 2) == "--jobs is for a study, but runs/one is one run"
    assert everything_below(tmp_path) == before


def test_no_table_in_a_pipe_cuts_a_path_or_a_number(tmp_path):
    names = ["m" * 150, "n" * 150]
    overrides = [f"agent.fc_layer_params=[{', '.join(['65536'] * count)}]" for count in (30, 40)]
    for name, best in zip(names, (1e11 + 0.5, -1e11 - 0.25)):
        for seed in (0, 1):
            make_run(tmp_path / f"runs/sweep/{name}/seed-{seed}", "2024-01-01T00:00:00+00:00", best + seed)
        shutil.copy(tmp_path / f"runs/sweep/{name}/seed-0/config.yaml", tmp_path / f"runs/sweep/{name}")
    shutil.copy(tmp_path / f"runs/sweep/{names[0]}/config.yaml", tmp_path / "runs/sweep")
    study = {"outcome": "finished", "started": "2024-01-02T00:00:00+00:00", "seeds": [0, 1]}
    settings = [{"name": name, "overrides": [override]} for name, override in zip(names, overrides)]
    (tmp_path / "runs/sweep/sweep.json").write_text(json.dumps({**study, "settings": settings}))
    for name in names:
        (tmp_path / f"runs/sweep/{name}/study.json").write_text(json.dumps(study))
    calls = (
        ["runs", "runs/sweep"],
        ["compare", "runs/sweep"],
        ["sweep", "--resume", "runs/sweep"],
        ["plot", "runs/sweep"],
    )
    for call, paths in zip(calls, (names, [f"runs/sweep/{name}" for name in names], names[:0], names)):
        done = run_cartrl(*call, cwd=tmp_path, env={"COLUMNS": ""})
        assert done.returncode == 0, done.stderr
        words = done.stdout.split()
        assert all(any(word.strip(",:/") == path for word in words) for path in paths), done.stdout
        assert "…" not in done.stdout
        lines = done.stdout.splitlines()
        if call[0] != "plot":
            assert any("100,000,000,00" in line for line in lines), done.stdout
        if call[0] == "sweep":
            assert all(any(override.partition("=")[2] in line for line in lines) for override in overrides), done.stdout
