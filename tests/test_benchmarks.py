"""The arithmetic and the writing of the benchmark; what it measures is measured by hand."""

import sys
import time

import pytest

from benchmarks import cluster_scale, memory
from benchmarks.__main__ import DEFAULT
from benchmarks.measuring import Failed, pairwise, python, replace_block, run, spread, table, take_turns

PAGE = "# Title\n\n<!-- loop -->\nold\n<!-- /loop -->\n\n<!-- process -->\n<!-- /process -->\n"


def test_ratios_are_formed_within_a_turn():
    # The ratio of the medians would be 20 / 3, and no turn was that fast.
    assert pairwise([10, 20, 60], [2, 5, 3]) == [5, 4, 20]


def test_spread_is_median_and_extremes():
    assert spread([3.04, 1.0, 20_000.0]) == "3.0 (1.0 to 20,000.0)"
    assert spread([1, 2], 0) == "2 (1 to 2)"


def test_contenders_take_turns():
    calls = []
    results = take_turns({name: lambda turn, name=name: calls.append(name) or turn for name in "ab"}, 3)
    assert calls == ["a", "b"] * 3
    assert results == {"a": [0, 1, 2], "b": [0, 1, 2]}


def test_table_is_aligned_markdown():
    assert table(("", "seconds"), [("cartrl", "1.5")]).splitlines() == [
        "|        | seconds |",
        "| ------ | ------: |",
        "| cartrl |     1.5 |",
    ]


def test_replacing_a_block_leaves_the_rest_of_the_page():
    page = replace_block(PAGE, "loop", "| new |")
    assert page == PAGE.replace("old\n", "\n| new |\n\n")
    assert replace_block(page, "loop", "| newer |") == PAGE.replace("old\n", "\n| newer |\n\n")


@pytest.mark.parametrize("page", ["", PAGE + PAGE, "<!-- /loop -->\n<!-- loop -->\n"])
def test_a_page_without_the_block_is_refused(page):
    with pytest.raises(ValueError, match="one block from <!-- loop --> to <!-- /loop --> is wanted"):
        replace_block(page, "loop", "")


def test_a_process_is_timed_and_its_report_read():
    began = time.perf_counter()
    one = python("-c", "import time; time.sleep(0.3); print('talk'); print('{\"steps\": 7}')")
    assert 0.3 < one.seconds < time.perf_counter() - began
    assert one.report == {"steps": 7}


def test_a_process_is_weighed():
    # From a light process, as the benchmark is: this one may hold TensorFlow by now.
    weigh = "from benchmarks.measuring import python; print(python('-c', 'held = b\"x\" * (200 << 20)').peak)"
    assert 200 < float(python("-c", weigh).output) < 240


def test_a_process_that_fails_says_why():
    with pytest.raises(Failed, match=r"ended with 3:\nno luck"):
        run(sys.executable, "-c", "import sys; print('no luck', file=sys.stderr); sys.exit(3)")


def test_the_last_iteration_of_a_metrics_file(tmp_path):
    file = tmp_path / "metrics.csv"
    assert memory.last_iteration(file) is None
    file.write_text("step,loss\n")
    assert memory.last_iteration(file) is None
    file.write_text("step,loss\n0,\n1,0.5\n2,0.")
    assert memory.last_iteration(file) == 1


def test_memory_at_an_iteration():
    samples = [(0, 300.0), (90, 310.0), (110, 320.0), (400, 330.0)]
    assert [memory.at(samples, iteration) for iteration in (0, 100, 400, 500)] == [300, 320, 330, 330]


def test_the_loop_is_measured_turn_by_turn():
    small = (
        "collect.turns_per_iteration=3",
        "collect.warm_up_steps=16",
        "agent.batch_size=8",
        "eval.num_eval_episodes=1",
    )
    overrides = [word for override in small for word in ("--set", override)]
    report = python(
        "-m", "benchmarks.iterations", "configs/ddpg/pendulum-v1.yaml", *overrides, "--iterations", 2
    ).report
    assert report["steps"] == [3 * 4 * 4] * 2
    assert all(0 < seconds < report["built"] for seconds in report["collect"] + report["learn"])


@pytest.mark.slow
def test_every_part_measures_something():
    done = python("-m", "benchmarks", "--quick")
    for part in DEFAULT:
        assert f"## {part}\n\n|" in done.output


@pytest.mark.parametrize(
    ("workers", "worker", "course"),
    [
        # Four tasks of 10 s, each after 1 s of the command and 0.5 s of the scheduler. Two workers begin after 1.5 and
        # 2.5 s; the third task follows the first's end at 11.5, from 13 to 23, and the fourth the second's: 14 to 24.
        (2, [10.0], (24.0, 40 / 2 / 24, 4 / 24, 2 / 24)),
        # Enough workers: the last task leaves the command after 4 s, and ends at 14.5.
        (9, [10.0], (14.5, 40 / 9 / 14.5, 4 / 14.5, 2 / 14.5)),
        # One worker, tasks of 1 and 2 s in turn: each is preceded by 1.5 s.
        (1, [1.0, 2.0], (12.0, 0.5, 4 / 12, 2 / 12)),
    ],
)
def test_a_cluster_is_simulated_as_by_hand(workers, worker, course):
    assert cluster_scale.simulate(4, workers, cluster_scale.Costs(1.0, 0.5, worker)) == pytest.approx(course)
