"""What stands in a run's event files beside the curves, read by TensorBoard's own code."""

import json
from io import BytesIO

import pytest
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams import metadata, plugin_data_pb2
from tensorboard.util import tensor_util

from tests.helpers import run_cartrl

CONFIG = """
environment: {env_name: CartPole-v0, max_episode_steps: 20}
agent: {learning_rate: {from: 0.001, to: 0, over: 1000}}
train: {num_iterations: 2}
eval: {num_eval_episodes: 2}
"""


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    home = tmp_path_factory.mktemp("tensorboard")
    (home / "config.yaml").write_text(CONFIG)
    done = run_cartrl("train", "config.yaml", "--seeds", "0-1", "--jobs", 1, "--run-dir", "study", cwd=home)
    assert (done.returncode, done.stderr) == (0, "")
    done = run_cartrl("record", "study/seed-1", "--episodes", 1, cwd=home)
    assert (done.returncode, done.stderr) == (0, "")
    return home / "study"


def events(run):
    return EventAccumulator(str(run / "tensorboard")).Reload()


def hyperparameters(run, tag):
    content = events(run).SummaryMetadata(tag).plugin_data.content
    return plugin_data_pb2.HParamsPluginData.FromString(content)


def test_settings_are_hyperparameters_and_the_seeds_of_a_study_a_group(study):
    both = [hyperparameters(study / f"seed-{seed}", metadata.SESSION_START_INFO_TAG) for seed in (0, 1)]
    for found in both:
        start = found.session_start_info
        assert start.group_name == "study"
        assert start.hparams["environment.env_name"].string_value == "CartPole-v0"
        assert start.hparams["environment.max_episode_steps"].number_value == 20
        assert start.hparams["agent.normalize_returns"].HasField("bool_value")
        assert "train.seed" not in start.hparams
    assert dict(both[0].session_start_info.hparams) == dict(both[1].session_start_info.hparams)
    end = hyperparameters(study / "seed-0", metadata.SESSION_END_INFO_TAG).session_end_info
    assert end.status == 1  # STATUS_SUCCESS


def test_the_config_is_there_as_text(study):
    (text,) = events(study / "seed-1").Tensors("config")
    table = tensor_util.make_ndarray(text.tensor_proto).item().decode()
    assert "train.seed | 1\n" in table
    assert "environment.env_name | CartPole-v0\n" in table
    assert "agent.learning_rate | {from: 0.001, to: 0.0, over: 1000}\n" in table


def test_the_learning_curve_and_the_film_are_pictures(study):
    read = events(study / "seed-1")
    assert set(read.Tags()["images"]) == {"learning_curve", "films/best"}
    (curve,) = read.Images("learning_curve")
    assert (curve.step, curve.encoded_image_string) == (2, (study / "seed-1/learning_curve.png").read_bytes())
    (film,) = read.Images("films/best")
    with Image.open(BytesIO(film.encoded_image_string)) as picture:
        assert (picture.format, picture.is_animated, picture.size) == ("GIF", True, (film.width, film.height))
    assert film.width == 320
    saved = json.loads((study / "seed-1/policies/best/policy.json").read_text())
    assert film.step == saved["step"]


def test_a_run_that_goes_on_keeps_its_films_and_has_each_iteration_once(study):
    done = run_cartrl("train", "--resume", "study/seed-1", "--set", "train.num_iterations=3", cwd=study.parent)
    assert (done.returncode, done.stderr) == (0, "")
    assert run_cartrl("record", "study/seed-1", "--episodes", 1, cwd=study.parent).returncode == 0
    read = events(study / "seed-1")
    assert [point.step for point in read.Scalars("progress/updates")] == [0, 1, 2, 3]
    assert len(read.Images("films/best")) == len(read.Images("learning_curve")) == 1
