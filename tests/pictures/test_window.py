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
from tests.helpers import CARTRL, children, clean_environment, run_several, wait_until


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
        (pid,) = (child for child in children(os.getpid()) if "window" in command_of(child))
        os.kill(pid, signal.SIGTERM)  # which pygame takes for the close button
        wait_until(lambda: not window.show(pictures[0], ""), "a broken pipe")
        wait_until(lambda: not window.wait(0), "the end of the window's process")


@pytest.mark.parametrize(("is_closed", "code"), [(True, 0), (False, 130)], ids=["closed", "Ctrl-C"])
def test_the_command_ends_with_its_window_and_the_window_with_the_command(short_run, tmp_path, is_closed, code):
    (done,) = run_several(["export", short_run.directory, "-o", "policy", "--episodes", "1"], cwd=tmp_path)
    assert done.returncode == 0, done
    process = subprocess.Popen(
        [CARTRL, "watch", "policy", "--window"], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env={**clean_environment(), "SDL_VIDEODRIVER": "dummy", "SDL_VIDEO_DUMMY_SAVE_FRAMES": "1"},
    )  # fmt: skip
    wait_until(lambda: len(list(tmp_path.glob("*.bmp"))) > 3, "frames", 60, process)
    with Image.open(min(tmp_path.glob("*.bmp"))) as frame:
        assert frame.size == (600, 400)
    windows = [child for child in children(process.pid) if "window" in command_of(child)]
    assert len(windows) == 1
    if is_closed:
        subprocess.run(["kill", str(windows[0])], check=True)
    else:
        process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=60)
    assert (process.returncode, said) == (code, b"")
    wait_until(lambda: not command_of(windows[0]), "the end of the window")


def command_of(pid):
    """Return the command line of a process, empty where there is none."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except FileNotFoundError:
        return ""
