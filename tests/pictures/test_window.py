"""The window of `cartrl watch --window`, on a display that keeps what it shows as files."""

import os
import signal
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cartrl.pictures.window import Window
from cartrl.system import quiet
from tests.helpers import CARTRL, children, clean_environment, wait_until


@pytest.fixture
def frames(monkeypatch, tmp_path):
    """Return what lists the files of the frames that were shown."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(quiet, "video_driver", "dummy")
    monkeypatch.setenv("SDL_VIDEO_DUMMY_SAVE_FRAMES", "1")
    return lambda: sorted(tmp_path.glob("*.bmp"))


def test_it_shows_each_frame_enlarged_and_notices_that_it_was_closed(frames):
    pictures = np.random.default_rng(0).integers(0, 256, (3, 50, 100, 3)).astype(np.uint8)
    with Window() as window:
        for picture in pictures:
            assert window.show(picture, "a caption")
        shown = wait_until(lambda: frames()[3:], "three frames after an empty one")
        wait_until(lambda: shown[0].stat().st_size > 200 * 400 * 3, "a whole file")
        assert np.array_equal(np.asarray(Image.open(shown[0]).convert("RGB"))[::4, ::4], pictures[2])
        (pid,) = windows_of(os.getpid())
        os.kill(pid, signal.SIGTERM)  # which pygame takes for the close button
        wait_until(lambda: not window.show(pictures[0], ""), "a broken pipe")
        wait_until(lambda: not window.wait(0), "the end of the window's process")


@pytest.mark.parametrize(("is_closed", "code"), [(True, 0), (False, 130)], ids=["closed", "Ctrl-C"])
def test_the_command_ends_with_its_window_and_the_window_with_the_command(short_export, tmp_path, is_closed, code):
    process = subprocess.Popen(
        [CARTRL, "watch", str(short_export), "--window"], cwd=tmp_path, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, env={**clean_environment(), "SDL_VIDEODRIVER": "dummy"},
    )  # fmt: skip
    (window,) = wait_until(lambda: windows_of(process.pid), "a window", 60, process)
    wait_until(lambda: has_written(process.pid) > 5 * 600 * 400 * 3, "frames", 60, process)
    if is_closed:
        os.kill(window, signal.SIGTERM)
    else:
        process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=60)
    assert (process.returncode, said) == (code, b"")
    wait_until(lambda: not command_of(window), "the end of the window")


def windows_of(pid):
    return [child for child in children(pid) if "window" in command_of(child)]


def has_written(pid):
    """Return how many bytes a process has written."""
    return int(Path(f"/proc/{pid}/io").read_text().split()[3])


def command_of(pid):
    """Return the command line of a process, empty where there is none."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except FileNotFoundError:
        return ""
