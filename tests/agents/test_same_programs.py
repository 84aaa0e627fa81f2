"""Each process compiles the same programs: a program that differs may round differently, and so may a run's numbers.

To take a row of a tensor by the number in another, ``rows[number]``, is a slice whose padding TensorFlow 2.15 chooses
anew in each process; ``tf.gather(rows, number)`` is the same in all.
"""

import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.helpers import CONFIGS, unmeasured_environment

BUILD = """
import sys
from pathlib import Path
from cartrl.settings import load
from cartrl.system import quiet
quiet.prepare()
from cartrl.training.experiment import Experiment
Experiment(load(Path(sys.argv[1]), ["collect.engine=compiled"]).settings).close()
"""
# What counts the functions, instructions and modules of a process, and where in Python an instruction comes from.
COUNTED = re.compile(r"metadata=\{[^}]*\}|__inference_\w+|\.\d+|_\d{2,}|\d{15,}")
PROCESSES = 3


def programs(config, home):
    """Return what a process gives to XLA, sorted."""
    variables = {"XLA_FLAGS": f"--xla_dump_to={home} --xla_dump_hlo_as_text"}
    command = [sys.executable, "-c", BUILD, CONFIGS / config]
    subprocess.run(command, env={**unmeasured_environment(), **variables}, check=True, timeout=300, cwd=home.parent)
    return sorted(COUNTED.sub("", path.read_text()) for path in home.glob("*before_optimizations.txt"))


@pytest.mark.parametrize(
    "config",
    [
        "dqn/cartpole-v1.yaml",
        *(
            pytest.param(config, marks=pytest.mark.slow)
            for config in (
                "reinforce/cartpole-v1.yaml",
                "ppo/pendulum-v1.yaml",
                "ddpg/pendulum-v1.yaml",
                "td3/pendulum-v1.yaml",
                "sac/mountaincarcontinuous-v0.yaml",
            )
        ),
    ],
)
def test_each_process_compiles_the_same_programs(config, tmp_path):
    homes = [tmp_path / str(number) for number in range(PROCESSES)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        first, *others = pool.map(lambda home: programs(config, home), homes)
    assert len(first) >= 2  # collecting and learning
    assert all(other == first for other in others)
