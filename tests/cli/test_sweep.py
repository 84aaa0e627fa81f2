"""Sweeps trained for real, interrupted in the middle and resumed."""

import json
import re
import signal
import subprocess

import pytest

from tests.helpers import CARTRL, CONFIGS, clean_environment, everything_below, run_cartrl, wait_until

SHORT = ("--set", "train.num_iterations=6", "--set", "eval.eval_interval=3", "--set", "eval.num_eval_episodes=3")
CONFIG = ("sweep", "--config", CONFIGS / "reinforce.yaml", *SHORT)


def interrupted(*arguments, cwd, when):
    """Start a sweep, press Ctrl-C as soon as ``when()``, and return what it printed."""
    process = subprocess.Popen(
        [CARTRL, *map(str, arguments)],
        cwd=cwd, env=clean_environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    wait_until(when, "the moment to interrupt it", process=process)
    process.send_signal(signal.SIGINT)
    printed, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (128 + signal.SIGINT, "")
    return printed


def test_a_small_sweep_trains_ranks_and_confirms(tmp_path):
    done = run_cartrl(
        *CONFIG, "--set", "train.num_iterations=3", "--grid", "agent.learning_rate=3e-3,1e-5", "--seeds", "0",
        "--confirm", "2", "--jobs", "1", "--run-dir", "sweep", "--json", cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "finished     6 of 6" in done.stderr
    report = json.loads(done.stdout)

    def final(run):
        return json.loads((tmp_path / run / "manifest.json").read_text())["result"]["final_greedy_return"]["mean"]

    settings = report["settings"]
    assert [entry["final_return"]["values"] for entry in settings] == [[final(f"{e['path']}/seed-0")] for e in settings]
    assert settings[0]["final_return"]["values"] >= settings[1]["final_return"]["values"]
    fresh = report["confirmation"]["settings"]
    assert [(entry["seeds"], entry["spent"]["runs"]) for entry in fresh] == [([1, 2], 2)] * 2
    printed = run_cartrl("sweep", "--resume", "sweep", cwd=tmp_path)
    assert (printed.returncode, printed.stderr) == (0, "")
    assert "fresh seeds" in printed.stdout


@pytest.mark.slow
def test_a_grid_interrupted_and_resumed(tmp_path):
    rates = [f"sweep/agent.learning_rate={rate}" for rate in ("0.003", "1.0e-05")]
    printed = interrupted(
        *CONFIG, "--grid", "agent.learning_rate=3e-3,1e-5", "--seeds", "0-1", "--run-dir", "sweep", "--jobs", 1,
        cwd=tmp_path, when=(tmp_path / rates[1] / "study.json").exists,
    )  # fmt: skip
    assert printed.startswith("sweep: 2 settings × 2 seeds (0-1) = 4 runs\n")
    assert "  cartrl sweep --resume sweep\n" in printed
    assert json.loads((tmp_path / "sweep/sweep.json").read_text())["outcome"] == "interrupted"
    first = everything_below(tmp_path / rates[0])
    done = run_cartrl("sweep", "--resume", "sweep", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["outcome"] == "finished"
    assert everything_below(tmp_path / rates[0]) == first  # not trained again
    assert sorted(entry["path"] for entry in report["settings"]) == sorted(rates)
    for entry in report["settings"]:
        manifests = [
            json.loads((tmp_path / entry["path"] / f"seed-{seed}/manifest.json").read_text()) for seed in (0, 1)
        ]
        finals = [manifest["result"]["final_greedy_return"]["mean"] for manifest in manifests]
        assert entry["final_return"]["values"] == finals
        assert entry["final_return"]["interquartile_mean"] == sum(finals) / 2
    config = (tmp_path / rates[0] / "config.yaml").read_text().splitlines()
    (line,) = (line for line in config if "learning_rate:" in line)
    assert line.split("  # ")[1] == "--set agent.learning_rate=0.003"
    # Each seed gives what it gives alone, and the studies are like any other.
    alone = run_cartrl(
        "train", "--config", CONFIGS / "reinforce.yaml", *SHORT, "--set", "agent.learning_rate=3e-3", "--seed", "1",
        "--run-dir", "alone", "--json", cwd=tmp_path,
    )  # fmt: skip
    best = next(entry for entry in report["settings"] if entry["path"] == rates[0])
    assert json.loads(alone.stdout)["final_greedy_return"]["mean"] == best["final_return"]["values"][1]
    assert run_cartrl("compare", *rates, cwd=tmp_path).returncode == 0
    assert run_cartrl("train", "--resume", rates[0], cwd=tmp_path).stdout.endswith("finished already, 2 seeds\n")


@pytest.mark.slow
def test_a_search_interrupted_and_resumed(tmp_path):
    search = (
        *CONFIG, "--search", "agent.learning_rate=1e-4..1e-2:log", "--search", "agent.discount=0.9..1",
        "--trials", "2", "--seeds", "4", "--jobs", 1,
    )  # fmt: skip

    def trials(name):
        return json.loads((tmp_path / name / "sweep.json").read_text())["settings"]

    def is_second_under_way():
        return len(list(tmp_path.glob("parts/*/study.json"))) == 2

    done = run_cartrl(*search, "--run-dir", "whole", "--quiet", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "whole\n", "")
    interrupted(*search, "--run-dir", "parts", cwd=tmp_path, when=is_second_under_way)
    assert ["value" in trial for trial in trials("parts")] == [False, False]  # they are one batch
    done = run_cartrl("sweep", "--resume", "parts", "--quiet", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "parts\n")
    assert all("begins anew" in line for line in done.stderr.splitlines())
    assert trials("parts") == trials("whole")
    for trial in trials("whole"):
        manifest = json.loads((tmp_path / "whole" / trial["name"] / "seed-4/manifest.json").read_text())
        assert trial["value"] == manifest["result"]["final_greedy_return"]["mean"]


@pytest.mark.slow
def test_a_confirmation_that_was_killed_goes_on_to_the_same_end(tmp_path):
    confirmed = (
        *CONFIG, "--grid", "agent.learning_rate=3e-3,1e-5", "--seeds", "0-1", "--confirm", "3", "--json",
    )  # fmt: skip
    done = run_cartrl(*confirmed, "--run-dir", "whole", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    process = subprocess.Popen(
        [CARTRL, *map(str, confirmed), "--run-dir", "killed", "--jobs", "1"],
        cwd=tmp_path, env=clean_environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    wait_until(lambda: any(tmp_path.glob("killed/confirm/*/seed-3/metrics.csv")), "a fresh seed", process=process)
    process.kill()
    process.wait()
    again = run_cartrl("sweep", "--resume", "killed", "--json", cwd=tmp_path)
    assert again.returncode == 0, again.stderr

    def told(text):
        """Return what was printed, but for names and the clock."""
        return re.sub(r'"hours": [^,}]*', '"hours": 0', text.replace('"killed', '"whole'))

    assert told(again.stdout) == told(done.stdout)
    report = json.loads(done.stdout)["confirmation"]
    assert [(entry["seeds"], entry["spent"]["runs"]) for entry in report["settings"]] == [([2, 3, 4], 3)] * 2
    assert run_cartrl("runs", ".", cwd=tmp_path).stdout.count("100 %") == 2


@pytest.mark.slow
@pytest.mark.parametrize(
    "choices",
    [
        ("--grid", "agent.learning_rate=1e-3,3e-3,1e-5", "--race", "--seeds", "0-2"),
        ("--search", "agent.learning_rate=1e-4..1e-2:log", "--search", "agent.normalize_returns=true|false",
         "--trials", "6", "--seeds", "0-1"),
    ],
    ids=["race", "search"],
)  # fmt: skip
def test_any_number_of_processes_gives_the_same(tmp_path, choices):
    for jobs in (1, 2):
        done = run_cartrl(*CONFIG, *choices, "--jobs", jobs, "--run-dir", f"jobs-{jobs}", "--quiet", cwd=tmp_path)
        assert (done.returncode, done.stderr) == (0, "")
    metrics = [
        {str(path.relative_to(root)): rows(path) for path in root.rglob("metrics.csv")}
        for root in (tmp_path / "jobs-1", tmp_path / "jobs-2")
    ]
    assert metrics[0] == metrics[1]
    manifests = [json.loads((tmp_path / f"jobs-{jobs}/sweep.json").read_text()) for jobs in (1, 2)]
    assert manifests[0]["settings"] == manifests[1]["settings"]
    if "--race" in choices:
        assert sorted(record.get("dropped_after", 3) for record in manifests[0]["settings"]) == [2, 3, 3]
        assert len(metrics[0]) == 3 * 2 + 2 * 1
    else:
        assert len(manifests[0]["settings"]) == 6


def rows(path):
    """Return the rows of a metrics file without their last column, the seconds."""
    return [line.rpartition(",")[0] for line in path.read_text().splitlines()]
