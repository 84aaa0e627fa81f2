"""Films are written whole, in sizes that players take, or not at all."""

import numpy as np
import pytest
from PIL import Image, ImageSequence

from cartrl.errors import CartrlError
from cartrl.pictures import ffmpeg
from tests.films import read_film


def frame(height, width, level):
    return np.full((height, width, 3), level, np.uint8)


def frames_of(path):
    if path.suffix == ".gif":
        with Image.open(path) as film:
            return [np.asarray(picture.convert("RGB")) for picture in ImageSequence.Iterator(film)]
    return read_film(path)[0]


@pytest.mark.parametrize("suffix", ffmpeg.SUFFIXES)
def test_frames_of_odd_sizes_come_back_one_by_one(tmp_path, suffix):
    path = tmp_path / f"film{suffix}"
    levels = [0, 60, 120, 180, 240]
    ffmpeg.require_encoder(path)
    with ffmpeg.writer(path, fps=10) as film:
        for level in levels:
            film.append(frame(63, 101, level))
    frames = [picture[:63, :101] for picture in frames_of(path)]
    assert len(frames) == len(levels)
    for picture, level in zip(frames, levels):
        assert picture.shape == (63, 101, 3)
        assert abs(float(np.median(picture)) - level) < 8


@pytest.mark.parametrize(("fps", "durations"), [(50, {20}), (30, {30, 40}), (7, {140, 150})])
def test_a_gif_keeps_every_frame_and_its_rate(tmp_path, fps, durations):
    path = tmp_path / "film.gif"
    levels = np.repeat([0, 10, 240], 4)  # a frame that is like the one before it is a frame, too
    with ffmpeg.writer(path, fps) as film:
        for level in levels:
            film.append(frame(40, 60, level))
    with Image.open(path) as gif:
        shown = [
            (picture.info["duration"], picture.convert("RGB").getpixel((5, 5)))
            for picture in ImageSequence.Iterator(gif)
        ]
    assert [colour for _, colour in shown] == [(level,) * 3 for level in levels]
    assert {duration for duration, _ in shown} == durations
    assert abs(sum(duration for duration, _ in shown) - 1000 * len(levels) / fps) <= 10


def test_frames_that_change_their_size_are_refused(tmp_path):
    with pytest.raises(CartrlError, match="frames of different sizes"), ffmpeg.writer(tmp_path / "a.mp4", 10) as film:
        film.append(frame(60, 100, 0))
        film.append(frame(60, 102, 0))
