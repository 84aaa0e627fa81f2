"""A run goes on from whatever a power cut leaves of it.

`python -m tests.powercut` tries many more states, on both engines.
"""

import json
import subprocess
import sys

from tests.helpers import REPO, clean_environment


def test_a_power_cut_loses_no_checkpoint_that_was_reported():
    share = ["--engines", "compiled", "--scenes", "fresh,resumed,seed,log", "--most", "2", "--sample", "40"]
    done = subprocess.run(
        [sys.executable, "-m", "tests.powercut", *share, "--json"],
        cwd=REPO, env=clean_environment(), capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    rows = {row["scene"]: row for row in json.loads(done.stdout.splitlines()[-1])}
    assert rows.keys() == {"fresh", "resumed", "seed", "log"}
    for row in rows.values():
        assert row["operations"] > 50, "the recorder missed most of it"
        assert row["resumed"] >= 30
        assert row["verdicts"]["identical"] >= 10
    assert rows["fresh"]["verdicts"].keys() >= {"anew, said"}
