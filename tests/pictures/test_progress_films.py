"""`cartrl record --progress`: a run's policies side by side, from the same start states."""

import shutil

import numpy as np
import pytest
from PIL import Image, ImageSequence

from cartrl.runs.json_files import read_json
from tests.films import read_film
from tests.helpers import everything_below, one_line, run_several

GAP, STRIP = 8, 28  # pixels of a film: around panels, and a line of text


@pytest.fixture(scope="module")
def films(short_run, tmp_path_factory):
    """Two episodes of the latest run with drawn actions as mp4, a greedy one as gif, and the first policy alone."""
    home = tmp_path_factory.mktemp("films")
    run = shutil.copytree(short_run.directory, home / "runs/short")
    drawn = ["--episodes", "2", "--seed", "5", "--stochastic"]
    calls = [
        ["record", "--progress", "latest", *drawn],
        ["record", "--progress", "runs/short", "--episodes", "1", "--fps", "10", "-o", "one.gif"],
        ["record", "--checkpoint", "runs/short/policies/kept/00000000", *drawn],
    ]
    outcomes = run_several(*calls, cwd=home)
    assert [(outcome.returncode, outcome.stderr) for outcome in outcomes] == [(0, "")] * 3
    return run, outcomes


def returns_in(stdout):
    """The lines of returns, as numbers by title; the film of a single policy has no titles."""
    lines = stdout.splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith("returns"))
    last = next(number for number, line in enumerate(lines) if line.startswith("duration"))
    rows = [line.removeprefix("returns").strip().rpartition(": ") for line in lines[first:last]]
    return {title: [float(number) for number in numbers.split(", ")] for title, _, numbers in rows}


def panels_of(frame, count):
    """The pictures in a frame, without their lines of text."""
    width = (frame.shape[1] - GAP) // count
    rows = slice(2 * STRIP, frame.shape[0] - GAP - STRIP)
    return [frame[rows, GAP + number * width : (number + 1) * width] for number in range(count)]


def expected_titles(run):
    best = read_json(run / "policies/best/policy.json")["step"]
    kept = {int(path.name): f"iteration {int(path.name)}" for path in (run / "policies/kept").iterdir()}
    return [title for _, title in sorted({**kept, best: f"best, iteration {best}"}.items())]


def test_the_film_shows_the_policies_in_their_order(films):
    run, (outcome, _, alone) = films
    returns = returns_in(outcome.stdout)
    assert list(returns) == expected_titles(run)
    assert next(iter(returns.values())) == returns_in(alone.stdout)[""]  # the same start states and actions
    assert outcome.stdout.splitlines()[-1] == "  runs/short/videos/progress-stochastic.mp4"
    assert alone.stdout.splitlines()[-1] == "  runs/short/videos/00000000-stochastic.mp4"
    assert all(len(line) <= 80 for line in outcome.stdout.splitlines())


def test_it_lasts_as_long_as_the_longest_of_each_episode_and_a_second(films):
    run, (outcome, *_) = films
    shapes = [frame.shape for frame in read_film(run / "videos/progress-stochastic.mp4")[0]]
    # In CartPole the return counts the steps, and an episode shows one frame more: the first.
    longest = [max(steps) for steps in zip(*returns_in(outcome.stdout).values())]
    assert len(shapes) == sum(longest) + len(longest) * (1 + 50)
    (height, width, _) = shapes[0]
    assert width <= 1200
    assert height % 2 == width % 2 == 0


def test_panels_begin_alike_and_stand_still_and_pale_once_their_episode_is_over(films):
    run, (_, outcome, _) = films
    steps = [int(totals[0]) for totals in returns_in(outcome.stdout).values()]
    with Image.open(run.parent.parent / "one.gif") as gif:
        frames = [np.asarray(frame.convert("L")) for frame in ImageSequence.Iterator(gif)]
    assert len(frames) == max(steps) + 1 + 10
    pictures = [panels_of(frame, len(steps)) for frame in frames]
    assert pictures[0][0].min() < 30  # the cart is black
    for number, last in enumerate(steps):
        assert np.array_equal(pictures[0][number], pictures[0][0])
        assert pictures[last - 1][number].min() < 30
        assert pictures[last][number].min() > 120
        assert all(np.array_equal(picture[number], pictures[last][number]) for picture in pictures[last:])


def test_what_has_no_progress_to_film_is_told_in_a_sentence(films, tmp_path):
    run, _ = films
    for name in ("old", "torn"):
        shutil.copytree(run, tmp_path / name)
    shutil.rmtree(tmp_path / "old/policies/kept")
    (tmp_path / "torn/policies/kept/00000010/saved_model.pb").write_bytes(b"")
    (tmp_path / "study").mkdir()
    (tmp_path / "study/study.json").write_text('{"seeds": [3, 4]}')
    before = everything_below(tmp_path)
    says = {
        ("--progress", "old"): "old/policies/kept: holds no policies from along the way; train the run again to film",
        ("--progress", "torn"): "torn/policies/kept/00000010: saved_model.pb is not what was saved (its SHA-256 dif",
        ("--progress", "study"): "study: this is a study; name one of its runs",
        ("--progress", "none"): "none: no such run",
        ("--progress", "old", "--checkpoint", "old"): "name one policy to film, or a run with --progress",
        ("--checkpoint", "old", "-o", "a.gif", "--fps", "60"): "--fps 60: players show a .gif at 50 frames a second",
    }
    outcomes = run_several(*[["record", *options] for options in says], cwd=tmp_path)
    for sentence, outcome in zip(says.values(), outcomes):
        assert one_line(outcome, 2).startswith(sentence)
        assert not outcome.tensorflow
    assert everything_below(tmp_path) == before
