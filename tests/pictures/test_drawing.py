"""A picture never decides how a run ends, whatever surroundings it is drawn in."""

import os
import signal
import subprocess
import sys
from contextlib import contextmanager

import pytest
from PIL import Image

from cartrl.pictures.drawer import Drawer, LearningCurve
from tests.helpers import REPO, children, clean_environment, one_line, run_cartrl
from tests.studies import write_run

USERS = "text.usetex: True\nfont.family: no such font\nbackend: no_such_backend\naxes.facecolor: red\n"


@pytest.fixture
def home(tmp_path):
    write_run(tmp_path / "run", 0, [20.0, 120.0, 200.0])
    return tmp_path


@pytest.fixture
def plain(home, tmp_path_factory):
    """The picture of the run as it should be."""
    target = tmp_path_factory.mktemp("plain") / "plain.png"
    assert run_cartrl("plot", home / "run", "-o", target, cwd=home).returncode == 0
    return target.read_bytes()


@pytest.mark.parametrize(
    "variables",
    [
        {"MPLBACKEND": "module://matplotlib_inline.backend_inline"},
        {"MPLBACKEND": "TkAgg"},
        {"MATPLOTLIBRC": "here/matplotlibrc"},
        {"MPLCONFIGDIR": "here"},
        {"MPLCONFIGDIR": "/proc/nowhere"},
        {"XDG_CONFIG_HOME": "config"},
    ],
    ids=str,
)
def test_the_picture_is_the_same_whatever_matplotlib_is_told(home, plain, variables):
    for folder in ("here", "config/matplotlib"):
        (home / folder).mkdir(parents=True)
        (home / folder / "matplotlibrc").write_text(USERS)
    done = run_cartrl("plot", "run", "-o", "a.png", cwd=home, env=variables)
    assert (done.returncode, done.stderr) == (0, "")
    assert (home / "a.png").read_bytes() == plain


@pytest.mark.parametrize("make", [
    lambda path: path.write_text(USERS), lambda path: path.write_bytes(b"\xff\xfe: 1\n"), os.mkfifo
], ids=["settings", "no text", "fifo"])  # fmt: skip
def test_the_picture_is_the_same_whatever_lies_in_the_working_directory(home, plain, make):
    make(home / "matplotlibrc")
    done = run_cartrl("plot", "run", "-o", "a.png", cwd=home, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert (home / "a.png").read_bytes() == plain


LOAD = """
import os, sys
made = []
sys.addaudithook(lambda event, arguments: made.append(arguments[0]) if event == "tempfile.mkdtemp" else None)
here = os.getcwd()
from cartrl.pictures import canvas
canvas.load()
assert (os.getcwd(), os.environ.get("MPLBACKEND"), os.environ.get("MATPLOTLIBRC")) == (here, "TkAgg", None)
print([folder for folder in made if "cartrl" in folder])
"""


def test_matplotlib_is_loaded_without_a_directory_that_a_kill_would_leave_behind(tmp_path):
    environment = {**clean_environment(), "MPLBACKEND": "TkAgg", "PYTHONPATH": str(REPO)}
    done = subprocess.run(
        [sys.executable, "-c", LOAD], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120,
        check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "[]\n", "")


def test_a_picture_that_is_asked_for_and_cannot_be_drawn_is_one_sentence(home):
    write_run(home / "huge", 0, [1.7e308, -1.7e308])
    done = run_cartrl("plot", "huge", "-o", "new/a.png", cwd=home)
    assert one_line(done, 1).startswith("new/a.png: cannot be drawn: ")
    assert not (home / "new").exists()


@contextmanager
def a_drawer():
    """A drawer, and the pid of the process that it has started."""
    others = children(os.getpid())
    with Drawer() as drawer:
        (pid,) = set(children(os.getpid())) - set(others)
        yield drawer, pid


class TestDrawer:
    def draw(self, drawer, home, name="a.png"):
        warnings = []
        curve = LearningCurve(
            str(home / "run/metrics.csv"), str(home / name), "a title with $ and _", None, str(home / "run")
        )
        drawer.draw(curve, warnings.append)
        return warnings

    def test_a_curve_that_cannot_be_drawn_is_told_to_whom_it_belongs(self, home):
        (home / "bad.png").mkdir()
        with Drawer() as drawer:
            failed = self.draw(drawer, home, "bad.png")
            drawn = self.draw(drawer, home)
        assert [text.startswith(f"{home}/bad.png: cannot be written: ") for text in failed] == [True]
        assert drawn == []
        with Image.open(home / "a.png") as picture:
            assert picture.size == (960, 540)

    def test_a_process_that_died_is_replaced(self, home):
        with a_drawer() as (drawer, pid):
            os.kill(pid, signal.SIGKILL)
            os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)  # it is dead, and whoever started it can still ask how
            assert self.draw(drawer, home) == []
        assert (home / "a.png").is_file()

    def test_a_process_that_dies_while_it_draws_is_told(self, home):
        with a_drawer() as (drawer, pid):
            os.kill(pid, signal.SIGSTOP)
            warnings = self.draw(drawer, home)
            os.kill(pid, signal.SIGKILL)
            assert self.draw(drawer, home, "b.png") == []
        (warning,) = warnings
        assert warning.startswith(f"{home}/a.png: cannot be drawn: the process that draws it was ended by SIGKILL")
        assert (home / "b.png").is_file()

    def test_a_process_that_hangs_is_ended(self, home, monkeypatch):
        monkeypatch.setattr("cartrl.pictures.drawer.LONGEST", 0.2)
        with a_drawer() as (drawer, pid):
            os.kill(pid, signal.SIGSTOP)
            warnings = self.draw(drawer, home)
        assert warnings == [f"{home}/a.png: cannot be drawn: not done after 0.2 s"]
