"""What a command is about can be named as a position, by its option, or as ``latest``."""

import csv
import json
import shutil

import pytest

from tests.helpers import CONFIGS, one_line, run_cartrl, run_several
from tests.studies import COLUMNS

CONFIG = CONFIGS / "reinforce.yaml"


def make_run(directory, started, best):
    """Write what is left of a finished run: its config, its manifest, and its metrics."""
    directory.mkdir(parents=True)
    config = "environment:\n  env_name: CartPole-v0\nagent:\n  kind: reinforce\ntrain:\n  num_iterations: 10\n"
    (directory / "config.yaml").write_text(config)
    reached = {"best_greedy_return": {"mean": best, "std": 1.0, "step": 10, "episodes": 10}}
    manifest = {"outcome": "finished", "started": started, "seed": 0, "result": reached}
    (directory / "manifest.json").write_text(json.dumps(manifest))
    with (directory / "metrics.csv").open("w", newline="") as file:
        rows = csv.DictWriter(file, COLUMNS)
        rows.writeheader()
        for step, mean in ((0, 20.0), (10, best)):
            numbers = {"greedy_return_mean": mean, "greedy_return_std": 1.0}
            rows.writerow({**dict.fromkeys(COLUMNS, 1), "iteration": step, "environment_steps": 50 * step, **numbers})


@pytest.fixture
def home(tmp_path):
    """A directory with a run, a later study of two seeds, and a sweep later still."""
    for name, best in (("runs/one", 30.0), ("runs/study/seed-0", 40.0), ("runs/study/seed-1", 50.0),
                       ("runs/sweep/a/seed-0", 60.0), ("runs/sweep/a/seed-1", 55.0)):  # fmt: skip
        make_run(tmp_path / name, "2024-01-01T00:00:00+00:00", best)
    for name, started in (("study/study.json", "2024-01-02"), ("sweep/sweep.json", "2024-01-03")):
        content = {"outcome": "finished", "started": f"{started}T00:00:00+00:00", "seeds": [0, 1]}
        settings = [{"name": "a", "overrides": ["agent.discount=0.9"]}] if name.startswith("sweep") else []
        (tmp_path / "runs" / name).write_text(json.dumps({**content, "settings": settings}))
    shutil.copy(tmp_path / "runs/study/study.json", tmp_path / "runs/sweep/a")
    for place in ("study", "sweep", "sweep/a"):
        shutil.copy(tmp_path / "runs/one/config.yaml", tmp_path / "runs" / place)
    return tmp_path


def test_a_position_and_its_option_name_the_same(home):
    calls = [
        ["train", "none.yaml"], ["train", "-c", "none.yaml"],
        ["sweep", "none.yaml", "--grid", "agent.discount=0.9", "--seeds", "0"],
        ["eval", "none"], ["eval", "--checkpoint", "none"],
        ["record", "none"], ["record", "--checkpoint", "none"],
    ]  # fmt: skip
    for call, outcome in zip(calls, run_several(*calls, cwd=home)):
        assert one_line(outcome, 2).startswith(("none.yaml: no such file", "none: no such run or policy")), call


def test_what_is_named_twice_is_refused(home):
    calls = [
        ["train", "a.yaml", "-c", "b.yaml"], ["sweep", "a.yaml", "--config", "b.yaml"],
        ["eval", "a", "--checkpoint", "b"], ["record", "a", "--checkpoint", "b"],
    ]  # fmt: skip
    for outcome in run_several(*calls, cwd=home):
        assert one_line(outcome, 2).endswith("as well; give one of them")
    record, resume = run_several(
        ["record", "a", "--progress", "b"], ["train", CONFIG, "--resume", "runs/one"], cwd=home
    )
    assert one_line(record, 2) == "name one policy to film, or a run with --progress to film how it learned"
    assert one_line(resume, 2) == "--config cannot be given with --resume: what goes on has its own"


def test_latest_is_taken_and_said(home):
    plot, reproduce, sweep, study, evaluation, film, progress = run_several(
        ["plot", "latest"], ["reproduce", "latest"], ["sweep", "--resume", "latest"], ["train", "--resume", "latest"],
        ["eval", "--json"], ["record", "latest"], ["record", "--progress", "latest"], cwd=home,
    )  # fmt: skip
    for outcome, taken in ((plot, "sweep"), (reproduce, "one"), (sweep, "sweep"), (study, "study")):
        assert outcome.stdout.startswith(f"latest is runs/{taken}\n")
    assert [outcome.returncode for outcome in (plot, sweep, study)] == [0, 0, 0]
    newer = "runs/sweep is newer, but a sweep\n"
    assert study.stderr == f"note: the latest run or study is runs/study; {newer}"
    for outcome in (evaluation, film, progress, reproduce):
        assert outcome.stderr.startswith(f"note: the latest run is runs/one; {newer}"), outcome
    assert (plot.stderr, sweep.stderr) == ("", "")
    compare = run_cartrl("compare", "latest", "runs/one", "--json", cwd=home)
    assert [study["path"] for study in json.loads(compare.stdout)["studies"]] == ["runs/sweep/a", "runs/one"]
    empty = home / "empty"
    empty.mkdir()
    for outcome in run_several(["plot", "latest"], ["report", "latest"], ["eval", "latest"], cwd=empty):
        assert one_line(outcome, 2) == "there is no run below runs/ here; train one, or name one"
    sweep = run_cartrl("sweep", "--resume", "latest", cwd=empty)
    assert one_line(sweep, 2) == "there is no sweep below runs/ here; train one, or name one"
    shutil.copytree(home / "runs/study", empty / "runs/study")
    for outcome in run_several(["eval"], ["record", "latest"], ["reproduce", "latest"], cwd=empty):
        assert one_line(outcome, 2) == "runs/study: this is a study; name one of its runs, such as runs/study/seed-1"


def test_of_a_study_and_of_a_sweep_the_best_run_is_named(home):
    for command in (["eval"], ["eval", "--checkpoint"], ["record"], ["record", "--progress"], ["reproduce"]):
        study, sweep = run_several([*command, "runs/study"], [*command, "runs/sweep"], cwd=home)
        assert one_line(study, 2) == "runs/study: this is a study; name one of its runs, such as runs/study/seed-1"
        assert one_line(sweep, 2) == "runs/sweep: this is a sweep; name one of its runs, such as runs/sweep/a/seed-0"


def test_what_another_command_goes_on_with_is_said(home):
    sweep, study, run = run_several(
        ["train", "--resume", "runs/sweep"], ["sweep", "--resume", "runs/study"], ["sweep", "--resume", "runs/one"],
        cwd=home,
    )  # fmt: skip
    assert one_line(sweep, 2) == "runs/sweep: this is a sweep; go on with it by cartrl sweep --resume runs/sweep"
    assert one_line(study, 2) == "runs/study: this is a study; go on with it by cartrl train --resume runs/study"
    assert one_line(run, 2) == "runs/one: this is a run; go on with it by cartrl train --resume runs/one"
