"""Whatever way a process ends, it is said how, and nothing that was held back is lost."""

import json
import signal
import subprocess
import sys

import pytest

from tests.helpers import CONFIGS, REPO, clean_environment, module_path, run_cartrl

REASON = "the reason, from native code"


def run_dying(way, *arguments, cwd, **env):
    return run_cartrl(
        "--import-module", "dying", *arguments, cwd=cwd, env={"DIE": way, "PYTHONPATH": module_path(), **env}
    )


@pytest.mark.parametrize(
    ("way", "code", "sentence"),
    [
        ("abort", -signal.SIGABRT, "was ended by SIGABRT (a library gave up)"),
        ("segfault", -signal.SIGSEGV, "was ended by SIGSEGV (an error in a library's native code)"),
        ("_exit", 3, "ended with exit code 3"),
        ("killed", -signal.SIGKILL, "was ended by SIGKILL (as the kernel does when memory runs out)"),
    ],
)
def test_what_was_held_back_is_shown_and_the_end_explained(way, code, sentence, tmp_path):
    done = run_dying(way, "env", "CartPole-v1", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr == f"{REASON}\nerror: cartrl {sentence}: {REASON}\n"


def test_a_signal_from_outside_needs_no_explanation(tmp_path):
    done = run_dying("terminated", "env", "CartPole-v1", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGTERM, "", "")


def test_a_library_that_calls_exit_is_an_error(tmp_path):
    done = run_dying("exit", "env", "CartPole-v1", cwd=tmp_path)
    assert done.returncode in (1, 2)
    assert "SystemExit" in done.stderr
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1


def test_with_debug_nothing_is_held_back_and_the_place_is_shown(tmp_path):
    done = run_cartrl(
        "--debug", "--import-module", "dying", "env", "CartPole-v1", cwd=tmp_path,
        env={"DIE": "abort", "PYTHONPATH": module_path()},
    )  # fmt: skip
    assert done.returncode == -signal.SIGABRT
    assert done.stderr.startswith(f"{REASON}\n")
    assert "dying.py" in done.stderr
    assert "error: cartrl was ended by SIGABRT (a library gave up)\n" in done.stderr


@pytest.mark.parametrize(
    ("way", "sentence"),
    [("abort", "was ended by SIGABRT (a library gave up)"), ("_exit", "ended with exit code 3")],
)
def test_so_it_is_for_the_processes_of_a_study(way, sentence, tmp_path):
    done = run_dying(
        way, "train", "-c", CONFIGS / "reinforce.yaml", "--seeds", "0", "--run-dir", "study", "--json", cwd=tmp_path,
        DIE_IN="child",
    )  # fmt: skip
    assert done.returncode == 1
    error = f"its process {sentence}: {REASON}"
    assert done.stderr.endswith(f"\nerror: 1 of 1 seed failed; seed 0: {error}\n")
    assert json.loads(done.stdout)["seeds"]["0"]["error"] == error


# Whoever started the process does not wait for it, so the kernel forgets at once how it ended.
UNSEEN = """
import signal, subprocess, sys
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
with subprocess.Popen([sys.executable, "-c", sys.argv[1]], stderr=-1, text=True) as process:
    print(process.stderr.read(), end="")
"""
TWO_SIGNALS = """
import signal
from cartrl.system.signals import StopRequest
with StopRequest():
    signal.raise_signal(signal.SIGINT)
    signal.raise_signal(signal.SIGINT)
"""
WITHOUT_A_WORD = "ended without a word, by a library or by force, as the kernel does when memory runs out"
ENDS = {
    "import os; os._exit(3)": {f"error: cartrl {way}\n" for way in (WITHOUT_A_WORD, "ended with exit code 3")},
    TWO_SIGNALS: {""},
}


@pytest.mark.parametrize("end", ENDS, ids=["exit", "second signal"])
def test_an_end_that_may_not_be_known_any_more(end, tmp_path):
    script = f"from cartrl.system import quiet, surroundings\nsurroundings.settle()\nquiet.prepare()\n{end}"
    done = subprocess.run(
        [sys.executable, "-c", UNSEEN, script], cwd=tmp_path, env={**clean_environment(), "PYTHONPATH": str(REPO)},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    assert done.stdout in ENDS[end]


# Starts a child in the working directory, which says what it can import.
PARENT = """
import sys
import cartrl
from cartrl.system import child_process
print(cartrl.__file__)
process = child_process.start("seen:main", "one", "two words", stderr=sys.stderr)
sys.exit(process.wait())
"""
SEEN = """
import sys
def main():
    import cartrl, logging
    try:
        import only_here
    except ModuleNotFoundError as error:
        print(error, file=sys.stderr)
    print(sys.argv[1:], cartrl.__file__, file=sys.stderr)
"""


@pytest.mark.parametrize("path", ["{}", ":{}", "{}:", ":{}:"])
def test_a_child_process_takes_no_module_from_the_working_directory(path, tmp_path):
    modules, home = tmp_path / "modules", tmp_path / "home"
    for folder in (modules, home / "cartrl"):
        folder.mkdir(parents=True)
    (modules / "seen.py").write_text(SEEN)
    for name in ("logging.py", "only_here.py", "cartrl/__init__.py", "cartrl/system.py"):
        (home / name).write_text("raise SystemExit('executed: ' + __file__)")
    # The parent, as any console script, has no working directory in its path.
    parent = f"import os, sys; sys.path.remove('')\nos.environ['PYTHONPATH'] = {path.format(modules)!r}\n{PARENT}"
    done = subprocess.run(
        [sys.executable, "-c", parent], cwd=home, env=clean_environment(), capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stderr == f"No module named 'only_here'\n['one', 'two words'] {done.stdout}"
