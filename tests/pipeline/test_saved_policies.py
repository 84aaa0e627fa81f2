"""A saved policy in a plain TensorFlow process, with the lines that the docs give."""

import re
import subprocess
import sys

from tests.helpers import REPO, clean_environment


def documented_program() -> str:
    page = (REPO / "docs/saved-policies.md").read_text()
    blocks = re.findall(r"```python\n(# load_policy\.py\n.*?)```", page, re.DOTALL)
    assert len(blocks) == 1
    return blocks[0]


def test_the_documented_lines_load_a_policy_without_tf_agents_and_play_an_episode(short_run, tmp_path):
    program = documented_program() + "\nimport sys\nprint('tf_agents' in sys.modules, 'cartrl' in sys.modules)\n"
    (tmp_path / "load_policy.py").write_text(program)
    done = subprocess.run(
        [sys.executable, "load_policy.py", str(short_run.directory / "policies/best")],
        cwd=tmp_path, env=clean_environment(), capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    *output, modules = done.stdout.splitlines()
    assert modules == "False False"
    returned = float(re.findall(r"[\d.]+", output[-1])[-1])
    assert 1 <= returned <= 200
