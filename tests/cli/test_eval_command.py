"""`cartrl eval`, against the same policy stepped through gym one episode at a time."""

import json
import statistics

import gym
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability  # noqa: F401 (a saved policy needs its types)

from cartrl import randomness
from cartrl.policies import acting
from tests.helpers import WHOLE, run_cartrl, run_several
from tests.json_page import as_on_page

KEYS = {
    "policy", "env_name", "step", "actions", "seed", "episodes", "mean", "std", "interval_95", "differing_95",
    "min", "median", "max",
    "terminated", "truncated", "returns", "lengths", "ended", "reward_threshold", "verdict", "no_verdict",
}  # fmt: skip


def returns_by_hand(policy_directory, seeds):
    """Greedy returns, one episode at a time, through gym.make as it comes."""
    saved = tf.saved_model.load(str(policy_directory))
    env = gym.make("CartPole-v0")
    returns, fallen = [], 0
    for seed in seeds:
        observation, done, total = env.reset(seed=int(seed)), False, 0.0
        while not done:
            one = np.float32(observation)[np.newaxis]
            time_step = acting.TimeStep(tf.ones(1, tf.int32), tf.zeros(1), tf.ones(1), tf.constant(one))
            action = int(saved.distribution(time_step).action.mode()[0])
            observation, reward, done, info = env.step(action)
            total += reward
        returns.append(total)
        fallen += not info.get("TimeLimit.truncated", False)
    return returns, fallen


def test_the_report_equals_gym_stepped_by_hand(short_run):
    done = run_cartrl(
        "eval", "--checkpoint", "runs/short", "--episodes", "12", "--seed", "5", "--json",
        cwd=short_run.directory.parent.parent,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    report = as_on_page("An evaluation", done)
    assert set(report) == KEYS
    assert len(report["returns"]) == len(report["lengths"]) == report["episodes"]
    assert sum(report["returns"]) / report["episodes"] == pytest.approx(report["mean"])
    assert report["ended"].count("terminated") == report["terminated"]
    seeds = randomness.draw(12, 5, randomness.Stream.EVAL_RESETS)
    returns, fallen = returns_by_hand(short_run.directory / "policies/best", seeds)
    assert report["mean"] == pytest.approx(statistics.mean(returns))
    assert report["std"] == pytest.approx(statistics.stdev(returns))
    assert report["median"] == statistics.median(returns)
    assert (report["min"], report["max"]) == (min(returns), max(returns))
    assert (report["terminated"], report["truncated"]) == (fallen, 12 - fallen)
    assert report["reward_threshold"] == 195.0
    low, high = report["interval_95"]
    assert report["verdict"] == ("solved" if low >= 195 else "not solved" if high < 195 else "undecided")
    assert min(returns) <= low <= report["mean"] <= high <= max(returns)


def test_one_episode_decides_nothing(short_run):
    options = ["eval", "--checkpoint", str(short_run.directory), "--episodes", "1"]
    report, table = run_several([*options, "--json"], options, cwd=short_run.directory, env=WHOLE)
    found = json.loads(report.stdout)
    assert (found["interval_95"], found["differing_95"], found["verdict"]) == (None, None, "undecided")
    assert f"mean return         {found['mean']:g}, one episode has no interval" in table.stdout
    assert "undecided" in table.stdout


def test_another_seed_and_drawn_actions_are_other_episodes_and_each_repeats_itself(short_run):
    def report(*options):
        done = run_cartrl("eval", "--checkpoint", short_run.directory, "--episodes", "20", "--json", *options,
                          cwd=short_run.directory)  # fmt: skip
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    greedy, drawn, again = report(), report("--stochastic"), report("--stochastic")
    assert drawn == again
    assert (greedy["actions"], drawn["actions"]) == ("greedy", "stochastic")
    assert greedy["mean"] != drawn["mean"]
    assert report("--seed", "1")["mean"] != greedy["mean"]


def test_for_people_it_is_a_table_of_at_most_80_columns(short_run):
    home = short_run.directory.parent.parent
    named = run_cartrl("eval", "--checkpoint", "runs/short/policies/final", "--episodes", "5", cwd=home)
    assert named.returncode == 0
    assert named.stderr == ""
    assert all(len(line) <= 80 for line in named.stdout.splitlines())
    for word in ("mean return", "95 % interval", "terminated", "truncated", "not solved", "(step 30)"):
        assert word in named.stdout
    latest = run_cartrl("eval", "--checkpoint", "latest", "--episodes", "5", cwd=home)
    default = run_cartrl("eval", "--episodes", "5", cwd=home)
    assert latest.stdout == default.stdout
    assert "runs/short/policies/best" in default.stdout


def test_without_a_run_it_says_what_to_do(tmp_path):
    done = run_cartrl("eval", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: there is no run below runs/ here; train one, or name one\n"


def test_a_changed_policy_is_not_loaded(short_run, tmp_path):
    import shutil

    copy = tmp_path / "policy"
    shutil.copytree(short_run.directory / "policies/best", copy)
    graph = copy / "saved_model.pb"
    content = bytearray(graph.read_bytes())
    content[len(content) // 2] ^= 1
    graph.write_bytes(content)
    done = run_cartrl("eval", "--checkpoint", copy, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "saved_model.pb is not what was saved" in done.stderr
