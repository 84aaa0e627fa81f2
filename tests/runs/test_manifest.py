"""The manifest tells one outcome, whatever happened on the way to it."""

import json
import time

import pytest

from cartrl.runs.json_files import read_json, write_json
from cartrl.runs.manifest import Clock, Manifest, Spent, sessions_of, spent
from cartrl.runs.outcome import Outcome, outcome_of
from cartrl.system.closing import closed_at_end

MILLISECOND = 0.001  # to which seconds are rounded


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


class TestSessions:
    def test_seconds_are_those_of_the_processes_and_not_between_them(self, path):
        began = time.perf_counter()
        finish(Manifest.begin(path))
        content = read_json(path)
        content["sessions"][0].update(seconds=100.0)
        write_json(path, {**content, "started": "2020-01-01T00:00:00+00:00"})
        manifest = Manifest.resume(path)
        assert manifest.before == Spent(1, 100.0)
        finish(manifest)
        elapsed = time.perf_counter() - began
        assert 100 <= spent(sessions_of(read_json(path))).seconds <= 100 + elapsed + MILLISECOND

    def test_a_killed_process_counts_as_far_as_its_rows_go(self, path):
        began = time.perf_counter()
        Manifest.begin(path)
        finish(Manifest.resume(path, Clock(stopped=12.5, now=10.0)))
        Manifest.resume(path, Clock(stopped=30.0, now=30.0))
        manifest = Manifest.resume(path, Clock(stopped=75.0, now=70.0))
        first, second, third, now = manifest_sessions = read_json(path)["sessions"]
        assert (first["seconds"], third["seconds"], now["seconds"]) == (12.5, 45.0, None)
        assert manifest.before == Spent(3, spent(manifest_sessions[:-1]).seconds)
        assert second["seconds"] <= time.perf_counter() - began + MILLISECOND

    def test_of_a_killed_study_only_what_is_known_counts(self, path):
        Manifest.begin(path)
        content = read_json(path)
        del content["sessions"][0]["clock"]
        write_json(path, content)
        assert Manifest.resume(path).before == Spent(1, 0.0, is_whole=False)

    @pytest.mark.parametrize(
        ("more", "expected"),
        [({}, Spent(1, 60.0)), ({"resumed": [{"started": "2026-01-02"}]}, Spent(2, 0.0, is_whole=False))],
    )
    def test_older_manifests_tell_the_time_of_a_single_process(self, more, expected):
        times = {"started": "2026-01-01T10:00:00.000+00:00", "ended": "2026-01-01T10:01:00.000+00:00"}
        assert spent(sessions_of({**times, **more})) == expected

    @pytest.mark.parametrize("sessions", [[], [1], [{"seconds": "many"}], [{"seconds": float("inf")}], "none"])
    def test_foreign_sessions_do_no_harm(self, sessions):
        assert spent(sessions_of({"sessions": sessions})).seconds == 0
