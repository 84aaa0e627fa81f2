"""Frames in a terminal: the characters show the picture, and the terminal is as it was afterwards."""

import fcntl
import itertools
import os
import pty
import re
import struct
import subprocess
import termios
import time

import numpy as np
import pytest

from cartrl.pictures import half_blocks
from cartrl.pictures.live import Pace
from tests.helpers import CARTRL, clean_environment, one_line, run_cartrl, wait_until

RNG = np.random.default_rng(0)
PICTURE = RNG.integers(0, 256, (6, 9, 3)).astype(np.uint8)
PICTURE[2:4, :4] = 255  # a background, whose upper and lower pixels are the same
LEVELS = (0, 95, 135, 175, 215, 255)
OF_256 = [*itertools.product(LEVELS, repeat=3), *((8 + 10 * grey,) * 3 for grey in range(24))]
ENTERS, LEAVES = "\x1b[?1049h\x1b[?25l", "\x1b[0m\x1b[?25h\x1b[?1049l"
SIZE = (24, 80)


def read_back(lines, colour_of):
    """Return the pixels that lines of half blocks show, as a terminal draws them."""
    rows = []
    for line in lines:
        pair, upper, lower = {"38": None, "48": None}, [], []
        for which, code, character in re.findall(r"\x1b\[(38|48);([\d;]+)m|(▀| )", line):
            if which:
                pair[which] = colour_of(code)
            else:
                upper.append(pair["48" if character == " " else "38"])
                lower.append(pair["48"])
        rows += [upper, lower]
    return np.array(rows)


def test_in_24_bits_every_pixel_is_shown():
    shown = read_back(half_blocks.lines(PICTURE, "truecolor"), lambda code: [*map(int, code.split(";")[1:])])
    assert np.array_equal(shown, PICTURE)


def test_in_256_colours_every_pixel_has_the_nearest_one():
    shown = read_back(half_blocks.lines(PICTURE, "256"), lambda code: OF_256[int(code.split(";")[1]) - 16])
    away, least = (np.abs(np.asarray(one, int) - PICTURE[..., np.newaxis, :]).sum(-1).min(-1)
                   for one in (shown[..., np.newaxis, :], np.array(OF_256)))  # fmt: skip
    assert (away <= least + 12).all()  # the nearest grey by its mean, and the nearest of the cube by each level


def test_without_colours_what_stands_out_is_drawn():
    picture = np.full((4, 4, 3), 255, np.uint8)
    picture[1, 1], picture[2:, 2], picture[0, 3] = 0, 100, 250
    assert half_blocks.lines(picture, None) == [" ▄  ", "  █ "]


@pytest.mark.parametrize(
    ("shape", "columns", "rows", "fits"),
    [
        ((400, 600), 80, 23, (46, 69)),
        ((210, 160), 80, 23, (46, 35)),
        ((40, 600), 80, 23, (6, 80)),
        ((8, 8), 20, 23, (20, 20)),
    ],
)
def test_a_picture_keeps_its_proportions(shape, columns, rows, fits):
    assert half_blocks.fitted(np.zeros((*shape, 3), np.uint8), columns, rows).shape[:2] == fits


def test_a_frame_stays_as_long_as_the_rate_says():
    pace, began = Pace(50), time.monotonic()
    for _ in range(10):
        time.sleep(pace.left())
    assert time.monotonic() - began >= 10 / 50
    time.sleep(0.1)
    assert pace.left() == 0  # a frame that took too long is not made up for
    assert pace.left() > 0


class Terminal:
    """A terminal of 80 columns in which `cartrl watch --terminal` runs."""

    def __init__(self, policy, colours):
        self._own, self._other = pty.openpty()
        self.resize(*SIZE)
        self.before = termios.tcgetattr(self._other)
        self.process = subprocess.Popen(
            [CARTRL, "watch", str(policy), "--terminal"], cwd=policy.parent,
            env={**clean_environment(), "TERM": "xterm-256color", **colours},
            stdin=self._other, stdout=self._other, stderr=self._other, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )  # fmt: skip
        self.shown = ""

    def resize(self, rows, columns):
        fcntl.ioctl(self._other, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read(self):
        self.shown += os.read(self._own, 1 << 16).decode(errors="replace")
        return self.shown

    def type(self, key):
        os.write(self._own, key)

    def end(self):
        """Read the rest; return the exit code, and whether the terminal's settings are those of before."""
        while LEAVES not in self.shown:
            self.read()
        code, is_as_before = self.process.wait(60), termios.tcgetattr(self._other) == self.before
        os.close(self._own)
        os.close(self._other)
        return code, is_as_before


@pytest.mark.parametrize(
    ("colours", "key", "code"),
    [({"COLORTERM": "truecolor"}, b"q", 0), ({}, b"\x03", 130), ({"NO_COLOR": "1"}, b"q", 0)],
    ids=["24 bits and q", "256 and Ctrl-C", "none and q"],
)
def test_a_policy_is_watched_until_a_key_is_pressed(short_export, colours, key, code):
    terminal = Terminal(short_export, colours)
    wait_until(lambda: "step 5 " in terminal.read(), "the fifth step", 60, terminal.process)
    terminal.resize(12, 40)
    wait_until(lambda: "\x1b[2J" in terminal.read().partition("step 5 ")[2], "another size", 60, terminal.process)
    terminal.type(b"x")  # which means nothing
    terminal.type(key)
    assert terminal.end() == (code, True)
    before, _, shown = terminal.shown.partition(ENTERS)
    assert before == ""
    assert shown.endswith(LEAVES)
    white = {"COLORTERM": "48;2;255;255;255m", "NO_COLOR": "██"}.get(next(iter(colours), ""), "48;5;231m")
    assert white in shown
    assert ("38;" in shown) == ("NO_COLOR" not in colours)
    small = shown.rpartition("\x1b[2J")[2]
    assert max(map(int, re.findall(r"\x1b\[(\d+);1H", small))) == 12


def test_without_a_terminal_or_a_display_a_sentence_says_so(short_export, tmp_path):
    says = one_line(run_cartrl("watch", short_export, "--terminal", cwd=tmp_path), 2)
    assert says.startswith("--terminal needs a terminal, and stdout is none that can show a picture")
    done = subprocess.run(
        [CARTRL, "watch", str(short_export), "--window"],
        cwd=tmp_path,
        env=clean_environment(),
        capture_output=True,
        text=True,
    )
    assert one_line(done, 2).startswith("--window needs a display, and none can be opened here (")
    says = one_line(run_cartrl("watch", short_export, "--window", "-o", "page.html", cwd=tmp_path), 2)
    assert says == "--output and --window are different ways to watch; give one of them"
