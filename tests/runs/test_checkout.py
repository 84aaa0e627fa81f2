"""The git checkout in the manifest: right, and looked at without running what the checkout names."""

import subprocess

import pytest

from cartrl.runs import checkout

CALLED = "called"


def git(folder, *words):
    subprocess.run(
        ["git", "-c", "user.name=A", "-c", "user.email=a@example.org", *words],
        cwd=folder,
        check=True,
        capture_output=True,
    )


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A checkout with one commit, which is the working directory."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    git(folder, "init")
    (folder / "file").write_text("one\n")
    git(folder, "add", "file")
    git(folder, "commit", "-m", "one")
    monkeypatch.chdir(folder)
    return folder


def test_commit_and_changes_are_told(repository):
    before = checkout.state()
    assert before is not None
    assert len(before["commit"]) == 40
    assert before["dirty"] is False
    (repository / "file").write_text("two\n")
    assert checkout.state() == {**before, "dirty": True}


def test_outside_of_a_checkout_there_is_none(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert checkout.state() is None


@pytest.mark.parametrize("kind", ["monitor", "filter", "hook"])
def test_no_program_of_the_checkout_runs(repository, tmp_path, kind):
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch {tmp_path / CALLED}\ncat\n")
    program.chmod(0o755)
    if kind == "monitor":
        git(repository, "config", "core.fsmonitor", str(program))
    elif kind == "filter":
        git(repository, "config", "filter.evil.clean", str(program))
        git(repository, "config", "filter.evil.required", "true")
        (repository / ".gitattributes").write_text("* filter=evil\n")
    else:
        (repository / ".git" / "hooks" / "post-index-change").symlink_to(program)
    (repository / "file").write_text("two\n")
    state = checkout.state()
    assert not (tmp_path / CALLED).exists()
    assert state is not None
    assert state["dirty"]
    git(repository, "add", "file")  # which shows that the trap works
    assert (tmp_path / CALLED).exists()
