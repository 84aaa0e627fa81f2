"""Checkpoints on disk: what they hold, how damage is met, and those of other versions."""

import json
import os

import numpy as np
import pytest

from cartrl.errors import CartrlError
from cartrl.runs import formats
from cartrl.system import files
from cartrl.training import state_files
from cartrl.training.checkpoints import TrainingCheckpoints
from cartrl.training.parts import Parts
from tests.powercut.log import Log, Position

SETTINGS = {"agent": {"kind": "reinforce", "discount": 0.1}, "train": {"seed": 3}}


class Weights:
    """A learner of one array."""

    def __init__(self, value=0.0):
        self.values = np.full((3, 2), value, np.float32)

    def state(self):
        return {"layer/0/kernel:0": self.values, "train_step": np.array(7)}

    def restore(self, state):
        self.values = state["layer/0/kernel:0"]


def save(home, *iterations, parts=None):
    """Save checkpoints, of each iteration with its number as every weight and the rows up to it in the replay."""
    parts = parts or Parts(Weights(), Position(), Log())
    for iteration in iterations:
        parts.learner.values[:] = iteration
        if parts.collector is not None:
            parts.collector.iteration = iteration
            parts.replay.reach(iteration)
        TrainingCheckpoints(home).save(iteration, SETTINGS, parts)


def save_as_format_1(path, iteration):
    path.parent.mkdir(exist_ok=True)
    content = {formats.KEY: np.array(1), "experiment": np.array(json.dumps(SETTINGS))}
    np.savez(path, **Weights(iteration).state(), **content)


def newest(home):
    """Return the newest checkpoint, and what was told about others."""
    told = []
    return TrainingCheckpoints(home).newest(told.append), told


def names(home):
    return sorted(path.name for path in home.iterdir())


def test_a_learner_alone_is_one_file_and_what_is_to_be_known_of_it(tmp_path):
    save(tmp_path / "checkpoints", 5, parts=Parts(Weights()))
    assert names(tmp_path / "checkpoints/00000005") == ["checkpoint.json", "learner.npz"]
    content = json.loads((tmp_path / "checkpoints/00000005/checkpoint.json").read_text())
    assert (content["format"], content["iteration"], content["experiment"]) == (2, 5, SETTINGS)
    assert list(content["files"]) == ["learner.npz"]
    found, told = newest(tmp_path / "checkpoints")
    learner = Weights()
    found.restore(Parts(learner))
    assert (learner.values == 5).all()
    assert (found.iteration, found.experiment, found.learner["train_step"], told) == (5, SETTINGS, 7, [])


def test_a_part_without_a_state_of_its_own_needs_no_file(tmp_path):
    class Stateless:
        """A collector and a replay as REINFORCE's: nothing is left of an iteration."""

        def state(self):
            return {}

        def save(self, directory):
            assert list(directory.iterdir()) == []

        def restore(self, state):
            assert state == {}

    parts = Parts(Weights(), Stateless(), Stateless())
    TrainingCheckpoints(tmp_path).save(5, SETTINGS, parts)
    assert names(tmp_path / "00000005") == ["checkpoint.json", "learner.npz"]
    newest(tmp_path)[0].restore(parts)


def test_collector_and_replay_go_on_from_where_they_were(tmp_path):
    save(tmp_path, 2, 4, 6)
    assert names(tmp_path) == ["00000004", "00000006"]
    assert names(tmp_path / "00000006/replay") == ["3-4.npy", "5-6.npy"]  # rows 4 to 6 count
    parts = Parts(Weights(), Position(), Log())
    newest(tmp_path)[0].restore(parts)
    assert (parts.learner.values == 6).all()
    assert parts.collector.iteration == 6
    assert {number: row[0] for number, row in parts.replay.rows.items()} == {4: 4, 5: 5, 6: 6}
    save(tmp_path, 8, parts=parts)
    assert names(tmp_path / "00000008/replay") == ["5-6.npy", "7-8.npy"]


def test_a_row_of_the_replay_is_on_disk_once(tmp_path):
    save(tmp_path, 2, 4)
    one, other = (tmp_path / name / "replay/1-2.npy" for name in ("00000002", "00000004"))
    assert one.stat().st_ino == other.stat().st_ino


def test_without_links_the_rows_are_copied(tmp_path, monkeypatch):
    def link(source, target):
        raise PermissionError(1, "no links on this file system", source)

    monkeypatch.setattr(os, "link", link)
    save(tmp_path, 2, 4)
    one, other = (tmp_path / name / "replay/1-2.npy" for name in ("00000002", "00000004"))
    assert one.stat().st_ino != other.stat().st_ino
    assert newest(tmp_path)[0].iteration == 4


def test_rows_that_were_damaged_since_are_not_taken_for_what_was_saved(tmp_path):
    parts = Parts(Weights(), Position(), Log())
    save(tmp_path, 2, 4, parts=parts)
    path = tmp_path / "00000004/replay/3-4.npy"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    save(tmp_path, 6, parts=parts)
    assert (tmp_path / "00000006/replay/3-4.npy").samefile(path)
    with pytest.raises(CartrlError, match="none of the 2 checkpoints can be read"):
        newest(tmp_path)


def test_the_state_of_a_part_that_is_not_there_is_refused(tmp_path):
    save(tmp_path, 2)
    learner = Weights(1.0)
    with pytest.raises(CartrlError, match="the state of another collector or replay than this experiment has"):
        newest(tmp_path)[0].restore(Parts(learner))
    assert (learner.values == 1).all()


@pytest.mark.parametrize("name", ["checkpoint.json", "learner.npz", "collector.npz", "replay/3-4.npy"])
def test_whatever_bit_is_damaged_the_checkpoint_before_is_taken(tmp_path, name):
    save(tmp_path, 2, 4)
    path = tmp_path / "00000004" / name
    content = path.read_bytes()
    for at in range(0, len(content), 211):
        path.write_bytes(content[:at] + bytes([content[at] ^ 16]) + content[at + 1 :])
        found, told = newest(tmp_path)
        assert found.iteration == 2, at
        assert len(told) == 1
        assert told[0].startswith(f"{tmp_path / '00000004'}")
        assert told[0].endswith("; the one before it is taken")
        assert names(tmp_path) == ["00000002", "00000004.damaged"]
        (tmp_path / "00000004.damaged").rename(tmp_path / "00000004")
    path.write_bytes(content)
    assert newest(tmp_path)[0].iteration == 4


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda path: (path / "learner.npz").unlink(), "damaged, learner.npz is missing"),
        (lambda path: (path / "replay/1-2.npy").unlink(), "damaged, replay/1-2.npy is missing"),
        (lambda path: (path / "replay/0.npy").touch(), "damaged, replay/0.npy was added"),
        (lambda path: path.rename(path.with_name("00000005")), "damaged, checkpoint.json is not what was saved"),
        (lambda path: (path / "checkpoint.json").unlink(), "cannot be read: No such file or directory"),
        (lambda path: (path / "checkpoint.json").write_text("[" * 99999), "cannot be read: nested too deep"),
        (lambda path: (path / "checkpoint.json").write_text("{}"), "damaged, checkpoint.json is not what was saved"),
        (lambda path: (path.rename(path.with_name("x")), path.touch()), "cannot be read: Not a directory"),
        (lambda path: (path.rename(path.with_name("x")), os.mkfifo(path)), "cannot be read: Not a directory"),
        (lambda path: replaced(path / "learner.npz", os.mkfifo), "damaged, learner.npz is missing"),
    ],
)
def test_whatever_else_is_wrong_is_named(tmp_path, damage, says):
    save(tmp_path, 2, 4)
    damage(tmp_path / "00000004")
    found, (told,) = newest(tmp_path)
    assert (found.iteration, says in told) == (2, True), told
    assert any(name.endswith(".damaged") for name in names(tmp_path))


def replaced(path, make):
    path.unlink()
    make(path)


def test_a_checkpoint_that_is_damaged_again_replaces_the_one_that_was_set_aside(tmp_path):
    for _ in range(2):
        save(tmp_path, 2, 4)
        (tmp_path / "00000004/learner.npz").write_bytes(b"")
        assert newest(tmp_path)[0].iteration == 2
        assert names(tmp_path) == ["00000002", "00000004.damaged"]


def test_where_none_can_be_read_nothing_is_set_aside(tmp_path):
    save(tmp_path, 2, 4)
    for path in tmp_path.glob("*/learner.npz"):
        path.write_bytes(b"")
    with pytest.raises(CartrlError, match="none of the 2 checkpoints can be read; nothing is resumed"):
        newest(tmp_path)
    assert names(tmp_path) == ["00000002", "00000004"]


def test_one_of_a_newer_cartrl_is_refused_also_where_an_older_one_is_left(tmp_path):
    save(tmp_path, 2, 4)
    path = tmp_path / "00000004/checkpoint.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "format": formats.FORMAT + 1}))
    with pytest.raises(formats.NewerFormatError, match=rf"{path}: has format {formats.FORMAT + 1}, which a newer"):
        newest(tmp_path)
    assert names(tmp_path) == ["00000002", "00000004"]


def test_files_of_format_1_are_read_and_give_way_to_directories(tmp_path):
    save_as_format_1(tmp_path / "00000002.npz", 2)
    save_as_format_1(tmp_path / "00000004.npz", 4)
    found, told = newest(tmp_path)
    assert (found.iteration, found.experiment, told) == (4, SETTINGS, [])
    assert found.learner.keys() == Weights().state().keys()
    (tmp_path / "00000004.npz").write_bytes(b"")
    found, told = newest(tmp_path)
    assert (found.iteration, len(told)) == (2, 1)
    assert names(tmp_path) == ["00000002.npz", "00000004.damaged"]
    save(tmp_path, 4)
    assert names(tmp_path) == ["00000002.npz", "00000004", "00000004.damaged"]
    save(tmp_path, 6)
    assert names(tmp_path) == ["00000004", "00000004.damaged", "00000006"]
    assert (TrainingCheckpoints(tmp_path).oldest(), TrainingCheckpoints(tmp_path).latest()) == (4, 6)


def test_what_cannot_be_saved_leaves_nothing_behind(tmp_path):
    home = tmp_path / "checkpoints"
    sentence = rf"{home}/00000003/learner.npz: layer/0/kernel:0 holds a value that is not finite"
    with pytest.raises(CartrlError, match=sentence):
        TrainingCheckpoints(home).save(3, SETTINGS, Parts(Weights(np.nan)))
    assert list(tmp_path.iterdir()) == []


def test_a_directory_that_is_being_removed_has_lost_its_name_first(tmp_path, monkeypatch):
    save(tmp_path, 2)

    def killed(path, **_):
        raise KeyboardInterrupt

    monkeypatch.setattr(files.shutil, "rmtree", killed)
    with pytest.raises(KeyboardInterrupt):
        files.remove_directory(tmp_path / "00000002")
    monkeypatch.undo()
    (left,) = names(tmp_path)
    assert left.startswith(files.OLD)
    files.clear_drafts(tmp_path)
    assert names(tmp_path) == []


@pytest.mark.parametrize("kind", ["compressed", "pickled"])
def test_a_state_that_could_fill_the_memory_or_run_as_code_is_not_read(tmp_path, kind):
    path = tmp_path / "state.npz"
    if kind == "compressed":
        np.savez_compressed(path, weights=np.zeros(1000))
    else:
        np.savez(path, weights=np.array([print], dtype=object))
    with pytest.raises(CartrlError, match=rf"{path}: damaged, and cannot be read: "):
        state_files.read(path)
