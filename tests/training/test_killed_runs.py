"""Runs that are killed, stopped, or find the disk full, and are resumed, end as if nothing had happened.

`tests/killing.py` does it, in a process of its own, to thousands if asked to.
"""

import json
import os
import subprocess
import sys

import pytest

from tests.helpers import REPO
from tests.killing import AGENTS, SUITES

ALL = ",".join(AGENTS)


@pytest.mark.parametrize(
    ("how", "count", "agents"),
    [
        ("kill", 2, "dqn"),
        pytest.param("kill", 100, ALL, marks=pytest.mark.slow),
        pytest.param("term", 40, ALL, marks=pytest.mark.slow),
        pytest.param("full", 40, ALL, marks=pytest.mark.slow),
        pytest.param("kill", 40, ",".join(SUITES), marks=pytest.mark.slow),
    ],
)
def test_whatever_stops_a_run_its_files_end_up_the_same(how, count, agents):
    done = subprocess.run(
        [sys.executable, "-m", "tests.killing", "--how", how, "--kills", str(count), "--agents", agents, "--jobs", "2"]
        + (["--engines", "vectorized"] if agents.split(",")[0] in SUITES else []),
        cwd=REPO, env=os.environ, capture_output=True, text=True, timeout=3600,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    totals = json.loads(done.stdout.splitlines()[-1])
    assert totals["different"] == []
    assert totals["interruptions"] >= count
