"""File systems without locks, or that cannot bring a directory to disk; and drafts of others on a shared one."""

import errno
import fcntl
import json
import multiprocessing
import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from cartrl.runs.lock import RunLock, is_held
from cartrl.system import files
from cartrl.system.files import clear_drafts, draft_of, whole_file
from tests.cli.test_runs_command import make_study
from tests.faulty import LACKING, without
from tests.helpers import CONFIGS, everything_below, one_line, run_cartrl, wait_until
from tests.studies import write_run

RESULT = {"best_greedy_return": {"mean": 1.0}, "final_greedy_return": {"step": 250, "mean": 1.0}}


@pytest.fixture
def finished(tmp_path) -> Path:
    """A study of which nothing is left to train: resuming it takes its lock, and needs no TensorFlow."""
    study = make_study(tmp_path / "study")
    for manifest in study.glob("seed-*/manifest.json"):
        manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "result": RESULT}))
    return study


def resumed(study: Path, **faults):
    return run_cartrl("train", "--resume", "study", cwd=study.parent, env=without(study.parent / "site", **faults))


@pytest.mark.parametrize("number", LACKING, ids=os.strerror)
def test_without_locks_a_warning_says_so_and_work_goes_on(finished, number):
    done = resumed(finished, flock=number)
    assert (done.returncode, done.stdout) == (0, "study: finished already, 2 seeds\n")
    reason = f"({os.strerror(number)}), so that a second process could train the same run"
    assert done.stderr == f"warning: study: its file system has no locks {reason}\n"


@pytest.mark.parametrize("number", LACKING, ids=os.strerror)
def test_what_cannot_be_brought_to_disk_is_told_in_the_same_warning(finished, number):
    for faults in ({"directory": number}, {"file": number}):
        done = resumed(finished, flock=errno.ENOLCK, **faults)
        assert done.returncode == 0
        (line,) = done.stderr.splitlines()
        assert line.startswith("warning: study: its file system has no locks (No locks available), ")
        assert line.endswith(f"it brings nothing to disk when asked ({os.strerror(number)}), so that a power cut could "
                             "damage it")  # fmt: skip


@pytest.mark.parametrize("fault", ["flock", "directory", "file"])
def test_a_start_that_fails_names_the_path_and_leaves_nothing_that_blocks_the_next(tmp_path, fault):
    for what in ([], ["--seeds", "0,1"]):
        call = ["train", "-c", CONFIGS / "reinforce.yaml", "--run-dir", "run", *what]
        done = run_cartrl(*call, cwd=tmp_path, env=without(tmp_path / "site", **{fault: errno.EIO}))
        sentence = one_line(done, 2 if fault == "directory" else 1)  # a directory cannot be made, or a file written
        assert sentence.startswith("run")
        assert sentence.endswith(": Input/output error")
        assert not (tmp_path / "run").exists()


def test_every_error_of_a_file_being_written_names_it(tmp_path):
    target = tmp_path / "target.json"
    for error in (
        OSError(errno.ENOSPC, "full"),
        OSError("ffmpeg: no"),
        OSError(errno.EIO, "bad", str(draft_of(target))),
    ):
        with pytest.raises(OSError, match="target") as raised, whole_file(target) as draft:
            draft.write_text("half")
            raise error
        assert raised.value.filename == str(target)
        assert raised.value.strerror == (error.strerror or "ffmpeg: no")
        assert everything_below(tmp_path) == {}


def hold(path, is_taken, may_go):
    with RunLock(path):
        is_taken.set()
        may_go.wait()


def test_whoever_only_looks_knows_whether_a_run_is_held(tmp_path):
    lock = tmp_path / ".lock"
    assert is_held(lock) is False
    context = multiprocessing.get_context("fork")
    is_taken, may_go = context.Event(), context.Event()
    process = context.Process(target=hold, args=(lock, is_taken, may_go))
    process.start()
    assert is_taken.wait(30)
    assert is_held(lock) is True
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    container = Path("/proc/self/ns/pid").stat().st_ino
    assert lock.read_text() == f"{process.pid} on {platform.node()}\n{boot} {container}\n"
    process.kill()
    process.join()
    assert is_held(lock) is False
    assert lock.exists()


LOOK = """
import pathlib, sys
from cartrl.runs.lock import is_held
lock = pathlib.Path(sys.argv[1])
print(is_held(lock), flush=True)
while True:
    is_held(lock)
"""


def test_looking_at_a_lock_keeps_nobody_from_taking_it(tmp_path, monkeypatch):
    """It finds a holder that gives up at once, although the process in its way only looks."""
    lock = tmp_path / ".lock"
    lock.touch()
    flock, refused = fcntl.flock, []

    def counted(*arguments):
        try:
            flock(*arguments)
        except BlockingIOError:
            refused.append(arguments)
            raise

    def take():
        with RunLock(lock):
            return len(refused) >= 3

    monkeypatch.setattr("fcntl.flock", counted)
    with subprocess.Popen([sys.executable, "-c", LOOK, str(lock)], stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout.readline() == b"False\n"
            wait_until(take, "the process in the way held the lock three times", process=process)
        finally:
            process.kill()


HOLDERS = {
    "here": (f"{os.getpid()} on {platform.node()}", None),  # there is such a process; it may be another by now
    "gone": (f"{2**22 + 1} on {platform.node()}", False),  # Linux gives no such number
    "elsewhere": (f"{2**22 + 1} on another-computer", None),
    "another of that name": (
        f"{2**22 + 1} on {platform.node()}\n00000000-0000-4000-8000-000000000000 4026531836",
        None,
    ),
    "nothing": ("", None),
    "not a lock's": ("\x1b[2J", None),
}


@pytest.mark.parametrize("case", HOLDERS)
def test_without_locks_nobody_knows_but_of_a_process_that_is_gone(tmp_path, monkeypatch, case):
    holder, held = HOLDERS[case]
    (tmp_path / ".lock").write_text(holder)

    def flock(*_):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr("fcntl.flock", flock)
    assert is_held(tmp_path / ".lock") is held


@pytest.fixture(scope="module")
def dead() -> int:
    """The id of a process that has ended."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


def drafts(directory: Path) -> set[str]:
    return {path.name for path in directory.rglob("*") if path.name.startswith((files.DRAFT, files.OLD))}


def test_two_files_of_one_process_have_drafts_of_their_own(tmp_path):
    with whole_file(tmp_path / "one.json") as one, whole_file(tmp_path / "two.json") as two:
        one.write_text("1")
        two.write_text("2")
    assert everything_below(tmp_path) == {"one.json": b"1", "two.json": b"2"}


@pytest.mark.parametrize("host", ["another-computer", "another.container"])
def test_two_computers_never_share_a_draft(tmp_path, monkeypatch, host):
    with whole_file(tmp_path / "report.html") as here:
        here.write_text("here")
        with monkeypatch.context() as there_is:
            there_is.setattr("platform.node", lambda: host)
            with whole_file(tmp_path / "report.html") as there:
                there.write_text("there")
        assert here.read_text() == "here"
    assert everything_below(tmp_path) == {"report.html": b"here"}


@pytest.mark.parametrize("name", ["x" * 255, "ü" * 125 + ".html", "a-b-1-c.json"])
def test_a_name_of_any_length_has_a_draft(tmp_path, name):
    with whole_file(tmp_path / name) as draft:
        assert draft.suffix == Path(name).suffix or not Path(name).suffix
        draft.write_text("mine")
    assert everything_below(tmp_path) == {name: b"mine"}


def test_drafts_of_others_at_work_stay_and_those_of_the_dead_go(tmp_path, monkeypatch, dead):
    target = tmp_path / "videos" / "film.mp4"
    target.parent.mkdir()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as alive:
        names = []
        for node, pid in ((platform.node(), alive.pid), ("another-computer", dead), (platform.node(), dead)):
            monkeypatch.setattr("os.getpid", lambda pid=pid: pid)
            monkeypatch.setattr("platform.node", lambda node=node: node)
            draft_of(target).write_text("half")
            names.append(draft_of(target).name)
        old = draft_of(target.with_name("old.mp4"))
        policy = tmp_path / f"{files.OLD}{dead}-best"  # as earlier versions named them
        policy.mkdir()
        for path in (old, policy):
            path.touch()
            os.utime(path, (0, 0))
        monkeypatch.undo()
        assert drafts(tmp_path) == {*names, old.name, policy.name}
        clear_drafts(tmp_path)
        assert drafts(tmp_path) == set(names[:2])
        alive.communicate(b"\n")


def test_resuming_leaves_what_another_command_is_writing(tmp_path, monkeypatch, dead):
    write_run(tmp_path / "run", 0, [20.0], "interrupted")
    (tmp_path / "run/checkpoints/00000001").mkdir(parents=True)  # damaged, so that nothing is trained
    film, page = tmp_path / "run" / "videos" / "film.mp4", tmp_path / "run" / "report.html"
    film.parent.mkdir()
    for path in (film, page):
        draft_of(path).write_text("half")  # this process is at work
    at_work = drafts(tmp_path)
    monkeypatch.setattr("os.getpid", lambda: dead)
    draft_of(film).write_text("half")
    monkeypatch.undo()
    done = run_cartrl("train", "--resume", "run", cwd=tmp_path)
    assert "none of the 1 checkpoints can be read" in done.stderr
    assert drafts(tmp_path) == at_work
