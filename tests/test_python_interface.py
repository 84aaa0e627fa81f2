"""The public Python interface: docs/python.md, whose lines run, and what an import of cartrl costs."""

import json
import re
import shutil
import subprocess
import sys

import pytest

import cartrl
from tests.helpers import REPO, clean_environment

PAGE = (REPO / "docs/python.md").read_text(encoding="utf-8")


def run_program(program, cwd):
    """Run a program of Python in ``cwd``, in a process of its own; return what it printed on stdout."""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=cwd, env=clean_environment(), capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def home(short_run, short_study, tmp_path_factory):
    """A directory with the run and the study that the page loads."""
    home = tmp_path_factory.mktemp("python")
    shutil.copytree(short_run.directory, home / "runs/fast")
    shutil.copytree(short_study, home / "runs/study")
    return home


def test_the_lines_of_the_page_run(home):
    pytest.importorskip("pandas")
    program = "\n".join(re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL))
    episode_return, shapes, facts, best, *rest = run_program(program, home).splitlines()
    manifest = json.loads((home / "runs/fast/manifest.json").read_text())
    assert 1 <= float(episode_return) <= 200
    assert shapes == "(32,) (32,)"
    assert facts == f"3 finished 0.001 {manifest['versions']['tensorflow']}"
    assert float(best) == manifest["result"]["best_greedy_return"]["mean"]
    assert [line.split()[0] for line in rest[:2]] == ["3", "4"]
    assert "environment_steps" in rest[2]
    assert "iteration" in "".join(rest[3:])


def test_the_page_names_what_is_public():
    named = set(re.findall(r"`cartrl\.(\w+)", PAGE))
    assert named == {*cartrl.__all__, "__version__"}
    assert set(cartrl.__all__) <= set(dir(cartrl))


def test_an_import_loads_neither_numpy_nor_anything_else_that_is_slow(tmp_path):
    program = """
import sys, cartrl
print([name for name in ("numpy", "pydantic", "yaml", "rich", "tensorflow", "gym", "pandas") if name in sys.modules])
"""
    assert run_program(program, tmp_path) == "[]\n"


def test_runs_and_studies_are_read_without_tensorflow_gym_and_pandas(home):
    program = """
import sys, cartrl
cartrl.load_run("runs/fast"), cartrl.load_study("runs/study")
print([name for name in ("tensorflow", "gym", "matplotlib", "pandas") if name in sys.modules])
"""
    assert run_program(program, home) == "[]\n"


def test_a_name_that_does_not_exist_is_missed():
    with pytest.raises(AttributeError, match="module 'cartrl' has no attribute 'load_polcy'"):
        cartrl.load_polcy  # noqa: B018
    with pytest.raises(ImportError):
        from cartrl import load_polcy  # noqa: F401


def test_type_checkers_see_the_interface(tmp_path):
    (tmp_path / "program.py").write_text(
        "import cartrl\n"
        "reveal_type(cartrl.load_policy('runs'))\n"
        "reveal_type(cartrl.load_run('runs').metrics)\n"
        "reveal_type(cartrl.load_study('runs').seeds)\n"
        "cartrl.load_polcy\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file=", "--follow-imports=silent", "program.py"],
        cwd=tmp_path, env={**clean_environment(), "MYPYPATH": str(REPO)}, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    types = re.findall(r'Revealed type is "(.*)"', done.stdout)
    assert types[0] == "cartrl.policies.loaded.Policy", done.stdout
    assert types[1].startswith("builtins.dict[builtins.str, numpy.ndarray[")
    assert types[2].startswith("numpy.ndarray[")
    assert 'Module has no attribute "load_polcy"' in done.stdout
