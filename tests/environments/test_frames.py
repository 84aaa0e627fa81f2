"""What environments render becomes frames of a film, or is refused in a sentence."""

import numpy as np
import pytest
from PIL import Image

from cartrl.environments import frames
from cartrl.errors import CartrlError
from cartrl.pictures import ffmpeg
from cartrl.pictures.captions import READABLE, STRIP, captioned
from tests.films import read_film

RED = np.zeros((30, 40, 3), np.uint8)
RED[:, :] = (200, 10, 60)
GREY = np.full((30, 40), 90)
VEIL = np.full((30, 40), 102, np.uint8)  # an opacity of 0.4
VEIL[0, 0] = 255


@pytest.mark.parametrize(
    ("picture", "level"),
    [
        (RED, (200, 10, 60)),
        (RED.astype(np.int64), (200, 10, 60)),
        (RED.tolist(), (200, 10, 60)),
        ([GREY.astype(np.uint8), RED], (200, 10, 60)),
        (Image.fromarray(RED), (200, 10, 60)),
        (np.dstack([RED, np.full((30, 40), 7, np.uint8)]), (200, 10, 60)),
        (np.dstack([RED / 255, np.full((30, 40), 255.0)]), (200, 10, 60)),
        (np.dstack([RED, VEIL]), (233, 157, 177)),
        (np.dstack([RED, VEIL]) / 255, (233, 157, 177)),
        (np.moveaxis(np.dstack([RED, VEIL]), 2, 0), (233, 157, 177)),
        (Image.fromarray(np.dstack([RED, VEIL])), (233, 157, 177)),
        (np.moveaxis(RED, 2, 0), (200, 10, 60)),
        (RED / 255, (200, 10, 60)),
        (RED.astype(np.float32), (200, 10, 60)),
        (RED / 200 * 1.0000001, (255, 13, 77)),
        (GREY, (90, 90, 90)),
        (GREY[:, :, np.newaxis], (90, 90, 90)),
        (GREY[np.newaxis], (90, 90, 90)),
        (GREY > 0, (255, 255, 255)),
    ],
)
def test_what_is_clear_is_converted(picture, level):
    frame = frames.rgb(picture, "Mine-v0")
    assert (frame.shape, frame.dtype) == ((30, 40, 3), np.uint8)
    assert frame[3, 5].tolist() == list(level)


@pytest.mark.parametrize(
    ("picture", "says"),
    [
        (None, "renders no picture"),
        ([], "renders no picture"),
        ("a picture", "renders no picture but a str"),
        (np.zeros(7), "renders no picture but numbers of shape (7,)"),
        (np.zeros((2, 30, 40, 3)), "renders no picture but numbers of shape (2, 30, 40, 3)"),
        (np.zeros((30, 40, 5)), "renders numbers of shape (30, 40, 5)"),
        (np.zeros((0, 0, 3)), "renders 0 × 0 pixels"),
        (np.zeros((1, 5000, 3), np.uint8), "renders 5000 × 1 pixels; a film takes 1 to 4,096 on a side"),
        (RED.astype(np.int64) + 100, "renders numbers from 110 to 300; levels go from 0 to 255"),
        (RED - 20.0, "renders numbers from -10 to 180"),
        (RED * np.nan, "renders numbers from nan to nan"),
        (RED * np.inf, "renders numbers from inf to inf"),
    ],
)
def test_what_is_no_frame_is_refused_in_a_sentence(picture, says):
    with pytest.raises(CartrlError) as failure:
        frames.rgb(picture, "Mine-v0")
    assert str(failure.value).startswith(f"Mine-v0 {says}")


@pytest.mark.parametrize("fps", [0.5, 29.97, 25, 1000, np.float32(12.5)])
def test_a_rate_that_can_be_shown_is_kept(fps):
    assert frames.rate({"render_fps": fps}) == (float(fps), None)
    assert frames.rate({"video.frames_per_second": fps, "render_fps": None}) == (float(fps), None)


@pytest.mark.parametrize("fps", [-5, 0, "fast", np.inf, np.nan, True, 100000, 10**400, [30], "\x1b[31m"], ids=str)
def test_another_rate_gives_way_to_the_default(fps):
    rate, note = frames.rate({"render_fps": fps})
    assert rate == 30
    assert note.startswith("its render_fps is ")
    assert note.isprintable()


@pytest.mark.parametrize("metadata", [None, {}, [], {"render_fps": None}])
def test_without_a_rate_it_is_the_default(metadata):
    assert frames.rate(metadata) == (30, None)


@pytest.mark.parametrize("fps", [0.5, 29.97])
def test_films_of_broken_rates_last_as_long_as_they_should(tmp_path, fps):
    with ffmpeg.writer(tmp_path / "a.mp4", fps) as film:
        for _ in range(6):
            film.append(RED)
    read, about = read_film(tmp_path / "a.mp4")
    assert about["duration"] == pytest.approx(6 / fps, abs=0.02)
    assert len(read) == 6
    assert np.abs(read[2][15, 20].astype(int) - (200, 10, 60)).max() < 12


@pytest.mark.parametrize(("height", "width"), [(81, 121), (1, 1), (400, 600), (1000, 10)])
def test_a_caption_stands_above_a_frame_that_can_be_read(height, width):
    picture = np.full((height, width, 3), (10, 200, 30), np.uint8)
    page = captioned(picture, ["an environment of a very long name " * 9, "episode 1"])
    assert page.shape[1] >= READABLE
    assert page[: 2 * STRIP].min() < 60
    assert not (page[: 2 * STRIP] == (10, 200, 30)).all(axis=2).any()
    shown = (page[2 * STRIP :] == (10, 200, 30)).all(axis=2)
    factor = round((shown.sum() / (height * width)) ** 0.5)
    assert shown.sum() == height * width * factor**2
