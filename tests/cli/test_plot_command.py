"""``cartrl plot``, as a user calls it."""

import numpy as np
import pytest
from PIL import Image

from tests.helpers import assert_one_sentence, everything_below, one_line, run_and_list_imports, run_cartrl
from tests.studies import curves, write_run, write_study

WIDE = {"COLUMNS": "80"}  # as charts in a pipe are, in any surroundings


@pytest.fixture
def home(tmp_path):
    write_study(tmp_path / "runs/good", curves([200.0, 190.0, 200.0, 180.0, 200.0]))
    write_study(tmp_path / "runs/bad", curves([40.0, 9.0, 60.0]), steps=500)
    return tmp_path


def rows(stdout, point):
    """Return for each column of a chart the return at which ``point`` stands, by the labels of its axis."""
    lines = [line for line in stdout.splitlines() if line[9:10] in ("│", "┤")]
    high, low = float(lines[0][:9]), float(lines[-1][:9])
    places = {}
    for row, line in enumerate(lines):
        for column, character in enumerate(line[10:]):
            if character == point:
                places[column] = high - row * (high - low) / (len(lines) - 1)
    return places, (high - low) / (len(lines) - 1)


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf", "PNG"])
def test_a_picture(home, suffix):
    done = run_cartrl("plot", "runs/good", "runs/bad", "-o", f"out/curves.{suffix}", cwd=home)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"picture\n  out/curves.{suffix}\n"
    content = (home / f"out/curves.{suffix}").read_bytes()
    assert content.startswith({"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}[suffix.lower()])
    assert len(list((home / "out").iterdir())) == 1  # no draft is left


def test_each_study_has_its_colour_in_the_picture(home):
    run_cartrl("plot", "runs/good", "runs/bad", "-o", "curves.png", cwd=home)
    with Image.open(home / "curves.png") as picture:
        colours = picture.convert("RGB").getcolors(1 << 20)
    assert {(0x00, 0x72, 0xB2), (0xD5, 0x5E, 0x00)} <= {colour for _, colour in colours}


def test_in_grey_no_two_colours_are_needed(home):
    # Line styles and markers differ, and so do the strokes of the vector graphic.
    run_cartrl("plot", "runs/good", "runs/bad", "-o", "curves.svg", cwd=home)
    drawn = (home / "curves.svg").read_text()
    assert "stroke-dasharray" in drawn[drawn.index("#d55e00") :]


def test_a_picture_takes_the_place_of_the_one_before(home):
    (home / "curves.png").write_text("an old one")
    assert run_cartrl("plot", "runs/good", "-o", "curves.png", cwd=home).returncode == 0
    assert (home / "curves.png").read_bytes().startswith(b"\x89PNG")


def test_in_the_terminal_a_curve_stands_where_its_numbers_do(home):
    done = run_cartrl("plot", "runs/good", "runs/bad", cwd=home, env=WIDE)
    assert (done.returncode, done.stderr) == (0, "")
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert {"● good", "▲ bad", "╌ reward threshold, 195"} <= set(done.stdout.splitlines())
    for point, end in (("●", 590 / 3), ("▲", 109 / 3)):  # middle three of five, 5 // 4 is 1; all of three
        places, step = rows(done.stdout, point)
        columns = np.array(sorted(places))
        expected = 20 + (end - 20) * columns / 69
        assert np.abs([places[column] for column in columns] - expected).max() <= step / 2 + 0.01
    assert columns[-1] == 69


def test_the_mean_instead(home):
    done = run_cartrl("plot", "runs/good", "--mean", cwd=home, env=WIDE)
    places, step = rows(done.stdout, "●")
    assert places[69] == pytest.approx(194.0, abs=step / 2)
    assert "mean of seeds" in done.stdout
    assert "interquartile" not in done.stdout


@pytest.mark.parametrize(("axis", "title", "end"), [
    ("iterations", "Iterations", "250"), ("steps", "Environment steps", "5,000"), ("seconds", "Wall time", "5"),
])  # fmt: skip
def test_what_curves_run_over(home, axis, title, end):
    done = run_cartrl("plot", "runs/good", "runs/bad", "--x", axis, cwd=home, env=WIDE)
    assert done.returncode == 0
    assert title in done.stdout
    (line,) = [line for line in done.stdout.splitlines() if "└" in line]
    assert line.split()[-1] == end
    places, _ = rows(done.stdout, "▲")
    assert max(places) == (34 if axis == "steps" else 69)  # the worse study has made half as many steps


def test_a_run_alone_and_one_that_is_going_on(home):
    write_run(home / "runs/now", 3, [20.0, 120.0], "running")
    done = run_cartrl("plot", "runs/now", "runs/good/seed-0", "-o", "now.png", "--terminal", cwd=home)
    assert (done.returncode, done.stderr) == (0, "")
    assert "now: seed 3 stopped before the end: drawn as far as all have come" in done.stdout
    assert "● now" in done.stdout
    assert (home / "now.png").is_file()


def test_tensorflow_is_not_imported(home, tmp_path_factory):
    report = tmp_path_factory.mktemp("report") / "imports.json"
    done, imported = run_and_list_imports("plot", "runs/good", "-o", "curves.png", cwd=home, report=report)
    assert done.returncode == 0, done.stderr
    assert imported == ["gym", "matplotlib"]


@pytest.mark.parametrize(
    ("arguments", "place", "reason"),
    [
        (["runs/good", "-o", "curves.jpg"], "curves.jpg", "ends in one of .png, .svg, .pdf"),
        (["runs/good", "-o", "runs.png"], "runs.png", "this is a directory"),
        (["runs/good", "-o", "file/curves.png"], "file", "is not a directory"),
        (["runs/gone", "-o", "curves.png"], "runs/gone", "no such run or study"),
    ],
)
def test_refusals(home, arguments, place, reason):
    (home / "runs.png").mkdir()
    (home / "file").write_text("")
    before = everything_below(home)
    assert reason in assert_one_sentence(run_cartrl("plot", *arguments, cwd=home), place)
    assert everything_below(home) == before


def size_of(path):
    with Image.open(path) as picture:
        return picture.size


def assert_nothing_is_cut(path):
    """Check that the picture's edges are empty, where what runs out of it would be cut."""
    with Image.open(path) as file:
        picture = np.asarray(file.convert("L"))
    edges = [picture[:2], picture[-2:], picture[:, :2].T, picture[:, -2:].T]
    assert all(edge.min() == 255 for edge in edges)


def test_names_and_titles_of_any_length_stay_inside_of_the_picture(home):
    long = "runs/agent.learning_rate=0.003,collect.collect_episodes_per_iteration=8,agent.entropy_regularization=0.01"
    words = ["--label", f"{long}/seed-0/{long}", "--label", "_b, $1 and $2", "--title", "a title of many words " * 9]
    done = run_cartrl("plot", "runs/good", "runs/bad", "-o", "a.png", *words, cwd=home)
    assert (done.returncode, done.stderr) == (0, "")
    assert_nothing_is_cut(home / "a.png")
    done = run_cartrl("plot", "runs/good", "runs/bad", "-o", "a.png", *words, "--size", "500x400", cwd=home)
    assert (done.returncode, done.stderr) == (0, "")
    assert size_of(home / "a.png") == (500, 400)
    assert_nothing_is_cut(home / "a.png")
    done = run_cartrl("plot", "runs/good", "runs/bad", "-o", "a.svg", *words, cwd=home)
    assert "_b, $1 and $2" in (home / "a.svg").read_text()


def test_many_studies_make_the_picture_higher(home):
    for number in range(1, 15):
        write_run(home / f"runs/{number}", number, [20.0, 10.0 * number], learning_rate=number / 1000)
    paths = [f"runs/{number}" for number in range(1, 15)]
    done = run_cartrl("plot", *paths, "-o", "a.svg", cwd=home)
    assert (done.returncode, done.stderr) == (0, "")
    assert "learning_rate 0.013" in (home / "a.svg").read_text()
    run_cartrl("plot", *paths, "-o", "a.png", cwd=home)
    width, height = size_of(home / "a.png")
    assert (width, height > 540) == (960, True)
    assert_nothing_is_cut(home / "a.png")
    run_cartrl("plot", *paths, "-o", "b.png", "--size", "800x400", cwd=home)
    assert size_of(home / "b.png") == (800, 400)
    assert_nothing_is_cut(home / "b.png")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--label", "a"], "--label: 1 labels for 2 curves; give as many, in their order"),
        (["-o", "a.png", "--size", "wide"], "--size wide: it is written WIDTHxHEIGHT in pixels, each from 400 to "),
        (["-o", "a.png", "--size", "100x9000"], "--size 100x9000: it is written WIDTHxHEIGHT in pixels"),
        (["--size", "800x600"], "--size is for a picture; give its name, --output FILE"),
        (["--title", "a"], "--title is for a picture; give its name, --output FILE"),
    ],
)
def test_what_is_said_of_a_picture_is_checked(home, options, sentence):
    assert one_line(run_cartrl("plot", "runs/good", "runs/bad", *options, cwd=home), 2).startswith(sentence)
