"""What environments render, through the commands: filmed right, or refused in a sentence that names the environment."""

import base64
import re
import shutil

import imageio.v2 as imageio
import numpy as np
import pytest

from tests.films import read_film
from tests.helpers import CONFIGS, MODULES, one_line, run_cartrl, run_several
from tests.modules.strange_frames import CONVERTED, HEIGHT, REFUSED, STEPS, WIDTH

MODULE = ("--import-module", "strange_frames")
TINY = ("agent.fc_layer_params=[2]", "train.num_iterations=1", "eval.num_eval_episodes=1", "eval.keep_policies=2")
STRIP, SCALE = 28, 7  # pixels of a line of text; how much a caption of a readable width enlarges the frames
WHOLE = ("Transparent", "Nothing", "Empty", "Growing", "Slow")  # kinds that all commands are tried with
GROWS = "renders 200 × 200 pixels after 100 × 100 pixels; a film has frames of one size"
SHOWN = {"Slow": 0.5, "Broken": 29.97, "Negative": 30, "Fast": 30, "Endless": 30, "Hasty": 30}


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A folder with a run of each environment: one was trained, and the others are made of it."""
    home = tmp_path_factory.mktemp("strange")
    tiny = [word for value in TINY for word in ("--set", value)]
    name = "environment.env_name=strange_frames:Plain-v0"
    done = run_cartrl(
        "train", "-c", CONFIGS / "reinforce.yaml", *tiny, "--set", name, "--run-dir", "Plain", *MODULE, cwd=home,
        env={"PYTHONPATH": str(MODULES)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    for kind in {*CONVERTED, *REFUSED, *SHOWN, "Growing"} - {"Plain"}:
        shutil.copytree(home / "Plain", home / kind)
        for path in [*(home / kind).rglob("*.json"), home / kind / "config.yaml"]:
            path.write_text(path.read_text().replace("Plain-v0", f"{kind}-v0"))
    return home


def commands(kind):
    """A film of the run of that kind and a picture; for some a film of its progress and a report, too."""
    once = ("--episodes", "1")
    more = [["record", "--progress", kind, *once, *MODULE], ["report", kind, *MODULE]] if kind in WHOLE else []
    return [
        ["record", kind, *once, *MODULE],
        ["env", f"{MODULE[1]}:{kind}-v0", "--picture", f"{kind}.png", *MODULE],
        *more,
    ]


@pytest.fixture(scope="module")
def outcomes(home):
    """By the kind of environment, how each of its commands ended."""
    kinds = [*CONVERTED, *REFUSED, *SHOWN, "Growing"]
    ended = iter(run_several(*[command for kind in kinds for command in commands(kind)], cwd=home))
    return {kind: [next(ended) for _ in commands(kind)] for kind in kinds}


def film_in(path):
    frames, about = read_film(path)
    return [frame.astype(int) for frame in frames], about


def is_near(pixels, colour):
    return np.abs(np.asarray(pixels).astype(int) - colour).max() < 12


def test_what_is_clear_is_filmed_as_it_is_meant(home, outcomes):
    for kind, (_, left) in CONVERTED.items():
        assert all((ended.returncode, ended.stderr) == (0, "") for ended in outcomes[kind]), outcomes[kind]
        frames, about = film_in(home / kind / "videos/best.mp4")
        assert about["fps"] == 10
        assert len(frames) == STEPS + 1 + 10  # the last one stands still for a second
        assert {frame.shape for frame in frames} == {(2 * STRIP + SCALE * HEIGHT, SCALE * WIDTH, 3)}
        pictures = [frame[2 * STRIP :] for frame in frames]
        assert all(is_near(picture[20:260, 20:190], left) for picture in pictures), kind
        rights = [picture[20:260, 230:400].mean() for picture in pictures]
        shown = [0, 60, 120, 180] if kind != "Mask" else [0, 0, 0, 0]
        assert is_near(rights, [*shown, *shown[-1:] * 10]), kind

        assert is_near(imageio.imread(home / f"{kind}.png")[5:35, 5:25], left), kind
        if kind in WHOLE:
            beside, _ = film_in(home / kind / "videos/progress.mp4")
            assert len(beside) == len(frames)
            assert is_near(beside[0][2 * STRIP + 20 : 2 * STRIP + 140, 30:100], left), kind
            (page,) = re.findall(r'src="data:video/mp4;base64,([^"]*)"', (home / kind / "report.html").read_text())
            assert base64.b64decode(page) == (home / kind / "videos/best.mp4").read_bytes()


def test_the_rest_is_refused_in_a_sentence_and_nothing_is_left(home, outcomes):
    for kind, (_, reason) in REFUSED.items():
        says = f"strange_frames:{kind}-v0 {reason}"
        film, picture, *more = outcomes[kind]
        for outcome in (film, picture, *more[:1]):
            assert one_line(outcome, 1).startswith(says)
        for report in more[1:]:
            assert report.returncode == 0
            assert f"There is no film: {says}" in report.stdout
        assert not list((home / kind).glob("videos/*"))
        assert not (home / f"{kind}.png").exists()


def test_frames_that_grow_are_noticed_before_a_caption_makes_them_equal(home, outcomes):
    film, picture, progress, report = outcomes["Growing"]
    for outcome in (film, progress):
        assert outcome.returncode == 1
        assert outcome.stderr == f"error: strange_frames:Growing-v0 {GROWS}\n"
    assert (picture.returncode, report.returncode) == (0, 0)
    assert f"There is no film: strange_frames:Growing-v0 {GROWS}" in report.stdout
    assert not list((home / "Growing").glob("videos/*"))


def test_a_strange_rate_gives_a_film_of_the_right_length(home, outcomes):
    for kind, fps in SHOWN.items():
        film, picture, *more = outcomes[kind]
        assert [ended.returncode for ended in outcomes[kind]] == [0] * len(outcomes[kind])
        for name in ("best", "progress")[: 1 + len(more) // 2]:
            frames, about = film_in(home / kind / f"videos/{name}.mp4")
            assert len(frames) == STEPS + 1 + round(fps)
            assert about["duration"] == pytest.approx(len(frames) / fps, rel=0.02)
        for outcome in (film, picture, *more[:1]):
            assert ("its render_fps is " in outcome.stdout) is (fps == 30)
        assert re.search(rf"^frame rate +{fps:g} frames a second", picture.stdout, re.MULTILINE)
