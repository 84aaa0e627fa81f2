"""What a power cut may leave, by hand: known operations, and every state that they allow."""

import os

import pytest

from cartrl.system import files
from tests.powercut import recorder
from tests.powercut.disk import ROOT, Data, Moment, Names, Said, Sync, Trace, count_undone, moment
from tests.powercut.states import BLOCK, count, states, variants

MANY = 100  # no trace here has so many


@pytest.fixture(scope="module", autouse=True)
def _installed():
    fsync = os.fsync
    recorder.install()
    yield
    os.fsync = fsync


def made(node, name, directory=ROOT):
    return Names({(directory, name): node})


def trees(operations, model, directories=()):
    """Return every tree that ``model`` allows at any moment, each file with its text."""
    trace = Trace(directories={ROOT, *directories}, operations=list(operations))
    found = []
    for state in states(trace, MANY, seed=0):
        tree = {path: None if content is None else content.decode("latin-1") for path, content in state.tree.items()}
        if state.model == model and tree not in found:
            found.append(tree)
    return found


def names(operations, model, directories=()):
    return {" ".join(sorted(tree)) for tree in trees(operations, model, directories)}


def test_a_file_that_was_only_made_may_be_there_or_not():
    assert names([made(1, "a")], "journal") == {"", "a"}


def test_the_journal_keeps_the_order_across_directories_and_the_others_do_not():
    operations = [made(1, "d"), Sync(ROOT), made(2, "a"), made(3, "b", directory=1), made(4, "c")]
    assert names(operations, "journal", [1]) == {"", "d", "a d", "a d d/b", "a c d d/b"}
    assert names(operations, "directory", [1]) == {"", "d", "a d", "d d/b", "a d d/b", "a c d", "a c d d/b"}
    assert names(operations, "any", [1]) == names(operations, "directory", [1]) | {"c d", "c d d/b"}


def test_an_fsync_of_a_file_brings_its_name_to_disk_on_a_journal_alone():
    trace = Trace(operations=[made(1, "a"), Data(1, b"x"), Sync(1), Said(1)])
    after = {state.model: set() for state in states(trace, MANY, 0)}
    for state in states(trace, MANY, 0):
        if state.said:
            after[state.model].add(tuple(sorted(state.tree.items())))
    assert after["journal"] == {(("a", b"x"),)}
    assert after["directory"] == after["any"] == {(("a", b"x"),), ()}


def test_what_was_in_a_directory_that_is_gone_is_gone():
    operations = [made(1, "d"), made(2, "a", directory=1), Data(2, b"x"), Sync(2), Sync(1), Said(1)]
    assert names(operations, "directory", [1]) == {"", "d", "d d/a"}
    trace = Trace(directories={ROOT, 1}, operations=operations)
    assert any(not state.tree for state in states(trace, MANY, 0) if state.said and state.model == "directory")


def test_a_rename_happens_whole_or_not_at_all():
    drafted = [made(1, "draft"), Data(1, b"new"), Sync(1), Sync(ROOT)]
    rename = Names({(ROOT, "draft"): None, (ROOT, "a"): 1})
    trace = Trace(names={(ROOT, "a"): 9}, contents={9: b"old"}, operations=[*drafted, rename])
    ends = [dict(state.tree) for state in states(trace, MANY, 0) if state.model == "any"]
    assert all(tree["a"] in (b"old", b"new") for tree in ends)
    assert {"a": b"new"} in ends
    assert {"a": b"old", "draft": b"new"} in ends
    assert {"draft": b"new"} not in ends


def test_without_an_fsync_before_it_a_rename_may_put_an_empty_file_in_place():
    operations = [made(1, "draft"), Data(1, b"new"), Names({(ROOT, "draft"): None, (ROOT, "a"): 1})]
    assert {"a": ""} in trees(operations, "journal")
    assert {"a": "\0\0\0"} in trees(operations, "journal")


def test_what_an_fsync_covers_is_certain():
    trace = Trace(names={(ROOT, "a"): 1}, contents={1: b"1\n"}, operations=[Data(1, b"1\n2\n"), Sync(1), Said(2)])
    assert {state.tree["a"] for state in states(trace, MANY, 0) if state.said} == {b"1\n2\n"}


def test_an_append_may_be_torn_lost_or_zeros_but_leaves_what_was_there():
    found = variants([b"1\n", b"1\n23\n"])
    assert found[0] == b"1\n23\n"
    assert found[1] == b"1\n"
    assert {b"1\n2", b"1\n23", b"1\n\0\0\0", b"1\n2\0\0"} <= set(found)
    assert all(content.startswith(b"1\n") for content in found)


def test_blocks_reach_the_disk_each_on_its_own():
    old, new = b"o" * BLOCK * 3, b"n" * BLOCK * 3
    found = variants([old, new])
    o, n = old[:BLOCK], new[:BLOCK]
    assert {o + n + n, n + o + n, n + n + o, n + o + o, o + n + o, o + o + n} <= set(found)


def test_states_are_counted_as_they_are_enumerated():
    trace = Trace(operations=[made(1, "a"), made(2, "b"), made(3, "c")])
    assert count(trace) == {"journal": 4, "directory": 4, "any": 8}
    now: Moment = moment(trace, 3)
    assert count_undone(now, "any") == 8


def test_the_recorder_hears_of_each_operation(tmp_path):
    (tmp_path / "before.txt").write_text("there")
    with recorder.Recorder(tmp_path) as found:
        files.write_text(tmp_path / "a.txt", "one")
        found.said(1)
        (tmp_path / "before.txt").unlink()
        draft = tmp_path / ".draft"
        draft.mkdir()
        files.replace_directory(draft, tmp_path / "d")
    kinds = [type(operation).__name__ for operation in found.trace.operations]
    assert kinds == ["Names", "Data", "Sync", "Names", "Sync", "Said", "Names", "Names", "Sync", "Names", "Sync"]
    assert list(found.trace.contents.values()) == [b"there"]
    assert len(found.trace.operations[3].changes) == 2  # a rename


def test_the_recorder_sees_an_exchange_as_one_step(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / name).write_text(name)
    with recorder.Recorder(tmp_path) as found:
        files.replace_directory(tmp_path / "one", tmp_path / "two")
    exchange = next(operation for operation in found.trace.operations if isinstance(operation, Names))
    assert len(exchange.changes) == 2
    assert None not in exchange.changes.values()
    assert (tmp_path / "two" / "one").read_text() == "one"
