"""``cartrl compare --until-decided``, as a user calls it."""

import json
import signal
import subprocess

import pytest

from tests.helpers import (
    CARTRL,
    CONFIGS,
    clean_environment,
    everything_below,
    one_line,
    run_cartrl,
    run_several,
    wait_until,
)
from tests.json_page import as_on_page

CONFIG = """\
environment: {{env_name: CartPole-v0}}
agent: {{kind: reinforce, learning_rate: {rate}}}
train: {{num_iterations: 20, checkpoint_interval: 5}}
eval: {{eval_interval: 20}}
"""
DECIDE = ("compare", "-c", "a.yaml", "-c", "b.yaml", "--until-decided", "--max-seeds", "8")


def write_configs(home):
    for name, rate in (("a", 3e-3), ("b", 1e-6)):
        (home / f"{name}.yaml").write_text(CONFIG.format(rate=rate))


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A directory with a decision, and what its process printed."""
    home = tmp_path_factory.mktemp("decision")
    write_configs(home)
    done = run_cartrl(*DECIDE, "--run-dir", "runs/whole", cwd=home)
    assert (done.returncode, done.stderr) == (0, "")
    return home, done.stdout


def read(home, name):
    done = run_cartrl("compare", "--resume", name, "--json", cwd=home)
    assert done.returncode == 0, done.stderr
    return as_on_page("A decision", done)


def test_it_says_what_was_planned_seen_and_concluded(home):
    home, stdout = home
    report = read(home, "runs/whole")
    assert json.loads((home / "runs/whole/decision.json").read_text())["outcome"] == "finished"
    assert {name: report["plan"][name] for name in ("tested", "level", "batch", "looks")} == {
        "tested": "final", "level": 0.05, "batch": 4, "looks": 2,
    }  # fmt: skip
    seeds = [look["seeds"] for look in report["looks"]]
    assert seeds == [4, 8][: len(seeds)]
    returns = json.loads(run_cartrl("compare", "runs/whole/A", "runs/whole/B", "--json", cwd=home).stdout)
    (pair,) = returns["comparisons"]
    assert pair["probability_of_improvement"]["final_return"] == report["looks"][-1]["improvement"]
    assert "trained until it was decided" in returns["studies"][0]["notes"][0]
    assert report["labels"] == ["learning_rate 0.003", "learning_rate 1e-06"]
    conclusion = " ".join(stdout.split("decides beyond")[1].split())
    assert report["conclusion"] in conclusion
    assert all(len(line) <= 80 for line in stdout.split(report["conclusion"][:20])[0].splitlines())
    assert "runs/whole" not in run_cartrl("runs", cwd=home).stderr
    assert "decision; name one of its runs" in one_line(run_cartrl("eval", "runs/whole", cwd=home), 2)


@pytest.mark.slow
def test_one_that_was_killed_goes_on_to_the_same_end(home, tmp_path):
    home, _ = home
    write_configs(tmp_path)
    process = subprocess.Popen(
        [CARTRL, *DECIDE, "--run-dir", "killed"], cwd=tmp_path, env=clean_environment(), stdout=subprocess.DEVNULL
    )
    wait_until(lambda: any(tmp_path.glob("killed/*/seed-2")), "a third seed had begun", process=process)
    process.kill()
    process.wait()
    whole, killed = read(home, "runs/whole"), read(tmp_path, "killed")
    for report in (whole, killed):
        del report["decision"]
    assert killed == whole


def test_a_plan_that_was_changed_is_named(home, tmp_path):
    home, _ = home
    changed = tmp_path / "changed"
    (changed / "A").mkdir(parents=True)
    manifest = json.loads((home / "runs/whole/decision.json").read_text())
    manifest["plan"]["looks"] = 3
    (changed / "decision.json").write_text(json.dumps(manifest))
    done = run_cartrl("compare", "--resume", "changed", cwd=tmp_path)
    assert one_line(done, 2) == "changed/decision.json: the plan was changed after it was made"


def test_one_that_is_stopped_says_how_to_go_on(tmp_path):
    write_configs(tmp_path)
    process = subprocess.Popen(
        [CARTRL, *DECIDE, "--run-dir", "stopped", "--json"],
        cwd=tmp_path, env=clean_environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    wait_until((tmp_path / "stopped/decision.json").exists, "the plan was written", process=process)
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=60)
    assert (process.returncode, stdout) == (130, "")
    assert "to go on: cartrl compare --resume stopped" in stderr


def test_refusals(tmp_path):
    write_configs(tmp_path)
    (tmp_path / "short.yaml").write_text(f"{CONFIG.format(rate=1e-3)}".replace("v0}", "v0, max_episode_steps: 40}"))
    calls = {
        ("compare",): "give the studies to compare, or two --config and --until-decided",
        ("compare", "-c", "a.yaml", "--until-decided"): "compares two configs, but --config was given 1 times",
        ("compare", "-c", "a.yaml", "-c", "b.yaml"): "--config is for --until-decided",
        ("compare", "x", "y", "--jobs", "2"): "--jobs is for --until-decided",
        (*DECIDE[:-1], "3"): "--max-seeds 3: give at least 4, those of the first look",
        (*DECIDE, "runs/x"): "runs/x is for studies that are there",
        (*DECIDE, "--csv", "steps=a,return=b"): "--csv is for studies that are there",
        ("compare", "-c", "a.yaml", "-c", CONFIGS / "ppo/pendulum-v1.yaml", "--until-decided"):
            "the configs have different environments",
        ("compare", "-c", "short.yaml", "-c", "b.yaml", "--until-decided", "--by", "steps"):
            "--by steps: there is no reward threshold to reach",
        ("compare", "--resume", "nothing"): "nothing: no such decision",
    }  # fmt: skip
    before = everything_below(tmp_path)
    for outcome, said in zip(run_several(*calls, cwd=tmp_path), calls.values()):
        assert said in one_line(outcome, 2)
    assert everything_below(tmp_path) == before
