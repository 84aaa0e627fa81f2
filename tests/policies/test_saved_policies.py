"""A saved policy in a plain TensorFlow process, with the lines that the docs give."""

import json
import re
import subprocess
import sys

import pytest

from tests.helpers import REPO, clean_environment

PAGE = (REPO / "docs/saved-policies.md").read_text()
QUICK_START = (REPO / "docs/quickstart.md").read_text()


def documented_program() -> str:
    blocks = re.findall(r"```python\n(# load_policy\.py\n.*?)```", PAGE, re.DOTALL)
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


def listed(page: str, heading: str) -> set[str]:
    """Return the names in the first column of the table with this heading."""
    table = re.search(rf"^\| {heading} .*\n\|[-| ]*\n((?:\|.*\n)*)", page, re.MULTILINE)
    assert table is not None
    return {name.rstrip("/") for row in table[1].splitlines() for name in re.findall(r"`([^`]*)`", row.split("|")[1])}


@pytest.mark.parametrize("name", ["best", "final"])
def test_the_page_lists_the_files_of_a_policy_and_the_fields_of_its_sidecar(short_run, name):
    policy = short_run.directory / "policies" / name
    assert listed(PAGE, "File") == {path.name for path in policy.iterdir()}
    assert listed(PAGE, "Field") == set(json.loads((policy / "policy.json").read_text()))


def test_the_quick_start_lists_what_is_in_a_run(short_run):
    run = short_run.directory
    found = {str(path.relative_to(run)) for path in (*run.glob("*"), *run.glob("policies/*"))}
    shown = {name for name in found if not name.startswith(".")} - {"policies"}
    assert listed(QUICK_START, "Path") - {"videos", "exports"} == shown - {"videos", "exports", "report.html"}
