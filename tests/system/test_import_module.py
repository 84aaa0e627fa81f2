"""``--import-module``: only the module that the user names is imported, from the working directory too."""

import pytest

from tests.helpers import one_line, run_cartrl

MINE = """
{before}
from gym.envs.classic_control.cartpole import CartPoleEnv
from gym.envs.registration import register

register("Mine-v0", entry_point=CartPoleEnv, max_episode_steps=20)
"""


@pytest.fixture
def home(tmp_path):
    """A working directory with modules, of which one imports another, and one that is called as a library is."""
    (tmp_path / "my_env.py").write_text(MINE.format(before=""))
    (tmp_path / "my_other_env.py").write_text(MINE.format(before="import my_helper"))
    (tmp_path / "my_helper.py").write_text("")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/deep_env.py").write_text(MINE.format(before=""))
    (tmp_path / "gym.py").write_text("raise SystemExit('a file of the working directory was executed')\n")
    return tmp_path


@pytest.mark.parametrize("modules", [["my_env"], ["my_helper", "my_other_env"], ["folder.deep_env"]])
def test_a_module_in_the_working_directory_is_found(modules, home):
    options = [word for module in modules for word in ("--import-module", module)]
    for call in ([*options, "env", "Mine-v0"], ["env", f"{modules[-1]}:Mine-v0", *options]):
        done = run_cartrl(*call, cwd=home)
        assert (done.returncode, done.stderr) == (0, "")
        assert "20 steps" in done.stdout


def test_nothing_else_in_the_working_directory_is_imported(home):
    sentence = one_line(run_cartrl("env", "Mine-v0", "--import-module", "my_other_env", cwd=home), 2)
    assert sentence == (
        "--import-module my_other_env: cannot be imported: ModuleNotFoundError: No module named 'my_helper'"
    )


@pytest.mark.parametrize(
    ("module", "says"),
    [
        ("my_env.py", "not the name of a module, such as my_module for my_module.py"),
        ("folder/deep_env", "not the name of a module, such as my_module for my_module.py"),
        ("", "not the name of a module, such as my_module for my_module.py"),
        (".", "not the name of a module, such as my_module for my_module.py"),
        ("folder.absent", "there is no such module: none is installed, and there is no folder/absent.py in the working "
                          "directory"),
    ],
)  # fmt: skip
def test_what_is_no_module_is_named(module, says, home):
    assert one_line(run_cartrl("env", "Mine-v0", "--import-module", module, cwd=home), 2) == (
        f"--import-module {module}: {says}"
    )
