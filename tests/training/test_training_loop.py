"""The loop on fakes that write down each call, and what the journal makes of it: no TensorFlow here."""

import subprocess
import sys

import numpy as np
import pytest

from cartrl.environments.episodes import EpisodeBatch, Evaluation
from cartrl.errors import CartrlError
from cartrl.settings import ExperimentSettings
from cartrl.settings.pipeline import StepCollectSettings
from cartrl.training.journal import Journal, Progress
from cartrl.training.loop import Pipeline, Schedule, train

SEED = 11


def batch(number):
    """Two episodes of 3 and 1 steps, the first of return 3 x number."""
    rewards = np.array([[number, number, number], [1, 0, 0]], np.float32)
    lengths = np.array([3, 1], np.int32)
    observations, terminated = np.zeros((2, 3, 4)), np.array([True, False])
    return EpisodeBatch(observations, np.zeros((2, 3)), rewards, lengths, terminated, np.zeros((2, 4)))


def evaluation(*returns):
    return Evaluation(np.array(returns, float), np.ones(len(returns)), np.ones(len(returns), bool))


class Counter:
    """Counts updates, as a variable of TensorFlow does."""

    value = 0

    def numpy(self):
        return self.value


class Tape:
    """Collector, replay and agent in one, which writes down what is asked of them."""

    def __init__(self, loss=0.5, updates=0):
        self.calls = []
        self.train_step = Counter()
        self.train_step.value = updates
        self._loss = loss

    def collect(self, turn):
        assert turn.seed == SEED
        self.steps_before = turn.environment_steps
        self.calls.append(f"collect {turn.iteration}.{turn.number}")
        return batch(turn.iteration).played()

    def batches(self, turn):
        for number in range(turn.number + 1):  # a batch more in each turn of an iteration
            yield f"{turn.iteration}.{turn.number}.{number}"

    def learn(self, batch, turn):
        self.calls.append(f"learn {batch}")
        self.train_step.value += 1

    def report(self):
        self.calls.append("report")
        return {"loss": self._loss}

    def evaluate(self, seed, iteration):
        assert seed == SEED
        self.calls.append(f"evaluate {iteration}")
        return evaluation(*{0: (1, 3), 2: (5, 7), 4: (4, 4), 5: (6, 6)}[iteration])


class Rows(list):
    """A listener that keeps the rows."""


SECTIONS = {
    "environment": {"env_name": "CartPole-v0"},
    "eval": {"eval_interval": 2},
    "train": {"num_iterations": 5, "seed": SEED},
}


def tidy(row):
    """A row without its time."""
    return {name: value for name, value in row.items() if name != "seconds"}


def settings(turns=1):
    """Those of iterations of so many turns of 4 steps."""
    collect = StepCollectSettings(turns_per_iteration=turns, num_environments=2, num_steps=2, warm_up_steps=0)
    return ExperimentSettings(**SECTIONS, collect=collect)


def run(tape, should_stop=lambda: False, turns=1):
    progress = Progress(5, 2)
    rows, saved = Rows(), []
    journal = Journal(
        progress,
        [rows],
        lambda: saved.append((progress.iteration, progress.best == progress.last and progress.is_evaluated)),
    )
    train(Schedule(settings(turns)), Pipeline(tape, tape, tape, tape.evaluate), journal, should_stop)
    return progress, rows, saved


def test_each_iteration_collects_hands_over_and_learns_and_evaluations_come_when_due():
    tape = Tape()
    run(tape)
    assert tape.calls == [
        "evaluate 0",
        "collect 1.0", "learn 1.0.0", "report",
        "collect 2.0", "learn 2.0.0", "report", "evaluate 2",
        "collect 3.0", "learn 3.0.0", "report",
        "collect 4.0", "learn 4.0.0", "report", "evaluate 4",
        "collect 5.0", "learn 5.0.0", "report", "evaluate 5",
    ]  # fmt: skip


def test_an_iteration_of_several_turns_is_one_row():
    tape = Tape()
    _, rows, _ = run(tape, turns=3)
    assert tape.calls[1:11] == [
        "collect 1.0", "learn 1.0.0",
        "collect 1.1", "learn 1.1.0", "learn 1.1.1",
        "collect 1.2", "learn 1.2.0", "learn 1.2.1", "learn 1.2.2",
        "report",
    ]  # fmt: skip
    assert [row["updates"] for row in rows] == [0, 6, 12, 18, 24, 30]
    assert [row["episodes"] for row in rows] == [0, 6, 12, 18, 24, 30]
    assert [row["iteration"] for row in rows] == [0, 1, 2, 3, 4, 5]
    assert (rows[2]["collect_return_mean"], rows[2]["terminated_episodes"]) == (3.5, 3)
    assert tape.steps_before == 5 * 12 - 4


def test_the_rows_and_counters_are_those_of_the_episodes():
    progress, rows, _ = run(Tape())
    assert [row["iteration"] for row in rows] == [0, 1, 2, 3, 4, 5]
    assert [row["episodes"] for row in rows] == [0, 2, 4, 6, 8, 10]
    assert [row["environment_steps"] for row in rows] == [0, 4, 8, 12, 16, 20]
    third = rows[3]
    assert (third["collect_return_mean"], third["collect_return_min"], third["collect_return_max"]) == (5, 1, 9)
    assert (third["terminated_episodes"], third["truncated_episodes"]) == (1, 1)
    assert [row.get("greedy_return_mean") for row in rows] == [2, None, 6, None, 4, 6]
    assert rows[0]["greedy_return_std"] == pytest.approx(np.sqrt(2))
    assert set(progress.seconds) == {"evaluate", "collect", "learn", "log", "save"}


def test_the_best_is_the_highest_mean_and_of_equals_the_later():
    progress, _, saved = run(Tape())
    assert saved == [(0, True), (1, False), (2, True), (3, False), (4, False), (5, True)]
    assert progress.best == (5, 6, 0, 2)


def test_when_asked_to_stop_it_ends_after_the_iteration_as_if_it_had_not_been_asked():
    tape = Tape()
    progress, rows, saved = run(tape, should_stop=lambda: "collect 3.0" in tape.calls)
    assert tape.calls[-3:] == ["collect 3.0", "learn 3.0.0", "report"]
    assert [row["iteration"] for row in rows] == [0, 1, 2, 3]
    assert (progress.iteration, progress.ended) == (3, "interrupted")
    assert saved[-1] == (3, False)


def test_a_run_that_goes_on_does_what_was_left_and_ends_the_same():
    whole, rows, _ = run(Tape())
    for known in range(1, 7):
        tape, rest = Tape(updates=rows[known - 1]["updates"]), Rows()
        progress = Progress(5, 2)
        for row in rows[:known]:
            progress.add(row)
        train(Schedule(settings()), Pipeline(tape, tape, tape, tape.evaluate), Journal(progress, [rest], lambda: None))
        assert [row["iteration"] for row in rest] == list(range(known, 6))
        assert [tidy(row) for row in rest] == [tidy(row) for row in rows[known:]]
        for name in (
            "iteration",
            "updates",
            "episodes",
            "environment_steps",
            "best",
            "last",
            "ended",
            "greedy_returns",
        ):
            assert getattr(progress, name) == getattr(whole, name)


@pytest.mark.parametrize("loss", [float("nan"), float("inf")])
def test_a_loss_that_is_no_number_stops_the_run_and_is_named(loss):
    with pytest.raises(CartrlError, match=rf"loss is {loss} in iteration 1; try a smaller agent.learning_rate"):
        run(Tape(loss))


def test_the_loop_needs_no_tensorflow():
    code = "import sys, cartrl.training.loop; print('tensorflow' in sys.modules or 'gym' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"
