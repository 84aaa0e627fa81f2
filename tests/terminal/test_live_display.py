"""The live display on a terminal of 80 columns."""

import io
import re
import time

import numpy as np
import pytest
from rich.console import Console

from cartrl.runs.outcome import Outcome
from cartrl.runs.study import SeedState, StudyProgress
from cartrl.terminal import many, tables
from cartrl.terminal.board import Board, quantiles
from cartrl.terminal.training import LineDisplay, LiveDisplay
from cartrl.training.journal import Progress


@pytest.fixture
def terminal():
    return Console(file=io.StringIO(), force_terminal=True, color_system=None, width=80, height=30, _environ={})


def test_before_the_run_is_built_it_says_what_it_waits_for(terminal):
    with LiveDisplay(terminal, "runs/one"):
        pass
    assert "runs/one\nstarting: loading TensorFlow" in terminal.file.getvalue()


def test_at_the_end_it_shows_the_last_figures_and_the_whole_curve(terminal):
    progress = Progress(50, 10)
    with LiveDisplay(terminal, "runs/one") as display:
        display.attach(progress, 195.0)
        display.append({"iteration": 0, "updates": 0, "episodes": 0, "environment_steps": 0})
        for iteration in range(1, 31):
            row = {"iteration": iteration, "loss": -1.25, "collect_return_mean": 6.0 * iteration}
            row |= {"updates": iteration, "episodes": 2 * iteration, "environment_steps": 1234 * iteration}
            row |= {"greedy_return_mean": 195.0, "greedy_return_std": 7.07} if iteration == 30 else {}
            progress.add(row)
            display.append(row)
    shown = terminal.file.getvalue()
    for text in (
        "runs/one",
        "30/50",
        "37,020",
        "collect return",
        "180",
        "195.0 ± 7.1 at 30",
        "-1.25",
        "●",
        "█",
        "╌ reward threshold",
    ):
        assert text in shown, text
    assert all(len(line) <= 80 for line in shown.splitlines() if "\x1b" not in line)


def board_of(progress, noun="seeds"):
    board = Board(noun, len(progress.seeds), f"{len(progress.seeds)} {noun}")
    board.add("", progress)
    return board


def test_a_study_shows_all_its_seeds(terminal):
    progress = StudyProgress(50, {3: SeedState(Outcome.FINISHED, 50, 200.0), 4: SeedState(Outcome.RUNNING, 20, 31.5)})
    with many.LiveDisplay(terminal, "runs/study") as display:
        display.attach(board_of(progress), 195.0)
    shown = terminal.file.getvalue()
    for text in ("runs/study: 2 seeds", "1 of 2 seeds", "▶ 1 running", "3 ✓ ━━━━━    200", "4 ▶ ━━───   31.5"):
        assert text in shown, text
    assert "the threshold, 195" in shown


def test_a_study_of_a_thousand_seeds_fits_a_terminal_of_80_columns(terminal, monkeypatch):
    now = time.perf_counter()
    monkeypatch.setattr(time, "perf_counter", lambda: now)  # so that a busy machine shows the same seconds
    states = {seed: SeedState(Outcome.FINISHED, 50, float(seed % 201), 200.0) for seed in range(700)}
    for state in states.values():
        state.seconds = 10.0
    states |= {seed: SeedState() for seed in range(700, 1000)}
    for seed in range(700, 708):
        states[seed] = SeedState(Outcome.RUNNING, 25, 100.0, began=now - 1.0)
    states[702].began = now - 63.0
    states[703] = SeedState(Outcome.FAILED, 3, 9.0, error="its process was ended by SIGKILL " + "x" * 100)
    with many.LiveDisplay(terminal, "runs/study") as display:
        display.attach(board_of(StudyProgress(50, states)), 195.0)
    lines = [line for line in terminal.file.getvalue().splitlines() if "\x1b" not in line]
    assert max(map(len, lines)) <= 80
    assert len(lines) <= 30
    shown = "\n".join(lines)
    for text in ("700 of 1,000 seeds", "▶ 7 running   · 292 waiting   ✗ 1 failed", "failed  seed 703: its process was"):
        assert text in shown, text
    assert "slow    seed 702: 50% done after 63 s; others took 10 s" in shown
    finals = np.quantile([float(seed % 201) for seed in range(700)], [0, 0.25, 0.5, 0.75, 1])
    (row,) = (line for line in lines if line.startswith("final return, finished"))
    assert [float(word) for word in row.split()[3:]] == pytest.approx(list(finals), rel=1e-3)
    assert all(f"{seed} ▶" in shown for seed in (700, 701, 702, 704, 705, 706, 707))  # before those that have ended


def test_a_sweep_shows_its_runs_by_setting(terminal):
    board = Board("runs", 6, "3 settings × 2 seeds (0-1) = 6 runs")
    long = "agent.learning_rate=0.001,collect.collect_episodes_per_iteration=2,agent.entropy_regularization=0.0123"
    for name, iteration in (("agent.learning_rate=0.003", 30), (long, 10)):
        board.add(name, StudyProgress(50, {seed: SeedState(Outcome.RUNNING, iteration, 12.0) for seed in (0, 1)}))
    with many.LiveDisplay(terminal, "runs/sweep") as display:
        display.attach(board, None)
    lines = [line for line in terminal.file.getvalue().splitlines() if "\x1b" not in line]
    assert max(map(len, lines)) <= 80
    assert any("▶ 4 running   · 2 waiting" in line for line in lines)
    assert any(re.match(r"learning_rate=0.003 +0 ▶ ━━━── +12", line) for line in lines)
    assert any(re.match(r"learning_rate=0.001,collect_episodes_per_iteration=2,entr.*… +1 ▶ ", line) for line in lines)


def test_the_time_left_counts_what_this_process_has_done():
    """Of 10 runs 4 had ended before; 2 more and half of another took 25 s, so 3.5 take 35 s."""
    states = {seed: SeedState(Outcome.FINISHED if seed < 4 else Outcome.WAITING) for seed in range(10)}
    board = board_of(StudyProgress(50, states))
    assert board.seconds_left(board.runs) is None
    states[4].outcome = states[5].outcome = Outcome.FINISHED
    states[6].outcome, states[6].iteration = Outcome.RUNNING, 25
    board.began = time.perf_counter() - 25.0
    assert board.seconds_left(board.runs) == pytest.approx(35.0, rel=0.01)
    assert quantiles([None, None]) == []


def test_a_study_that_fails_before_its_first_frame_shows_nothing(terminal):
    with pytest.raises(OSError, match="full"), many.LiveDisplay(terminal, "runs/study"):
        raise OSError("full")
    assert terminal.file.getvalue() == ""


def test_a_resumed_run_has_the_rate_and_the_time_left_of_this_process():
    """It finds steps and iterations of earlier processes in the figures; the clock is the test's own."""
    seconds = [0.0]
    terminal = Console(
        file=io.StringIO(), force_terminal=True, color_system=None, width=80, height=30, _environ={},
        get_time=lambda: seconds[0],
    )  # fmt: skip
    progress = Progress(1000, 10)
    progress.add({"iteration": 900, "updates": 900, "episodes": 9000, "environment_steps": 900_000_000})
    with LiveDisplay(terminal, "runs/one") as display:
        display.attach(progress, 195.0)
        for iteration in (901, 902, 903):
            seconds[0] += 0.1
            row = {
                "iteration": iteration,
                "updates": iteration,
                "episodes": 9010,
                "environment_steps": 900_000_500,
                "loss": 1.0,
            }
            progress.add(row)
            display.append(row)
    shown = terminal.file.getvalue()
    assert shown.rpartition("steps per second")[2].split()[0] == "1,667"  # 500 steps in 0.3 s
    assert shown.rpartition("time left ")[2].split()[0] == "00:10"  # 97 iterations of a tenth of a second


def ends_of_columns(lines):
    """Return, for each line, where its words and numbers end: the same in all where its columns stand below each other.

    A column without a value at the end of a line is left out.
    """
    found = [[match.end() for match in re.finditer(r"\S+", line)] for line in lines]
    return [ends[: min(map(len, found))] for ends in found]


def test_the_columns_of_a_log_stay_where_they_are_however_large_the_numbers():
    written = io.StringIO()
    display = LineDisplay(Console(file=written, width=1000, _environ={}), log_interval=1)
    progress = Progress(1000, 10)
    display.attach(progress, 195.0)
    losses = (-0.25, 0.0001234, -0.0001234, 1234.5, -99_999.0, -1.234e-7)
    for iteration, steps in enumerate((10, 999_999, 1_000_000, 12_345_678, 99_999_998, 99_999_999)):
        row = {
            "iteration": iteration,
            "updates": iteration,
            "episodes": 2,
            "environment_steps": steps,
            "loss": losses[iteration],
        }
        row |= {"collect_return_mean": -12.5 * 10**iteration % 99_999, "greedy_return_mean": 200.0 / 3**iteration}
        row |= {"greedy_return_std": 1.0}
        progress.add(row)
        display.append(row)
    lines = written.getvalue().splitlines()
    assert "99,999,999" in lines[-1]
    assert len({tuple(ends) for ends in ends_of_columns(lines)}) == 1, lines


def test_the_columns_of_a_study_s_log_stay_where_they_are():
    written = io.StringIO()
    seeds = {seed: SeedState(Outcome.FINISHED, 50, 200.0, 200.0) for seed in (0, 7, *range(1_000, 3_000), 2**31 - 1)}
    seeds[7] = SeedState(Outcome.INTERRUPTED, 20, -1_234.5, -0.0123)
    progress = StudyProgress(50, seeds)
    display = many.LineDisplay(Console(file=written, width=1000, _environ={}), "runs/study")
    board = board_of(progress)
    display.attach(board, 195.0)
    for before, seed in ((0.0, 0), (99_999.0, 7), (9.0, 2**31 - 1)):
        board.before = before
        display.told("", seed)
        display.told("", seed)  # a warning that came late has no line of its own
    lines = written.getvalue().splitlines()[1:]
    assert len(lines) == 3
    assert len({len(line) for line in lines}) == 1, lines
    assert len({line.index(" of 2003,") for line in lines}) == 1, lines


def test_a_closing_table_breaks_between_words_and_within_none():
    path, phases = "/" + "p" * 150, ", ".join(["start-up 13.4 s"] * 8)
    written = io.StringIO()
    tables.facts(Console(file=written, width=1000, _environ={}), [("seconds", phases), ("policy", f"{path} (step 2)")])
    first, *others = written.getvalue().splitlines()
    assert max(map(len, [first, others[0]])) <= 80
    assert " ".join(" ".join([first, *others]).split()) == f"seconds {phases} policy {path} (step 2)"
