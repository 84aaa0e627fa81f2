"""Whatever surroundings a run is trained in, its numbers are the same; and what an environment prints is no answer."""

import json

import pytest

from tests import golden
from tests.helpers import CONFIGS, module_path, run_cartrl

TRAIN = (
    "train", "-c", CONFIGS / "reinforce.yaml", "--set", "train.num_iterations=3", "--set", "eval.eval_interval=1",
)  # fmt: skip
# All of one test: each of them alone prevents or changes a run.
VARIABLES = {
    "PYTHONOPTIMIZE": "2",
    "PYTHONWARNINGS": "error",
    "TF_USE_LEGACY_KERAS": "1",
    "TF2_BEHAVIOR": "0",
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "TF_DETERMINISTIC_OPS": "1",
    "TF_XLA_FLAGS": "--tf_xla_auto_jit=2 --tf_xla_cpu_global_jit",
    "TF_NUM_INTRAOP_THREADS": "1",
    "ONEDNN_MAX_CPU_ISA": "SSE41",
    "NPY_DISABLE_CPU_FEATURES": "AVX2 FMA3 AVX512F",
    "PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION": "cpp",
    "PYTHONIOENCODING": "ascii",
    "PYTHONHASHSEED": "7",
    "COLUMNS": "0",
    "LINES": "-1",
    "TERMINAL_WIDTH": "wide",
    "TMPDIR": "/no/such/directory",
    "TZ": "Nowhere/Nothing",
    "TERM": "unheard-of",
}


@pytest.mark.parametrize("engine", ["compiled", pytest.param("vectorized", marks=pytest.mark.slow)])
def test_the_numbers_of_a_run_do_not_depend_on_its_surroundings(engine, tmp_path):
    (tmp_path / "keras").mkdir()
    (tmp_path / "keras/keras.json").write_text('{"floatx": "float64", "epsilon": 0.1}')
    hostile = {**VARIABLES, "KERAS_HOME": str(tmp_path / "keras"), "HOME": str(tmp_path / "nobody")}
    for name, env in (("plain", {}), ("hostile", hostile)):
        done = run_cartrl(*TRAIN, "--set", f"collect.engine={engine}", "--run-dir", name, cwd=tmp_path, env=env)
        assert (done.returncode, done.stderr) == (0, "")
        assert "best greedy return" in done.stdout
    assert golden.read(tmp_path / "plain/metrics.csv") == golden.read(tmp_path / "hostile/metrics.csv")


@pytest.fixture(scope="module")
def loud(tmp_path_factory):
    """A directory with the config of an environment that prints."""
    home = tmp_path_factory.mktemp("loud")
    (home / "loud.yaml").write_text("environment:\n  env_name: loud_environment:Loud-v0\ntrain:\n  num_iterations: 1\n")
    return home


LOUD = {"PYTHONPATH": module_path()}
MODULE = ("--import-module", "loud_environment")


@pytest.mark.slow
def test_what_an_environment_prints_is_no_answer(loud):
    calls = {
        "run": ["train", "-c", "loud.yaml", "--run-dir", "run", "--json"],
        "study": ["train", "-c", "loud.yaml", "--seeds", "0", "--run-dir", "study", "--json"],
        "sweep": ["sweep", "-c", "loud.yaml", "--grid", "agent.discount=0.9", "--seeds", "0", "--run-dir", "sweep",
                  "--json"],
        "policy": ["eval", "--checkpoint", "run", "--episodes", "2", "--json"],
        "level": ["compare", "run", "study", "--json"],
    }  # fmt: skip
    for key, call in calls.items():
        done = run_cartrl(*MODULE, *call, cwd=loud, env=LOUD)
        assert done.returncode == 0, done.stderr
        assert key in json.loads(done.stdout)
    assert "Python in reset" in run_cartrl(*MODULE, "eval", "--checkpoint", "run", cwd=loud, env=LOUD).stdout


def test_a_quiet_training_prints_its_directory_alone(loud):
    for options, name in (([], "quiet"), (["--seeds", "0"], "quiet-study")):
        done = run_cartrl(*MODULE, "train", "-c", "loud.yaml", "-q", "--run-dir", name, *options, cwd=loud, env=LOUD)
        assert (done.returncode, done.stdout) == (0, f"{name}\n")
