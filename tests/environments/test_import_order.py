"""What the suites need is imported before TensorFlow or after it, in one process: both load, and both compute."""

import subprocess
import sys

import pytest

PACKAGES = {
    "gymnasium": "gymnasium.make('Pendulum-v1').reset(seed=0)",
    "Box2D": "Box2D.b2World().Step(0.02, 6, 2)",
    "mujoco": "mujoco.MjModel.from_xml_string('<mujoco/>')",
    "dm_control.suite": "dm_control.suite.load('cartpole', 'balance').reset()",
    "ale_py": "ale_py.ALEInterface().loadROM(ale_py.roms.get_rom_path('pong'))",
    "cv2": "cv2.resize(tensorflow.zeros([4, 4, 3]).numpy(), (2, 2))",
}


@pytest.mark.slow
@pytest.mark.parametrize("package", PACKAGES)
@pytest.mark.parametrize("is_first", [True, False])
def test_both_work_whichever_is_imported_first(package, is_first, tmp_path):
    order = (package, "tensorflow") if is_first else ("tensorflow", package)
    program = (
        f"import {order[0]}, {order[1]}; {PACKAGES[package]}; print(float(tensorflow.linalg.det(tensorflow.eye(3))))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stdout.splitlines()[-1:]) == (0, ["1.0"]), done.stderr
