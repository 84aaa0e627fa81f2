"""Runs and studies read back: what their evaluations say, and what is left out."""

import json

import numpy as np
import pytest
import yaml

from cartrl.analysis.curves import learning_curve
from cartrl.analysis.seeds import interquartile_mean, interval, mean
from cartrl.errors import UsageError
from cartrl.runs.gathering import load_studies
from cartrl.runs.labelling import differences, labels
from cartrl.runs.lock import RunLock
from cartrl.runs.results import load_study
from tests.studies import curves, write_run, write_study


def test_a_run_is_a_study_of_one_seed(tmp_path):
    write_run(tmp_path / "run", 7, [20.0, 60.0, 200.0, 195.0, 180.0, 190.0])
    study = load_study(tmp_path / "run")
    (run,) = study.runs
    assert (study.env_name, run.seed, run.outcome) == ("CartPole-v0", 7, "finished")
    assert run.iterations.tolist() == [0, 50, 100, 150, 200, 250]
    assert run.steps.tolist() == [0, 1000, 2000, 3000, 4000, 5000]
    assert (run.final, run.best) == (190.0, 200.0)
    # Trapezoids of width 50, by hand: the ends count half.
    assert run.area == pytest.approx((10 + 60 + 200 + 195 + 180 + 95) * 50 / 250)
    assert run.steps_to(195.0) == 2000
    assert run.steps_to(201.0) == np.inf


def test_a_run_that_was_solved_early_keeps_its_last_value(tmp_path):
    write_run(tmp_path / "run", 0, [100.0, 200.0], "solved")
    (run,) = load_study(tmp_path / "run").runs
    assert run.final == 200.0
    assert run.area == pytest.approx((150 * 50 + 200 * 200) / 250)


def test_runs_come_in_the_order_of_their_seeds(tmp_path):
    write_study(tmp_path / "study", curves([200.0] * 12))
    assert [run.seed for run in load_study(tmp_path / "study").runs] == list(range(12))


def test_what_is_not_done_is_said_and_left_out(tmp_path):
    outcomes = {1: "running", 3: "interrupted", 4: "failed", 5: "solved"}
    write_study(tmp_path / "study", curves([200.0] * 6), outcomes, seeds=list(range(8)))
    study = load_study(tmp_path / "study")
    assert [run.seed for run in study.ended] == [0, 2, 4, 5]
    assert study.notes() == [
        "seeds 6, 7 without an evaluation yet: left out",
        "seeds 1, 3 stopped before the end: left out",
        "seed 4 failed: counted with the last evaluation before",
    ]


def test_a_run_whose_lock_is_held_is_still_running(tmp_path):
    study = write_study(tmp_path / "study", curves([200.0, 150.0]), {1: "running"})
    with RunLock(study / "seed-1" / ".lock"):
        assert load_study(study).notes() == ["seed 1 still running: left out"]
    assert load_study(study).notes() == ["seed 1 stopped before the end: left out"]


def test_half_a_line_of_a_killed_run_is_no_row(tmp_path):
    write_run(tmp_path / "run", 0, [20.0, 100.0, 195.0], "running")
    path = tmp_path / "run" / "metrics.csv"
    whole = path.read_text()
    for cut in range(1, len(whole.splitlines()[-1]) + 1):
        path.write_text(whole[:-cut])
        assert load_study(tmp_path / "run").runs[0].returns.tolist() == [20.0, 100.0]


def test_a_run_before_its_first_row_is_missing(tmp_path):
    study = write_study(tmp_path / "study", curves([200.0, 100.0]))
    (study / "seed-1" / "metrics.csv").unlink()
    assert load_study(study).missing == (1,)


def damaged(tmp_path, name, text):
    study = write_study(tmp_path / "study", curves([200.0, 100.0]))
    (study / name).write_bytes(text.encode("latin-1"))
    return study


@pytest.mark.parametrize(
    ("name", "text", "place"),
    [
        ("study.json", "{", "study.json"),
        ("study.json", '{"seeds": 3}', "study.json"),
        ("seed-1/manifest.json", '{"outcome": "finished"}', "seed-1"),
        ("seed-1/metrics.csv", "step,loss\n1,2\n", "seed-1/metrics.csv"),
        ("seed-1/metrics.csv", "step,greedy_return_mean\n1,high\n", "seed-1/metrics.csv"),
        ("seed-1/metrics.csv", "step,greedy_return_mean\n1,9.0\n", "seed-1"),
        ("seed-1/metrics.csv", "\xff\xfe\n", "seed-1/metrics.csv"),
        ("config.yaml", "environment: 3\n", "config.yaml"),
    ],
)
def test_damaged_files_are_named(tmp_path, name, text, place):
    study = damaged(tmp_path, name, text)
    with pytest.raises(UsageError) as error:
        load_study(study)
    assert str(error.value).startswith(f"{study / place}")


def test_environments_do_not_mix(tmp_path):
    write_study(tmp_path / "a", curves([200.0]))
    write_study(tmp_path / "b", curves([200.0]), env_name="CartPole-v1")
    with pytest.raises(UsageError, match=r"b: its environment is CartPole-v1, but that of .*a is CartPole-v0"):
        load_studies([tmp_path / "a", tmp_path / "b"])


def test_differences_are_of_settings(tmp_path):
    write_study(tmp_path / "a", curves([200.0]))
    write_study(tmp_path / "b", curves([200.0]), learning_rate=1e-5)
    studies = load_studies([tmp_path / "a", tmp_path / "b"])
    assert differences(studies) == {"agent.learning_rate": [1e-3, 1e-5]}


def test_labels_tell_equal_names_apart(tmp_path):
    for path in ("a/seed-0", "b/seed-0", "b/seed-1"):
        write_run(tmp_path / path, 0, [1.0])
    studies = load_studies([tmp_path / path for path in ("a/seed-0", "b/seed-0", "b/seed-1")])
    assert labels(studies) == [str(tmp_path / "a/seed-0"), str(tmp_path / "b/seed-0"), "seed-1"]


class TestLearningCurve:
    def test_over_iterations(self, tmp_path):
        rng = np.random.default_rng(0)
        returns = rng.uniform(0.0, 200.0, (7, 6))
        curve = learning_curve(load_study(write_study(tmp_path / "s", returns)), "s", "iterations", interquartile_mean)
        assert curve.places.tolist() == [0, 50, 100, 150, 200, 250]
        assert curve.middle == pytest.approx([np.sort(column)[1:6].mean() for column in returns.T])  # 7 // 4 is 1
        assert (curve.low[2], curve.high[2]) == interval(returns[:, 2])

    def test_a_run_that_ended_keeps_its_last_value(self, tmp_path):
        study = write_study(tmp_path / "s", [[0.0, 200.0], [0.0, 50.0, 100.0]], {0: "solved"})
        curve = learning_curve(load_study(study), "s", "iterations", mean)
        assert curve.places.tolist() == [0, 50, 100]
        assert curve.middle.tolist() == [0.0, 125.0, 150.0]

    def test_over_steps_runs_meet_between_their_evaluations(self, tmp_path):
        study = write_study(tmp_path / "s", [[0.0, 100.0]])
        write_run(study / "seed-1", 1, [0.0, 100.0, 200.0], steps=4000)
        curve = learning_curve(load_study(study), "s", "steps", mean)
        assert (curve.places[0], curve.places[-1]) == (0.0, 8000.0)
        expected = (np.minimum(curve.places / 10, 100.0) + curve.places / 40) / 2
        assert curve.middle == pytest.approx(expected)

    def test_runs_that_are_going_on_are_left_out_while_others_ended(self, tmp_path):
        study = write_study(tmp_path / "s", [[0.0, 10.0, 20.0], [0.0, 500.0]], {1: "running"})
        assert learning_curve(load_study(study), "s", "iterations", mean).middle.tolist() == [0.0, 10.0, 20.0]

    def test_where_none_has_ended_the_curve_goes_as_far_as_all_have_come(self, tmp_path):
        outcomes = {0: "running", 1: "interrupted"}
        study = write_study(tmp_path / "s", [[0.0, 10.0, 20.0], [0.0, 30.0]], outcomes)
        curve = learning_curve(load_study(study), "s", "iterations", mean)
        assert curve.middle.tolist() == [0.0, 20.0]


def test_a_study_need_not_name_its_seeds(tmp_path):
    study = write_study(tmp_path / "s", curves([200.0, 100.0]))
    (study / "study.json").write_text(json.dumps({"kind": "study"}))
    assert load_study(study).missing == ()


def test_labels_are_the_settings_that_differ(tmp_path):
    for name, rate in (("slow", 1e-4), ("fast", 3e-3), ("again", 3e-3)):
        write_study(tmp_path / name, curves([200.0]), learning_rate=rate)
    for name in ("fast", "again"):
        config = (tmp_path / name / "config.yaml").read_text()
        (tmp_path / name / "config.yaml").write_text(config + "collect:\n  collect_episodes_per_iteration: 8\n")
    pair = load_studies([tmp_path / "slow", tmp_path / "fast"])
    assert labels(pair) == ["learning_rate 0.0001, 2 episodes", "learning_rate 0.003, 8 episodes"]
    assert labels(pair, ["old", "new"]) == ["old", "new"]
    three = load_studies([tmp_path / name for name in ("slow", "fast", "again")])
    assert labels(three)[1:] == ["learning_rate 0.003, 8 episodes (fast)", "learning_rate 0.003, 8 episodes (again)"]
    with pytest.raises(UsageError, match="--label: 1 labels for 2 curves"):
        labels(pair, ["old"])


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ("agent: {kind: reinforce, learning_rate: {from: 0.01, to: 0, over: 100}}",
         ["learning_rate 0.001", "learning_rate {from: 0.01, to: 0.0, over: 100}"]),
        ("agent: {kind: reinforce, fc_layer_params: [8, 4]}", ["fc_layer_params [100]", "fc_layer_params [8, 4]"]),
        ("environment: {env_name: CartPole-v0, constants: {gravity: 1.62}}",
         ["constants as gym has them", "gravity 1.62"]),
        ("environment: {env_name: CartPole-v0, kwargs: {fast: true, mode: human}}",
         ["no kwargs", "fast true, mode human"]),
    ],
)  # fmt: skip
def test_a_label_writes_a_setting_as_the_config_does(tmp_path, changed, expected):
    for name in ("a", "b"):
        write_study(tmp_path / name, curves([200.0]))
    section, _, value = changed.partition(": ")
    config = yaml.safe_load((tmp_path / "b/config.yaml").read_text())
    (tmp_path / "b/config.yaml").write_text(yaml.dump({**config, section: yaml.safe_load(value)}))
    assert labels(load_studies([tmp_path / "a", tmp_path / "b"])) == expected
