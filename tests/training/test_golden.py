"""The numbers of a run are those that were recorded, whatever has changed since."""

import pytest

from tests import golden

FIRST_ROWS = 3  # before differences of rounding have grown


@pytest.mark.parametrize("name", golden.RUNS)
def test_metrics_are_those_recorded(name, tmp_path):
    expected, found = golden.read(golden.FOLDER / f"{name}.csv"), golden.train(name, tmp_path)
    recorded = list(expected[0])
    if golden.is_same_processor():
        assert [{column: row[column] for column in recorded} for row in found] == expected
        return
    for before, now in zip(expected[:FIRST_ROWS], found):
        for column in filter(before.get, recorded):
            assert float(now[column]) == pytest.approx(float(before[column]), rel=1e-3, abs=1e-4), (column, now)
