"""What the caller's surroundings do to the command line: nothing, or one sentence says what is wrong with them."""

import os
import stat
import subprocess
import sys

import pytest

from tests.helpers import CARTRL, CONFIGS, clean_environment, one_line, run_cartrl

CONFIG = CONFIGS / "reinforce.yaml"


def shell(script, cwd, **variables):
    """Run a line of bash in which ``$0`` is cartrl and ``$1`` a config."""
    return subprocess.run(
        ["bash", "-c", script, CARTRL, CONFIG],
        cwd=cwd,
        env={**clean_environment(), **variables},
        capture_output=True,
        text=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
    )


@pytest.mark.parametrize("size", ["0", "-80", "wide", "1", "", "99999999999", "²"])
def test_a_size_of_the_terminal_that_is_none_is_ignored(size, tmp_path):
    sizes = dict.fromkeys(("COLUMNS", "LINES", "TERMINAL_WIDTH"), size)
    assert one_line(run_cartrl("config", "none.yaml", cwd=tmp_path, env=sizes), 2) == "none.yaml: no such file"
    assert "Usage" in run_cartrl("train", "--help", cwd=tmp_path, env=sizes).stdout


@pytest.mark.parametrize(("command", "code"), [('config "$1"', 0), ("env CartPole-v1", 0), ("nonsense", 2)])
def test_a_stream_that_is_closed_changes_nothing_else(command, code, tmp_path):
    whole = shell(f'"$0" {command}', tmp_path)
    for closed in ("<&-", ">&-", "2>&-", "<&- >&- 2>&-"):
        done = shell(f'"$0" {command} {closed}', tmp_path)
        assert whole.returncode == done.returncode == code
        assert done.stdout == ("" if " >&-" in f" {closed}" else whole.stdout)
        assert done.stderr == ("" if "2>&-" in closed else whole.stderr)


def test_a_full_disk_below_stderr_changes_no_exit_code(tmp_path):
    assert shell('"$0" config none.yaml 2>/dev/full', tmp_path).returncode == 2
    one_line(shell('"$0" config "$1" >/dev/full', tmp_path), 1)


def test_a_working_directory_that_was_deleted_is_named(tmp_path):
    (tmp_path / "gone").mkdir()
    sentence = "the working directory has been deleted; change to another one"
    for command in ('train -c "$1"', "eval", 'config "$1"', "runs"):
        done = shell(f'cd gone; rmdir ../gone; "$0" {command}; code=$?; mkdir ../gone; exit $code', tmp_path)
        assert one_line(done, 2) == sentence
    assert shell('cd gone; rmdir ../gone; "$0" --version', tmp_path).returncode == 0


def test_text_that_the_streams_cannot_encode_is_spelt_out(tmp_path):
    for encoding in ({"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}):
        done = run_cartrl("train", "--help", cwd=tmp_path, env=encoding)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.isascii()
        (tmp_path / "é.yaml").write_text("environment:\n  env_name: Pölé-v0\n", encoding="utf-8")
        done = run_cartrl("config", "é.yaml", cwd=tmp_path, env=encoding)
        assert "Traceback" not in done.stdout + done.stderr


def test_a_path_that_is_no_text_is_printed_as_it_is(tmp_path):
    name = b"r\xe9sum\xe9"
    (tmp_path / os.fsdecode(name)).mkdir()
    done = subprocess.run([CARTRL, "runs", name], cwd=tmp_path, env=clean_environment(), capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout == name + b": there are no runs\n"


def test_files_are_the_users_to_read_whatever_the_umask(tmp_path):
    done = shell('umask 0777; "$0" env CartPole-v1 --picture new/frame.png', tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "new/frame.png").stat().st_mode) == 0o600


def test_too_few_open_files_are_refused_and_a_low_soft_limit_is_raised(tmp_path):
    sentence = one_line(shell('ulimit -n 20; "$0" env CartPole-v1', tmp_path), 2)
    assert sentence == "a process may open 20 files here (ulimit -n), but needs at least 64"
    assert shell('ulimit -Sn 20; "$0" env CartPole-v1', tmp_path).returncode == 0


@pytest.mark.parametrize(
    "variables",
    [
        {"PYTHONOPTIMIZE": "1", "PYTHONWARNINGS": "error", "TERM": "dumb", "HOME": "/no/such/home"},
        {
            "PYTHONOPTIMIZE": "2",
            "PYTHONWARNINGS": "e",
            "TERM": "unheard-of",
            "TMPDIR": "/no/such/directory",
            "TZ": "No",
        },
    ],
)
def test_a_variable_of_the_environment_changes_nothing(variables, tmp_path):
    for call in (["train", "--help"], ["env", "CartPole-v1"], ["config", "none.yaml"]):
        done, plain = (run_cartrl(*call, cwd=tmp_path, env=env) for env in (variables, {}))
        assert (done.returncode, done.stdout, done.stderr) == (plain.returncode, plain.stdout, plain.stderr)


def test_the_module_can_be_started_without_docstrings_too(tmp_path):
    call = [sys.executable, "-OO", "-m", "cartrl", "train", "--help"]
    done = subprocess.run(call, cwd=tmp_path, env=clean_environment(), capture_output=True)
    assert done.returncode == 0
    assert b"Train a policy" in done.stdout
