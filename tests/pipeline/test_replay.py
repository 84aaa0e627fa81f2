"""The Reverb queue: every batch comes out once, in order, and nothing waits for ever."""

import tempfile
import time

import numpy as np
import pytest
import tensorflow as tf

from cartrl import replay
from cartrl.episodes import EpisodeBatch
from cartrl.errors import CartrlError

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
    queue = replay.EpisodeReplay(capacity=4, signature=SIGNATURE)
    yield queue
    queue.close()


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


def test_reading_what_nobody_wrote_is_an_error_in_finite_time(monkeypatch):
    monkeypatch.setattr(replay, "TIMEOUT_SECONDS", 1)
    queue = replay.EpisodeReplay(capacity=4, signature=SIGNATURE)
    began = time.perf_counter()
    with pytest.raises(CartrlError, match="no episodes within 1 s"):
        queue.read()
    assert time.perf_counter() - began < 5
    queue.close()


def test_writing_more_than_fits_is_an_error_in_finite_time(monkeypatch):
    monkeypatch.setattr(replay, "TIMEOUT_SECONDS", 1)
    queue = replay.EpisodeReplay(capacity=1, signature=SIGNATURE)
    began = time.perf_counter()
    with pytest.raises(CartrlError, match="took no episodes within 1 s"):
        for number in range(10):  # the table and its reader hold a few
            queue.write(batch(number))
    assert time.perf_counter() - began < 20
    queue.close()


def test_a_pause_longer_than_the_timeout_does_no_harm(monkeypatch):
    """Collecting may take longer than the time that a read may wait."""
    monkeypatch.setattr(replay, "TIMEOUT_SECONDS", 1)
    queue = replay.EpisodeReplay(capacity=4, signature=SIGNATURE)
    for number in range(2):
        queue.write(batch(number))
        assert_same(queue.read(), batch(number))
        time.sleep(2.2)
    queue.write(batch(7))
    assert_same(queue.read(), batch(7))
    queue.close()


def test_closing_is_quick_and_leaves_nothing_behind(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    queue = replay.EpisodeReplay(capacity=4, signature=SIGNATURE)
    queue.write(batch(0))
    queue.read()
    began = time.perf_counter()
    queue.close()
    assert time.perf_counter() - began < 2
    assert not list(tmp_path.iterdir())
