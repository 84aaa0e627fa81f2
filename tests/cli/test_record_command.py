"""`cartrl record`: the film is read back, and holds every frame of every episode."""

import numpy as np
import pytest
from PIL import Image

from tests.films import read_film
from tests.helpers import WHOLE, run_cartrl


def film(short_run, tmp_path, *options, output="film.mp4"):
    done = run_cartrl(
        "record", "--checkpoint", short_run.directory, "--output", tmp_path / output, *options,
        cwd=tmp_path, env=WHOLE,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    returns = next(line for line in done.stdout.splitlines() if line.startswith("returns")).split(maxsplit=1)[1]
    return tmp_path / output, [float(value) for value in returns.split(",")], done.stdout


def test_three_episodes_as_mp4_hold_all_their_frames(short_run, tmp_path):
    path, returns, stdout = film(short_run, tmp_path, "--episodes", "3")
    frames, about = read_film(path)
    # In CartPole the return counts the steps, and each episode shows one frame more: the first.
    assert len(returns) == 3
    # Two lines of text stand above it, and after each episode it stands still for a second.
    assert len(frames) == sum(returns) + 3 * (1 + 50)
    assert {frame.shape for frame in frames} == {(456, 600, 3)}
    assert about["fps"] == 50
    assert about["codec"] == "h264"
    assert f"{len(frames)} frames at 50 a second" in stdout
    paths = (str(path), str(short_run.directory))  # which are whole, however long
    assert all(len(line.rstrip()) <= 80 or any(path in line for path in paths) for line in stdout.splitlines())
    moved = [np.abs(a.astype(int) - b).mean() for a, b in zip(frames, frames[1:])]
    assert np.mean(np.array(moved) > 0.05) > 0.2  # it moves, but for the last second of an episode


def test_a_frame_shows_the_cart_and_a_caption(short_run, tmp_path):
    path, _, _ = film(short_run, tmp_path, "--episodes", "1", output="film.gif")
    with Image.open(path) as picture:
        frame = np.asarray(picture.convert("L")).astype(int)
    assert (frame[:35, :300] < 100).sum() > 200  # the caption, dark on white
    assert (frame[306:386] < 100).sum() > 1000  # the cart and its track


def test_gif_and_webm_hold_the_same_episode(short_run, tmp_path):
    gif, returns, _ = film(short_run, tmp_path, "--episodes", "1", output="film.gif")
    webm, same, _ = film(short_run, tmp_path, "--episodes", "1", "--fps", "25", output="film.webm")
    assert returns == same
    with Image.open(gif) as picture:
        assert picture.n_frames == returns[0] + 1 + 50
        assert picture.info["duration"] == 20  # ms, 50 frames a second
    frames, about = read_film(webm)
    assert len(frames) == returns[0] + 1 + 25
    assert about["fps"] == 25


def test_by_default_the_film_of_the_latest_run_lands_beside_its_policy(short_run):
    home = short_run.directory.parent.parent
    done = run_cartrl("record", "--episodes", "1", "--stochastic", cwd=home)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == "  runs/short/videos/best-stochastic.mp4"
    assert [path.name for path in (short_run.directory / "videos").iterdir()] == ["best-stochastic.mp4"]
    (short_run.directory / "videos/best-stochastic.mp4").unlink()
    (short_run.directory / "videos").rmdir()


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        ("film.avi", "error: film.avi: the name of a film ends in one of .mp4, .gif, .webm\n"),
        ("folder.mp4", "error: folder.mp4: this is a directory; give the name of a file\n"),
        ("file/film.mp4", "error: file: is not a directory\n"),
    ],
)
def test_a_place_where_no_film_can_be_is_named_before_anything_is_rendered(short_run, tmp_path, output, sentence):
    (tmp_path / "folder.mp4").mkdir()
    (tmp_path / "file").write_text("")
    done = run_cartrl("record", "--checkpoint", short_run.directory, "--output", output, cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", sentence)
