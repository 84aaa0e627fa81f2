"""Learning curves that training draws, and that never decide how it ends."""

import json
import subprocess
import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from tests.helpers import CONFIGS, run_cartrl

TRAIN = ("train", "-c", CONFIGS / "reinforce.yaml", "--set", "train.num_iterations=2")


def test_each_seed_has_its_curve_in_a_notebook(tmp_path):
    (tmp_path / "matplotlibrc").write_text("text.usetex: True\nfont.family: no such font\n")
    backend = {"MPLBACKEND": "module://matplotlib_inline.backend_inline"}
    done = run_cartrl(*TRAIN, "--seeds", "0-1", "-j", "1", "--run-dir", "study", cwd=tmp_path, env=backend)
    assert (done.returncode, done.stderr) == (0, "")
    for seed in (0, 1):
        assert (tmp_path / f"study/seed-{seed}/learning_curve.png").read_bytes().startswith(b"\x89PNG")


def test_without_matplotlib_all_is_trained_and_each_missing_curve_is_a_warning(tmp_path):
    (tmp_path / "path").mkdir()
    (tmp_path / "path/matplotlib.py").write_text("raise ImportError('it is broken')\n")
    broken = {"PYTHONPATH": str(tmp_path / "path")}
    done = run_cartrl(*TRAIN, "--run-dir", "run", "--quiet", cwd=tmp_path, env=broken)
    assert (done.returncode, done.stdout) == (0, "run\n")
    assert done.stderr.startswith("warning: run/learning_curve.png: cannot be drawn: ")
    assert len(done.stderr.splitlines()) == 1
    assert json.loads((tmp_path / "run/manifest.json").read_text())["outcome"] == "finished"
    done = run_cartrl(*TRAIN, "--seeds", "0-1", "-j", "1", "--run-dir", "study", "--json", cwd=tmp_path, env=broken)
    assert done.returncode == 0, done.stderr
    warnings = [line for line in done.stderr.splitlines() if line.startswith("warning: ")]
    assert [line.partition(": cannot")[0] for line in warnings] == [
        f"warning: seed {seed}: study/seed-{seed}/learning_curve.png" for seed in (0, 1)
    ]
    answer = json.loads(done.stdout)
    assert answer["outcome"] == "finished"
    assert [state["error"] for state in answer["seeds"].values()] == ["", ""]


DRAW = """
import sys
from cartrl.pictures.drawer import LearningCurve, _draw
print(_draw(LearningCurve(sys.argv[1], "curve.png", "a run", None, "events")), "tensorflow" in sys.modules)
"""


def test_a_curve_is_drawn_and_shown_in_tensorboard_without_importing_tensorflow(short_run, tmp_path):
    (tmp_path / "events").mkdir()
    done = subprocess.run(
        [sys.executable, "-c", DRAW, short_run.directory / "metrics.csv"], cwd=tmp_path, capture_output=True, text=True
    )
    assert (done.stdout, done.stderr) == ("None False\n", "")
    assert EventAccumulator(str(tmp_path / "events")).Reload().Tags()["images"] == ["learning_curve"]
