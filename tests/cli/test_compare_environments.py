"""`cartrl compare` with studies of several environments."""

import json

import numpy as np
import pytest
import scipy.stats

from tests.helpers import one_line, run_cartrl
from tests.studies import curves, write_study

ENDS = {"Acrobot-v1": (-500.0, -100.0), "Pendulum-v1": (-1200.0, -200.0)}
GIVEN = [f"--reference={name}={low:g}..{high:g}" for name, (low, high) in ENDS.items()]
SEEDS = range(5)
METHODS = {"a": 0.3, "b": 0.5, "c": 0.9}


def finals(method, env_name):
    low, high = ENDS[env_name]
    shares = METHODS[method] + np.random.default_rng(sum(map(ord, method + env_name))).normal(0, 0.1, len(SEEDS))
    return low + (high - low) * shares


@pytest.fixture
def logs(tmp_path):
    """rl-baselines3-zoo's layout, with three methods on two environments."""
    for method in METHODS:
        for env_name in ENDS:
            for seed, final in zip(SEEDS, finals(method, env_name)):
                run = tmp_path / f"logs/{method}/{env_name}_{seed}"
                run.mkdir(parents=True)
                np.savez(run / "evaluations.npz", timesteps=[10, 100], results=np.array([[-2000.0], [final]]))
    return tmp_path


def compared(*arguments, cwd):
    done = run_cartrl("compare", *arguments, "--json", cwd=cwd)
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


def scores(method):
    return np.stack([(finals(method, name) - low) / (high - low) for name, (low, high) in ENDS.items()])


def test_methods_are_compared_over_their_environments(logs):
    report = compared("logs", *GIVEN, cwd=logs)
    assert [one["env_name"] for one in report["environments"]] == list(ENDS)
    assert [method["name"] for method in report["methods"]] == list(METHODS)
    for method in report["methods"]:
        own = scores(method["name"])
        assert method["interquartile_mean"] == pytest.approx(scipy.stats.trim_mean(own.ravel(), 0.25))
        assert method["interval_95"][0] < method["interquartile_mean"] < method["interval_95"][1]
        assert [study["normalised"] for study in method["studies"]] == [pytest.approx(list(one)) for one in own]
    for pair in report["comparisons"]:
        first, second = (scores(report["methods"][pair[place]]["name"]) for place in ("first", "second"))
        each = [scipy.stats.mannwhitneyu(x, y).statistic / 25 for x, y in zip(first, second)]
        assert pair["environments"] == pytest.approx(each)
        assert pair["probability_of_improvement"]["final_return"] == pytest.approx(np.mean(each))
    tests = sorted(pair["p_value"] for pair in report["comparisons"])
    adjusted = sorted(pair["p_value_holm"] for pair in report["comparisons"])
    assert adjusted == pytest.approx(np.minimum(np.maximum.accumulate(np.multiply(tests, [3, 2, 1])), 1))
    assert report["conclusion"].startswith("c is better than ")
    assert "over 2 environments" in report["conclusion"]
    for place in report["profile"]:
        for method, share in zip(report["methods"], place["shares"]):
            assert share["share"] == np.mean(scores(method["name"]) >= place["normalised_return"])


def test_what_is_not_comparable_is_said_with_the_conclusion(logs):
    (logs / "logs/c/Extra-v1_0").mkdir()
    np.savez(logs / "logs/c/Extra-v1_0/evaluations.npz", timesteps=[1], results=[[1.0]])
    (logs / "logs/a/Acrobot-v1_0/evaluations.npz").unlink()
    np.savez(logs / "logs/b/Pendulum-v1_0/evaluations.npz", timesteps=[10, 40], results=[[-200.0], [-200.0]])
    for seed in SEEDS:
        path = logs / f"logs/b/Pendulum-v1_{seed}/evaluations.npz"
        np.savez(path, timesteps=[10, 40], results=[[-2000.0], [-200.0]])
    report = compared("logs", *GIVEN, cwd=logs)
    left_out, counts, budgets = report["caveats"]
    assert left_out == "Left out, as not all methods have a study there: Extra-v1."
    assert report["environments_left_out"] == ["Extra-v1"]
    assert counts.startswith("The numbers of seeds differ")
    assert budgets.startswith("Pendulum-v1: The budgets differ")
    assert report["conclusion"].endswith(" ".join(report["caveats"]))


def test_cartrls_own_studies_are_methods_by_their_agents_or_as_said(logs):
    for name, shift in (("fast", 50.0), ("slow", 0.0)):
        for env_name, low in (("Acrobot-v1", -400.0), ("CartPole-v1", 100.0)):
            write_study(logs / f"runs/{name}-{env_name}", curves([low + shift, low + shift + 1.0]), env_name=env_name)
    paths = [f"runs/{name}-{env_name}" for name in ("fast", "slow") for env_name in ("Acrobot-v1", "CartPole-v1")]
    said = one_line(run_cartrl("compare", *paths, cwd=logs), 2)
    assert said.startswith(
        "runs/slow-Acrobot-v1: a second study of reinforce on Acrobot-v1, beside runs/fast-Acrobot-v1"
    )
    report = compared(*paths, "--group", "{method}-{env}", cwd=logs)
    assert [method["name"] for method in report["methods"]] == ["fast", "slow"]
    cartpole = report["environments"][1]
    assert (cartpole["env_name"], cartpole["high"]) == ("CartPole-v1", 475.0)
    assert "gym's reward threshold" in cartpole["source"]


def test_a_table_and_a_picture(logs):
    done = run_cartrl("compare", "logs", *GIVEN, "--plot", "profiles.svg", cwd=logs)
    assert (done.returncode, done.stderr) == (0, "")
    for part in ("Acrobot-v1: 0 is -500, 1 is -100 (given by --reference)", "A over B", "B over C", "p (Holm)"):
        assert part in done.stdout
    assert "Normalised final return" in (logs / "profiles.svg").read_text()


REFUSED = {
    "no reference": (["logs"], "the returns of Pendulum-v1 cannot be normalised"),
    "of another": (["logs", "--reference", "Hopper-v4=0..1"], "--reference Hopper-v4=…: no study is of this"),
    "misspelt": (["logs", "--reference", "Pendulum-v1=5"], "--reference Pendulum-v1=5: must be ENV=LOW..HIGH"),
    "equal": (["logs", "--reference", "Pendulum-v1=5..5"], "must be ENV=LOW..HIGH with two different returns"),
    "infinite": (["logs", "--reference", "Pendulum-v1=5..inf"], "must be ENV=LOW..HIGH with two different returns"),
    "twice": (["logs", *GIVEN, GIVEN[0]], "Acrobot-v1 has a reference already"),
    "steps": (["logs", *GIVEN, "--by", "steps"], "--by steps: steps are not normalised"),
    "one method": (["logs/a", *GIVEN], "returns compare within one environment only"),
    "one environment": (["logs/a/Acrobot-v1", "logs/b/Acrobot-v1", *GIVEN], "--reference is for studies of several"),
}


@pytest.mark.parametrize("arguments, said", REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_compared_is_refused(logs, arguments, said):
    assert said in one_line(run_cartrl("compare", *arguments, cwd=logs), 2)
