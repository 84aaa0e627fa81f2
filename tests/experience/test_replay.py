"""The Reverb queue: every batch comes out once, in order, and nothing waits for ever."""

import tempfile
import time
from contextlib import closing
from pathlib import Path

import gym
import numpy as np
import pytest
import tensorflow as tf
from gym.envs.classic_control import CartPoleEnv

from cartrl.environments.episodes import EpisodeBatch
from cartrl.errors import CartrlError
from cartrl.experience.replay import queue as replay
from cartrl.settings import load
from cartrl.training.experiment import Experiment

SIGNATURE = {
    "observations": tf.TensorSpec((2, 5, 3), tf.float32),
    "actions": tf.TensorSpec((2, 5), tf.int64),
    "rewards": tf.TensorSpec((2, 5), tf.float32),
    "lengths": tf.TensorSpec((2,), tf.int32),
    "terminated": tf.TensorSpec((2,), tf.bool),
    "final_observations": tf.TensorSpec((2, 3), tf.float32),
}


def batch(number):
    rng = np.random.default_rng(number)
    return EpisodeBatch(
        observations=rng.normal(size=(2, 5, 3)).astype(np.float32),
        actions=np.full((2, 5), number),
        rewards=rng.normal(size=(2, 5)).astype(np.float32),
        lengths=np.array([5, 3], np.int32),
        terminated=np.array([True, False]),
        final_observations=rng.normal(size=(2, 3)).astype(np.float32),
    )


@pytest.fixture
def queue():
    queue = replay.ReplayQueue(capacity=4, signature=SIGNATURE)
    yield queue
    queue.close()


LONG = 20  # seconds: below the 30 of the product, far above the 1 that the tests set


def assert_same(tensors, expected):
    for name, array in expected.arrays().items():
        np.testing.assert_array_equal(tensors[name], array)


def test_each_batch_comes_out_once_and_in_order(queue):
    for number in range(3):
        queue.write(batch(number))
    for number in range(3):
        assert_same(queue.read(), batch(number))
    for number in range(3, 10):
        queue.write(batch(number))
        assert_same(queue.read(), batch(number))


def time_out():
    """Read from an empty queue; fail if that waits for far longer than the second that it may, or for ever."""
    queue = replay.ReplayQueue(capacity=4, signature=SIGNATURE)
    with closing(queue), pytest.raises(CartrlError, match="no episodes within 1 s"):
        replay.within(LONG, queue.read, "reading waits for longer than it may")


def test_reading_what_nobody_wrote_is_an_error_in_finite_time(monkeypatch):
    monkeypatch.setattr(replay, "TIMEOUT_SECONDS", 1)
    time_out()


def test_writing_more_than_fits_is_an_error_in_finite_time(monkeypatch):
    """It finds a write that waits for far longer than the second that it may, or for ever."""
    monkeypatch.setattr(replay, "TIMEOUT_SECONDS", 1)
    queue = replay.ReplayQueue(capacity=1, signature=SIGNATURE)
    with pytest.raises(CartrlError, match="took no episodes within 1 s"):
        for number in range(10):  # the table and its reader hold a few
            replay.within(LONG, lambda: queue.write(batch(number)), "writing waits for longer than it may")  # noqa: B023
    queue.close()


def test_a_pause_longer_than_the_timeout_does_no_harm(monkeypatch):
    """Collecting may take longer than the time that a read may wait: here, until two other queues have timed out."""
    monkeypatch.setattr(replay, "TIMEOUT_SECONDS", 1)
    queue = replay.ReplayQueue(capacity=4, signature=SIGNATURE)
    for number in range(2):
        queue.write(batch(number))
        assert_same(queue.read(), batch(number))
        for _ in range(2):
            time_out()
    queue.write(batch(7))
    assert_same(queue.read(), batch(7))
    queue.close()


def test_closing_leaves_nothing_behind(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    queue = replay.ReplayQueue(capacity=4, signature=SIGNATURE)
    queue.write(batch(0))
    queue.read()
    queue.close()
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_closing_is_quick():
    """It finds a queue that waits for a poll of Reverb's when it closes, which takes up to three seconds."""
    queue = replay.ReplayQueue(capacity=4, signature=SIGNATURE)
    queue.write(batch(0))
    queue.read()
    began = time.perf_counter()
    queue.close()
    assert time.perf_counter() - began < 2


def test_a_server_that_cannot_be_used_is_one_error_and_leaves_nothing_open(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = listening()
    with pytest.raises(CartrlError, match="Reverb's server does not start: "):
        replay.ReplayQueue(capacity=4, signature={"texts": tf.TensorSpec((2,), tf.string)})
    assert listening() == before
    assert not list(tmp_path.iterdir())


def listening():
    """Return what this process knows of sockets that listen, wherever in the network they do."""
    tables = [Path(f"/proc/self/net/{name}").read_text() for name in ("tcp", "tcp6")]
    return [line.split()[1] for table in tables for line in table.splitlines()[1:] if line.split()[3] == "0A"]


class CountedCartPole(CartPoleEnv):
    """Knows how many of its kind are open."""

    count = 0

    def __init__(self):
        super().__init__()
        type(self).count += 1

    def close(self):
        type(self).count -= 1
        super().close()


def test_an_experiment_that_cannot_be_built_leaves_nothing_open(tmp_path, monkeypatch):
    """Episodes that fit into no memory are noticed once the environments have been made."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    gym.register("Counted-v0", entry_point=CountedCartPole, max_episode_steps=2_000_000_000)
    size = 1000
    (tmp_path / "large.yaml").write_text(
        f"environment: {{env_name: Counted-v0}}\ncollect: {{collect_episodes_per_iteration: {size}}}\n"
        f"replay_buffer: {{replay_buffer_capacity: {size}}}\n"
    )
    settings = load(tmp_path / "large.yaml").settings
    with pytest.raises(MemoryError):
        Experiment(settings)
    assert CountedCartPole.count == 0
