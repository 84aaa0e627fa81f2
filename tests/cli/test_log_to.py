"""`--log-to`: what the trackers' own libraries, offline, have of a study and of a run that goes on."""

import csv
import json
import sqlite3
import warnings
from importlib.util import find_spec

import pytest

from cartrl.errors import UsageError
from cartrl.runs.sinks import TRACKERS, require_usable
from tests.helpers import one_line, run_cartrl

CONFIG = """
environment: {env_name: CartPole-v0, max_episode_steps: 20}
train: {num_iterations: 2}
eval: {num_eval_episodes: 2}
"""
INSTALLED = [name for name, tracker in TRACKERS.items() if find_spec(tracker.package)]
TAGS = {"progress/updates": "updates", "returns/greedy_mean": "greedy_return_mean", "losses/total": "loss"}
needs = {
    name: pytest.mark.skipif(name not in INSTALLED, reason=f"needs the extra {name}") for name in TRACKERS
}  # of each tracker


def train(home, *arguments, trackers=INSTALLED, **variables):
    asked = [word for name in trackers for word in ("--log-to", name)]
    if "trackio" in trackers:
        variables["TRACKIO_DIR"] = str(home / "trackio")
    return run_cartrl("train", *arguments, *asked, cwd=home, env=variables or None)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A study with two seeds, and a run that was trained twice, all logged; and the same study without trackers."""
    if not INSTALLED:
        pytest.skip("needs one of the extras mlflow, wandb and trackio")
    home = tmp_path_factory.mktemp("sinks")
    (home / "config.yaml").write_text(CONFIG)
    study = ("config.yaml", "--seeds", "0-1", "--jobs", 1)
    for call in (
        (*study, "--run-dir", "study"),
        ("config.yaml", "--run-dir", "alone"),
        ("--resume", "alone", "--set", "train.num_iterations=4"),
    ):
        done = train(home, *call)
        assert (done.returncode, done.stderr) == (0, "")
    assert train(home, *study, "--run-dir", "plain", trackers=[]).returncode == 0
    return home


def rows(run):
    with (run / "metrics.csv").open() as file:
        return list(csv.DictReader(file))


def expected(run, tag):
    """The values under a tag by iteration, from the metrics file."""
    column = TAGS[tag]
    return {int(row["iteration"]): float(row[column]) for row in rows(run) if row[column]}


def test_the_numbers_do_not_depend_on_the_trackers(home):
    for seed in (0, 1):
        logged, plain = (rows(home / f"{name}/seed-{seed}") for name in ("study", "plain"))
        for row in (*logged, *plain):
            del row["seconds"]
        assert logged == plain
    assert not (home / "plain/seed-0/sinks.json").exists()


@needs["mlflow"]
def test_mlflow_nests_the_seeds_of_a_study(home):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from mlflow.tracking import MlflowClient

        client = MlflowClient((home / "mlruns").as_uri())
        (experiment,) = client.search_experiments(filter_string="name = 'cartrl'")
        runs = {run.info.run_name: run for run in client.search_runs([experiment.experiment_id])}
        assert runs.keys() == {"study", "seed-0", "seed-1", "alone"}
        for name in ("seed-0", "seed-1"):
            assert runs[name].data.tags["mlflow.parentRunId"] == runs["study"].info.run_id
        assert "mlflow.parentRunId" not in runs["alone"].data.tags
        for name, place in (("seed-1", home / "study/seed-1"), ("alone", home / "alone")):
            run = runs[name]
            assert (run.info.status, run.data.params["environment.env_name"]) == ("FINISHED", "CartPole-v0")
            for tag in TAGS:
                history = client.get_metric_history(run.info.run_id, tag)
                assert {point.step: point.value for point in history} == expected(place, tag)
                assert len(history) == len(expected(place, tag))
            assert "learning_curve.png" in [file.path for file in client.list_artifacts(run.info.run_id)]


def wandb_records(path):
    """The records in the file of an offline run."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from wandb.proto import wandb_internal_pb2
        from wandb.sdk.internal.datastore import DataStore
    store = DataStore()
    store.open_for_scan(str(path))
    while (data := store.scan_data()) is not None:
        record = wandb_internal_pb2.Record()
        record.ParseFromString(data)
        yield record
    store.close()


@needs["wandb"]
def test_wandb_has_the_seeds_of_a_study_as_a_group_in_a_folder_that_nobody_has_sent(home):
    found = {}
    for path in sorted((home / "wandb").glob("offline-run-*/*.wandb")):
        records = list(wandb_records(path))
        (begun,) = (record.run for record in records if record.HasField("run"))
        items = [
            {item.key or "/".join(item.nested_key): json.loads(item.value_json) for item in record.history.item}
            for record in records
            if record.HasField("history")
        ]
        found.setdefault((begun.run_group, begun.display_name), []).extend(items)
        config = {update.key or "/".join(update.nested_key): update.value_json for update in begun.config.update}
        assert (begun.project, json.loads(config["environment.env_name"])) == ("cartrl", "CartPole-v0")
    assert found.keys() == {("study", "seed-0"), ("study", "seed-1"), ("", "alone")}
    for (group, name), items in found.items():
        values = {item["_step"]: item["progress/updates"] for item in items if "progress/updates" in item}
        assert values == expected(home / group / name, "progress/updates")
        assert sum("learning_curve/path" in item for item in items) == (2 if name == "alone" else 1)


@needs["trackio"]
def test_trackio_has_each_row_once(home):
    with sqlite3.connect(home / "trackio/cartrl.db") as database:
        logged = database.execute("select run_name, step, metrics from metrics").fetchall()
    assert {name for name, _, _ in logged} == {"study/seed-0", "study/seed-1", "alone"}
    for name in ("study/seed-0", "alone"):
        own = [(step, json.loads(values)) for logged_name, step, values in logged if logged_name == name]
        for tag in TAGS:
            assert {step: values[tag] for step, values in own if tag in values} == expected(home / name, tag)
        assert len(own) == len(rows(home / name))


@needs["mlflow"]
def test_a_tracker_that_fails_is_one_warning(home):
    done = train(home, "config.yaml", "--run-dir", "failed", trackers=["mlflow"], MLFLOW_TRACKING_URI="file:/proc/no")
    assert done.returncode == 0
    assert done.stderr.startswith("warning: MLflow: not all is logged: ")
    assert len(done.stderr.splitlines()) == 1
    assert [row["loss"] for row in rows(home / "failed")] == [row["loss"] for row in rows(home / "alone")][:3]


def test_a_tracker_that_is_not_there_is_refused_before_anything_is_trained(tmp_path):
    (tmp_path / "config.yaml").write_text(CONFIG)
    said = one_line(run_cartrl("train", "config.yaml", "--log-to", "mlfow", cwd=tmp_path), 2)
    assert said == "--log-to mlfow: must be one of mlflow, wandb, trackio, did you mean 'mlflow'?"
    assert not (tmp_path / "runs").exists()
    for name in TRACKERS.keys() - set(INSTALLED):
        with pytest.raises(UsageError, match=rf"pip install '\.\[{name}\]'"):
            require_usable([name])
