"""How seeds are written, and what is answered to what they cannot be."""

import itertools

import pytest

from cartrl import randomness
from cartrl.errors import UsageError
from cartrl.runs.study import named, parse_seeds
from tests.helpers import CONFIGS, run_cartrl


@pytest.mark.parametrize(
    ("text", "seeds"),
    [("0-3", [0, 1, 2, 3]), ("0,3,7", [0, 3, 7]), ("5", [5]), ("2-3,9,0-1", [2, 3, 9, 0, 1]), ("4-4", [4])],
)
def test_seeds_are_numbers_and_ranges(text, seeds):
    assert parse_seeds(text) == seeds
    assert sorted(parse_seeds(named(seeds))) == sorted(seeds)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "seeds are numbers and ranges, such as 0-31 or 0,3,7"),
        ("1,,2", "seeds are numbers and ranges"),
        ("-1", "seeds are numbers and ranges"),
        ("1.5", "seeds are numbers and ranges"),
        ("٣", "seeds are numbers and ranges"),
        ("7-3", "7-3 runs backwards"),
        ("1,0-2", "a seed is given twice"),
        ("2147483648", "the largest seed is 2147483647"),
        ("0-2147483647", "more than 10,000 seeds"),
        ("0-5000,5001-10001", "more than 10,000 seeds"),
    ],
)
def test_what_are_no_seeds_is_refused(text, sentence):
    with pytest.raises(UsageError, match=sentence):
        parse_seeds(text)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--seeds", "0-3", "--seed", "1"), "give --seed for one run, or --seeds for a study"),
        (("--seeds", "nine"), "--seeds nine: seeds are numbers and ranges, such as 0-31 or 0,3,7"),
    ],
)
def test_the_command_refuses_in_one_sentence_and_leaves_nothing_behind(options, sentence, tmp_path):
    done = run_cartrl("train", "-c", CONFIGS / "reinforce.yaml", *options, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (2, f"error: {sentence}\n")
    assert not list(tmp_path.iterdir())


def test_draws_for_different_purposes_differ_also_by_zeros_at_the_end():
    stream = randomness.Stream.COLLECT_RESETS
    purposes = [indices for length in range(4) for indices in itertools.product((0, 1), repeat=length)]
    draws = {tuple(randomness.draw(2, 5, stream, *indices)) for indices in purposes}
    assert len(draws) == len(purposes)
