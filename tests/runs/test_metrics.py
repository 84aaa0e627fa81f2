"""metrics.csv: what is written comes back, and is never written over."""

import csv
import struct

import numpy as np
import pytest

from cartrl.runs.metrics import MetricsFile, read
from tests.studies import COLUMNS


def bits(value):
    """Return ``value`` so that only what is the same bit for bit compares equal: -0.0 is not 0.0, 1 is not 1.0."""
    return struct.pack("<d", value) if isinstance(value, float) else (type(value), value)


def through_a_file(path, rows):
    with MetricsFile(path, COLUMNS) as file:
        for row in rows:
            file.append(row)
    return read(path)


EXTREMES = [0.1, 1 / 3, -0.0, 0.0, 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, 1e16, 1e22, 195.0, -1e-7]


def test_floats_come_back_bit_for_bit(tmp_path):
    patterns = np.random.default_rng(0).integers(0, 2**64, 2000, np.uint64).view(np.float64)
    values = [*EXTREMES, *patterns[np.isfinite(patterns)].tolist()]
    assert len(values) > 1500
    rows = through_a_file(
        tmp_path / "metrics.csv", [{"iteration": step, "loss": loss} for step, loss in enumerate(values)]
    )
    assert [bits(row["loss"]) for row in rows] == [bits(value) for value in values]


def test_what_is_not_finite_comes_back(tmp_path):
    # A loss that has run away is what one looks for in the file.
    rows = through_a_file(
        tmp_path / "metrics.csv",
        [{"iteration": step, "loss": float(text)} for step, text in enumerate(("inf", "-inf", "nan"))],
    )
    assert [repr(row["loss"]) for row in rows] == ["inf", "-inf", "nan"]


def test_whole_numbers_come_back_as_such(tmp_path):
    values = [0, 1, -7, 2**31 - 1, 2**63, 10**30]
    rows = through_a_file(
        tmp_path / "metrics.csv", [{"iteration": step, "environment_steps": value} for step, value in enumerate(values)]
    )
    assert [bits(row["environment_steps"]) for row in rows] == [bits(value) for value in values]


def test_a_whole_row_comes_back(tmp_path):
    whole = {name: index + 0.5 if index % 2 else index for index, name in enumerate(COLUMNS)}
    rows = through_a_file(tmp_path / "metrics.csv", [whole])
    assert rows == [whole]
    assert list(rows[0]) == list(COLUMNS)


def test_a_column_without_a_value_comes_back_as_none(tmp_path):
    rows = through_a_file(tmp_path / "metrics.csv", [{"iteration": 0, "greedy_return_mean": 9.25, "loss": None}])
    assert rows == [{**dict.fromkeys(COLUMNS), "iteration": 0, "greedy_return_mean": 9.25}]


def test_a_column_that_there_is_not_is_refused(tmp_path):
    with MetricsFile(tmp_path / "metrics.csv", COLUMNS) as file, pytest.raises(ValueError, match="lss"):
        file.append({"iteration": 1, "lss": 0.5})


def test_any_csv_reader_reads_the_header(tmp_path):
    through_a_file(tmp_path / "metrics.csv", [{"iteration": 1}])
    with (tmp_path / "metrics.csv").open(newline="") as file:
        header, row = csv.reader(file)
    assert header == list(COLUMNS)
    assert row == ["1"] + [""] * (len(COLUMNS) - 1)


def test_a_row_is_on_disk_as_soon_as_it_is_appended(tmp_path):
    # So that a run that is killed leaves all it had reached.
    path = tmp_path / "metrics.csv"
    with MetricsFile(path, COLUMNS) as file:
        assert read(path) == []
        for step in range(3):
            file.append({"iteration": step, "loss": 0.5})
            assert [row["iteration"] for row in read(path)] == list(range(step + 1))


def test_a_run_that_goes_on_begins_with_its_rows_to_the_byte(tmp_path):
    path = tmp_path / "metrics.csv"
    with MetricsFile(path, COLUMNS) as first:
        for step in range(4):
            first.append({"iteration": step, "loss": 0.1 / 3**step, "seconds": step / 7})
    whole = path.read_bytes()
    path.write_bytes(whole[:-9])  # the process was killed while it wrote the last row
    rows = read(path, 3)
    with MetricsFile(path, COLUMNS, rows) as second:
        second.append({"iteration": 3, "loss": 0.1 / 27, "seconds": 3 / 7})
    assert path.read_bytes() == whole
