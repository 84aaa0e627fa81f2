"""The manifest tells one outcome, whatever happened on the way to it."""

import json

import pytest

from cartrl.closing import closed_at_end
from cartrl.manifest import Manifest
from cartrl.outcome import Outcome, outcome_of
from cartrl.run_directory import read_json


@pytest.fixture
def path(tmp_path):
    """Where the manifest is written."""
    return tmp_path / "manifest.json"


def fail(manifest: Manifest, reason: str) -> None:
    with pytest.raises(RuntimeError, match=reason), manifest:
        raise RuntimeError(reason)


def finish(manifest: Manifest, **facts) -> None:
    with manifest:
        manifest.reached(Outcome.FINISHED, **facts)


def test_a_run_that_failed_and_then_finished_has_no_error(path):
    fail(Manifest.begin(path, seed=1), "the disk is full")
    assert (read_json(path)["outcome"], read_json(path)["error"]) == ("failed", "RuntimeError: the disk is full")
    finish(Manifest.resume(path, after=3), result={"episodes": 4})
    content = read_json(path)
    assert (content["outcome"], content["result"], content["seed"]) == ("finished", {"episodes": 4}, 1)
    assert "error" not in content
    assert [session["outcome"] for session in content["sessions"]] == ["failed", "finished"]
    assert content["sessions"][0]["error"] == "RuntimeError: the disk is full"  # what happened is not lost


def test_a_run_that_failed_again_has_the_last_error_and_no_result_of_before(path):
    finish(Manifest.begin(path), result={"episodes": 4})
    fail(Manifest.resume(path), "the motor is hot")
    content = read_json(path)
    assert (content["outcome"], content["error"]) == ("failed", "RuntimeError: the motor is hot")
    assert "result" not in content


def test_an_error_after_the_outcome_does_not_change_it(path):
    with pytest.raises(RuntimeError), Manifest.begin(path) as manifest:
        manifest.reached(Outcome.FINISHED)
        raise RuntimeError("nobody reads the output")
    assert read_json(path)["outcome"] == "finished"
    assert "error" not in read_json(path)


def test_a_manifest_that_cannot_be_written_does_not_hide_the_error_before(path):
    manifest = Manifest.begin(path.parent / "run" / path.name)
    (path.parent / "run" / path.name).unlink()
    (path.parent / "run").rmdir()
    (path.parent / "run").write_text("a file in the place of the directory")
    fail(manifest, "the disk is full")


def test_while_it_runs_it_says_so(path):
    finish(Manifest.begin(path))
    Manifest.resume(path)
    content = read_json(path)
    assert (content["outcome"], content["ended"], content["sessions"][-1]["ended"]) == ("running", None, None)


def test_an_error_while_closing_is_told_and_replaces_nothing(path):
    told = []

    def stuck():
        raise OSError("the cable is stuck")

    with closed_at_end(told.append) as opened:
        opened.callback(stuck)
    assert told == ["what the training had opened did not close: OSError: the cable is stuck"]
    with pytest.raises(RuntimeError, match="the motor is hot"), closed_at_end(told.append) as opened:
        opened.callback(stuck)
        raise RuntimeError("the motor is hot")
    assert len(told) == 2


@pytest.mark.parametrize("outcome", [None, "done", 1, ["finished"], {"finished": True}])
def test_an_outcome_that_does_not_exist_is_none(outcome):
    assert outcome_of({"outcome": outcome}) is None
    assert outcome_of({}) is None


def test_outcomes_are_written_as_words():
    assert [f"{outcome} {outcome:<8}|" for outcome in (Outcome.FINISHED, Outcome.SOLVED)] == [
        "finished finished|",
        "solved solved  |",
    ]
    assert json.dumps({"outcome": Outcome.FAILED}) == '{"outcome": "failed"}'
