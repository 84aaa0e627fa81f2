"""The memory of frames draws the batches of a memory of whole stacks, bit for bit, and holds each frame once."""

import itertools
import tracemalloc

import numpy as np
import pytest
import tensorflow as tf

from cartrl.errors import CartrlError
from cartrl.experience.replay import frames, segments
from cartrl.experience.replay.frames import FrameRing
from cartrl.experience.replay.ring import Ring
from cartrl.settings import EnvironmentSettings

COUNT = 3  # frames in a stack


class Environments:
    """N of them, whose frames count up, so that none is like another; episodes end at random, some after one step."""

    def __init__(self, num_environments, shape, dtype, seed=0):
        self._random = np.random.default_rng(seed)
        self._shape, self._dtype = shape, dtype
        self._frames = itertools.count(1)
        self._stacks = [self._begin() for _ in range(num_environments)]
        self.ends = 0

    def _frame(self):
        number = next(self._frames)
        return np.array([number + 13 * place for place in range(np.prod(self._shape))]).reshape(self._shape)

    def _begin(self):
        return [self._frame()] * COUNT

    def turn(self, num_steps):
        """Return a turn of so many steps, tensors [T, N, …] by name."""
        steps = [[self._step(row) for row in range(len(self._stacks))] for _ in range(num_steps)]
        names = ("observations", "actions", "rewards", "terminated", "truncated", "next_observations")
        arrays = (np.array([[step[place] for step in cells] for cells in steps]) for place in range(len(names)))
        return dict(zip(names, map(tf.constant, arrays)))

    def _step(self, row):
        before = self._stacks[row]
        following = [*before[1:], self._frame()]
        end = self._random.choice(3, p=(0.8, 0.1, 0.1))
        self.ends += end > 0
        self._stacks[row] = self._begin() if end else following
        seen, followed = (np.concatenate(stack, axis=-1).astype(self._dtype) for stack in (before, following))
        action, reward = self._random.integers(5), np.float32(self._random.normal())
        return seen, action, reward, end == 1, end == 2, followed


def rings(shape, dtype, capacity):
    """Return a memory of frames and one of stacks."""
    played = Environments(1, shape, dtype).turn(1)
    specs = {name: tf.TensorSpec(values.shape[2:], values.dtype) for name, values in played.items()}
    specs.pop("truncated")
    return FrameRing(capacity, specs, COUNT), Ring(capacity, specs)


def assert_same_draws(one, other, seed):
    drawn, expected = (ring.sample(2, 40, np.array([seed, 7], np.int32)) for ring in (one, other))
    assert drawn.keys() == expected.keys()
    for name, values in expected.items():
        assert drawn[name].dtype == values.dtype
        np.testing.assert_array_equal(drawn[name], values)


@pytest.fixture(params=[None, 100], ids=["one block", "many blocks"])
def block(request, monkeypatch):
    if request.param is not None:
        monkeypatch.setattr(frames, "BLOCK", request.param)


@pytest.mark.usefixtures("block")
@pytest.mark.parametrize("num_environments", [1, 4])
@pytest.mark.parametrize(("shape", "dtype"), [((4, 5, 1), np.uint8), ((2, 2, 3), np.uint8), ((3,), np.float32)])
def test_batches_are_those_of_whole_stacks_also_after_it_was_full_and_after_a_stop(
    num_environments, shape, dtype, tmp_path
):
    environments = Environments(num_environments, shape, dtype)
    ring, whole = rings(shape, dtype, 30)
    for turn in range(20):
        played = environments.turn(5)
        ring.write(played)
        whole.write(played)
        assert ring.written == whole.written
        assert_same_draws(ring, whole, turn)
        if turn in (3, 8, 15):
            segments.save(ring, tmp_path)
            ring, _ = rings(shape, dtype, 30)
            segments.restore(ring, tmp_path)
            assert_same_draws(ring, whole, turn)
    assert environments.ends > 10
    ring.clear()
    whole.clear()
    played = Environments(num_environments, shape, dtype, seed=1).turn(5)
    ring.write(played)
    whole.write(played)
    assert_same_draws(ring, whole, 0)


def test_memory_and_disk_grow_by_frames(tmp_path, monkeypatch):
    shape, capacity = (20, 20, 1), 400
    monkeypatch.setattr(frames, "BLOCK", 4_000)
    monkeypatch.setattr(segments, "LARGE", 10_000)
    environments = Environments(2, shape, np.uint8)
    ring, whole = rings(shape, np.uint8, capacity)
    tracemalloc.start()
    for _ in range(3 * capacity // 40):
        before = environments.ends
        played = environments.turn(20)
        ring.write(played)
        whole.write(played)
        segments.save(ring, tmp_path)
        (newest,) = list(tmp_path.iterdir())[-1:] if before == 0 else [max(tmp_path.iterdir())]
        of_turn = 40 + environments.ends - before
        with np.load(newest) as saved:  # beside those of the turn, the frames of stacks that began before it
            assert of_turn <= len(saved["frames"]) <= of_turn + 2 * 2 * COUNT
    own = tracemalloc.take_snapshot().filter_traces([tracemalloc.Filter(True, frames.__file__)])
    tracemalloc.stop()
    held = sum(trace.size for trace in own.traces)
    assert 1.1 * capacity * 400 < held < 1.4 * capacity * 400  # a fifth of the steps ends an episode
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 2 * capacity * 400
    again, _ = rings(shape, np.uint8, capacity)
    segments.restore(again, tmp_path)
    assert_same_draws(again, whole, 1)
    sorted(tmp_path.iterdir())[2].unlink()
    with pytest.raises(CartrlError, match="does not hold all of the steps"):
        segments.restore(rings(shape, np.uint8, capacity)[0], tmp_path)


@pytest.mark.parametrize(
    ("wrappers", "stacked"),
    [
        ([], 1),
        ([{"kind": "frame_stack", "frames": 5}], 5),
        ([{"kind": "frame_stack"}, {"kind": "clip_rewards"}], 4),
        ([{"kind": "frame_stack"}, {"kind": "flatten"}], 1),
        ([{"kind": "atari", "protocol": "mnih2015"}], 4),
        ([{"kind": "action_repeat"}], 1),
    ],
)
def test_frames_are_kept_where_the_outermost_wrapper_stacks_them(wrappers, stacked):
    assert EnvironmentSettings(env_name="Pong", wrappers=wrappers).stacked == stacked
