"""The memory of steps: the newest are kept, drawn evenly with a seed, and written to disk piece by piece."""

import numpy as np
import pytest
import tensorflow as tf

from cartrl.errors import CartrlError
from cartrl.experience.replay import segments
from cartrl.experience.replay.ring import Ring

CAPACITY = 50
SPECS = {"numbers": tf.TensorSpec((), tf.int64), "observations": tf.TensorSpec((2,), tf.float32)}


def write(ring, count):
    """Write steps that bear their own number."""
    numbers = np.arange(ring.written, ring.written + count)
    ring.write({"numbers": tf.constant(numbers), "observations": tf.constant(np.stack([numbers] * 2, 1), tf.float32)})


def newest(ring):
    return ring.rows(max(0, ring.written - CAPACITY))["numbers"].tolist()


def test_the_oldest_steps_make_room_for_the_newest():
    ring = Ring(CAPACITY, SPECS)
    for count in (20, 20, 20, 50, 7):
        write(ring, count)
        assert newest(ring) == list(range(max(0, ring.written - CAPACITY), ring.written))


def test_every_step_that_is_there_is_drawn_as_often_and_the_seed_decides():
    ring = Ring(CAPACITY, SPECS)
    write(ring, 30)
    drawn = ring.sample(200, 300, np.array([1, 2], np.int32))
    numbers = drawn["numbers"].numpy()
    assert numbers.shape == (200, 300)
    counts = np.bincount(numbers.ravel(), minlength=30)
    assert len(counts) == 30  # nothing but what was written
    # chi-squared with 29 degrees of freedom: beyond 58.3 in one of a thousand cases
    assert ((counts - 2000) ** 2 / 2000).sum() < 58.3
    np.testing.assert_array_equal(drawn["observations"][..., 1], numbers)
    assert np.array_equal(ring.sample(200, 300, np.array([1, 2], np.int32))["numbers"], numbers)
    assert not np.array_equal(ring.sample(200, 300, np.array([1, 3], np.int32))["numbers"], numbers)


@pytest.mark.parametrize("count", [1, 7, 60])
def test_each_save_adds_a_file_and_what_is_restored_is_the_same(tmp_path, count):
    ring = Ring(CAPACITY, SPECS)
    for _ in range(3 * segments.MOST):
        before = {path: path.read_bytes() for path in tmp_path.iterdir()}
        write(ring, count)
        segments.save(ring, tmp_path)
        after = {path: path.read_bytes() for path in tmp_path.iterdir()}
        assert len(after.keys() - before.keys()) == 1 and len(after) <= segments.MOST
        assert all(before[path] == content for path, content in after.items() if path in before)
        again = Ring(CAPACITY, SPECS)
        segments.restore(again, tmp_path)
        assert again.written == ring.written
        assert newest(again) == newest(ring)
    seed = np.array([5, 6], np.int32)
    assert np.array_equal(again.sample(3, 4, seed)["numbers"], ring.sample(3, 4, seed)["numbers"])


def test_a_missing_file_is_an_error(tmp_path):
    ring = Ring(CAPACITY, SPECS)
    for _ in range(3):
        write(ring, 10)
        segments.save(ring, tmp_path)
    sorted(tmp_path.iterdir())[0].unlink()
    with pytest.raises(CartrlError, match="does not hold all of the steps that are to be remembered"):
        segments.restore(Ring(CAPACITY, SPECS), tmp_path)
