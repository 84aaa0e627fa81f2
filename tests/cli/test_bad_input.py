"""Options, paths and environments that cannot be used: one line, the right exit code, and nothing left behind."""

import os
from pathlib import Path

import numpy as np
import pytest

from cartrl import cli
from cartrl.environments import suite
from cartrl.environments.vector import VectorEnvironment
from cartrl.errors import CartrlError
from cartrl.settings import EnvironmentSettings
from cartrl.system import imports
from cartrl.system.files import new_directories, whole_file
from tests.helpers import CONFIGS, everything_below, module_path, one_line, run_cartrl, run_several
from tests.runs.test_run_directory import make_policy, make_run

CONFIG = CONFIGS / "reinforce.yaml"
MODULE = "bad_environments"


class Ended:
    """How a command line ended in this process."""

    def __init__(self, returncode, stdout, stderr):
        self.returncode, self.stdout, self.stderr = returncode, stdout, stderr


@pytest.fixture
def call(tmp_path, monkeypatch, capfd):
    """Runs ``cartrl`` in this process, in a directory of its own, and checks that nothing is left there."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.chdir(home)

    def run(*arguments):
        before = everything_below(home)
        monkeypatch.setattr("sys.argv", ["cartrl", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            cli.main()
        assert everything_below(home) == before, "something was written"
        return Ended(end.value.code, *capfd.readouterr())

    return run


USAGE = [
    (["--no-such"], "no such option: --no-such"),
    (["trian"], "no such command 'trian'"),
    (["train"], "give a --config to train, or a run to --resume"),
    (["train", "--config", "x", "--sead", "1"], "no such option: --sead"),
    (["train", "--config", "x", "--seed", "one"], "invalid value for '--seed': 'one' is not a valid int"),
    (["train", "--config", "x", "more"], "more is named, and --config x as well; give one of them"),
    (["train", "x", "more"], "got unexpected extra argument"),
    (["eval", "--episodes", "0"], "invalid value for '--episodes': 0 is not in the range"),
    (["eval", "--episodes", "9" * 30], "invalid value for '--episodes': 999"),
    (["eval", "--seed", "-1"], "invalid value for '--seed': -1 is not in the range"),
    (["eval", "--seed", "2147483648"], "invalid value for '--seed': 2147483648 is not in the range"),
    (["record", "--episodes", "-3"], "invalid value for '--episodes': -3 is not in the range"),
    (["record", "--fps", "0"], "invalid value for '--fps': 0 is not in the range"),
    (["env", "--picture", "a.png"], "--picture is of an environment: give its NAME"),
    (["config"], "give the config to check"),
]


@pytest.mark.parametrize(("arguments", "says"), USAGE, ids=[" ".join(case[0])[:40] for case in USAGE])
def test_a_wrong_call_is_answered_in_one_line(call, arguments, says):
    assert one_line(call(*arguments), 2).startswith(says)


def test_without_a_command_it_helps(call):
    ended = call()
    assert (ended.returncode, ended.stderr) == (2, "")
    assert "Usage: cartrl" in ended.stdout


RUN_DIRECTORIES = [
    ("a\nb", "'a\\nb': a name without control characters is needed"),
    ("a\x1b[31mb", "'a\\x1b[31mb': a name without control characters is needed"),
    ("\udcff", "a name without control characters is needed"),
    ("new/\x7f", "a name without control characters is needed"),
    ("x" * 256, f"{'x' * 40}…: a name of 256 bytes; the longest has 255"),
    ("ü" * 128, "a name of 256 bytes"),
    ("new/deep/" + "x" * 300, "a name of 300 bytes"),
    ("/".join(["x" * 200] * 30), "the longest has 4095"),
    ("../home/file/run", "../home/file: is not a directory"),
    ("file", "file: exists already"),
    ("link", "link: exists already"),
    ("dangling", "dangling: exists already"),
    ("dangling/run", "dangling: is not a directory"),
    ("loop/run", "loop: is not a directory"),
    ("", ".: exists already"),
    ("/proc/new/run", "/proc"),
    ("closed/run", "closed"),
]


@pytest.mark.parametrize(("run_dir", "says"), RUN_DIRECTORIES, ids=[repr(case[0])[:30] for case in RUN_DIRECTORIES])
def test_a_run_directory_that_cannot_be_is_named_and_nothing_is_made(call, run_dir, says):
    Path("file").write_text("mine")
    Path("folder").mkdir()
    Path("link").symlink_to("folder")
    Path("dangling").symlink_to("nothing")
    Path("loop").symlink_to("loop")
    Path("closed").mkdir(mode=0o555)
    if run_dir.startswith("closed") and os.access("closed", os.W_OK):
        pytest.skip("root writes everywhere")
    assert says in one_line(call("train", "-c", CONFIG, "--run-dir", run_dir), 2)


def test_where_runs_should_be_is_a_symlink_to_nothing(call):
    Path("runs").symlink_to("nothing")  # mkdir says that it exists, whatever is tried below it
    assert one_line(call("train", "-c", CONFIG), 2) == "runs: is not a directory"


def test_directories_above_are_removed_again_unless_something_is_in_them(tmp_path):
    with pytest.raises(ZeroDivisionError), new_directories(tmp_path / "a/b"):
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ZeroDivisionError), new_directories(tmp_path / "a/b/c"):
        (tmp_path / "a/kept").write_text("mine")
        raise ZeroDivisionError
    assert everything_below(tmp_path) == {"a": None, "a/kept": b"mine"}


def test_a_file_appears_whole_or_not_at_all(tmp_path):
    target = tmp_path / "new/file.txt"
    with pytest.raises(ZeroDivisionError), whole_file(target) as draft:
        draft.write_text("half")
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []
    with whole_file(target) as draft:
        draft.write_text("whole")
    assert everything_below(tmp_path) == {"new": None, "new/file.txt": b"whole"}


OUTPUTS = [
    ("film.avi", "film.avi: the name of a film ends in one of .mp4, .gif, .webm"),
    ("folder.mp4", "folder.mp4: this is a directory"),
    ("file/film.mp4", "file: is not a directory"),
    ("new/file\n.mp4", "control characters"),
    ("new/" + "x" * 300 + ".mp4", "a name of 304 bytes"),
]


@pytest.mark.parametrize(("output", "says"), OUTPUTS, ids=[case[0][:20] for case in OUTPUTS])
def test_a_film_that_cannot_be_written_is_named_before_anything_is_imported(call, output, says):
    make_run(Path("runs/mine"))
    Path("folder.mp4").mkdir()
    Path("file").write_text("mine")
    assert says in one_line(call("record", "-o", output), 2)


@pytest.mark.parametrize(("ffmpeg", "says"), [("/no/such/ffmpeg", "No such file"), ("/bin/false", "exit status 1")])
@pytest.mark.parametrize("film", ["new/film.mp4", "new/film.gif"])
def test_a_film_without_ffmpeg_is_refused_before_tensorflow_is_imported(tmp_path, film, ffmpeg, says):
    make_run(tmp_path / "runs/mine")
    before = everything_below(tmp_path)
    env = {"IMAGEIO_FFMPEG_EXE": ffmpeg}
    (outcome,) = run_several(["record", "-o", film], cwd=tmp_path, env=env)
    sentence = one_line(outcome, 1)
    assert sentence.startswith(f"{film} needs ffmpeg, which cannot be run (")
    assert says in sentence
    assert not outcome.tensorflow
    assert everything_below(tmp_path) == before


@pytest.mark.parametrize(
    ("reference", "says"),
    [
        ("x" * 300, "File name too long"),
        ("\x1b[2J", "\\x1b[2J: no such run or policy"),
        ("fifo", "fifo: holds no saved policy"),
        ("loop", "loop: "),
        ("runs/mine/policies/best/policy.json", "holds no saved policy"),
    ],
)
def test_a_policy_that_is_not_there(call, reference, says):
    make_run(Path("runs/mine"))
    os.mkfifo("fifo")
    Path("loop").symlink_to("loop")
    assert says in one_line(call("eval", "--checkpoint", reference), 2)


SIDECARS = [
    ('"step": 250', '"step": true', "True is not a whole number from 0 to 2147483647"),
    ('"step": 250', '"step": 2.5', "2.5 is not a whole number"),
    ('"step": 250', '"step": -1', "-1 is not a whole number"),
    ('"step": 250', '"step": "' + "x" * 5000 + '"', "..."),
    ('"max_episode_steps": 200', '"max_episode_steps": 0', "0 is not a whole number from 1"),
    ('"max_episode_steps": 200', '"max_episode_steps": 1e3', "1000.0 is not a whole number"),
    ('"env_name": "CartPole-v0"', '"env_name": ["CartPole-v0"]', "['CartPole-v0'] is not a text"),
    ('"max_episode_steps": 200', '"max_episode_steps": 200, "constants": {"tau": NaN}', "are not physical constants"),
    ('"max_episode_steps": 200', '"max_episode_steps": 200, "constants": {"__class__": 1}', "no constant '__class__'"),
    ('"max_episode_steps": 200', '"max_episode_steps": 200, "constants": {"a b": 1}', "not the sidecar of a policy"),
    ('"shape": []', '"shape": "4"', "'4' is not a shape"),
    ('"files": {', '"files": {"../../etc/passwd": "0", ', "../../etc/passwd is missing"),
    ('"files": {', '"files": {"\\u001b[2J": "0", ', "\\x1b[2J is missing"),
    ('"files": {', '"files": {"a": 5, ', "5 is not a text"),
    ("{", "[" * 100_000, "cannot be read"),
    ("{", " " * (1 << 20) + "{", "larger than 1048576 bytes"),
    ('"env_name": "CartPole-v0"', '"env_name": "Acrobot-v1"', "not a policy for Acrobot-v1, which observes Box("),
    ('"env_name": "CartPole-v0"', '"env_name": "Pendulum-v1"', "not a policy for Pendulum-v1"),
    ('"env_name": "CartPole-v0"', '"env_name": "Nothing-v9"', "gym has no environment 'Nothing-v9'"),
    ('"env_name": "CartPole-v0"', '"env_name": "os:CartPole-v0"', "--import-module os"),
    ('"maximum": 1', '"maximum": 2', "not a policy for CartPole-v0"),
    ('"maximum": 1', '"maximum": [[1], [1, 2]]', "not a policy for CartPole-v0"),
    ('"maximum": 1', '"maximum": "one"', "not a policy for CartPole-v0"),
]


@pytest.mark.parametrize(("old", "new", "says"), SIDECARS, ids=[case[1][:40] for case in SIDECARS])
def test_a_sidecar_that_is_not_this_policys_is_refused(call, old, new, says):
    path = make_policy(Path("policy")) / "policy.json"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    assert says in one_line(call("eval", "--checkpoint", "policy"), 2)


def test_a_policy_file_that_never_ends_is_not_read(call):
    make_policy(Path("policy"))
    Path("policy/saved_model.pb").unlink()
    os.mkfifo("policy/saved_model.pb")
    assert "saved_model.pb is missing" in one_line(call("eval", "--checkpoint", "policy"), 2)


def test_a_picture_that_cannot_be_written(call):
    Path("file").write_text("mine")
    Path("folder.png").mkdir()
    assert "ends in one of .png" in one_line(call("env", "CartPole-v1", "--picture", "a.jpg"), 2)
    assert one_line(call("env", "CartPole-v1", "--picture", "file/a.png"), 2) == "file: is not a directory"
    assert "this is a directory" in one_line(call("env", "CartPole-v1", "--picture", "folder.png"), 2)


def test_a_file_that_cannot_grow_is_named(tmp_path):
    (tmp_path / "a.yaml").write_text("environment: {env_name: CartPole-v0}")
    done = run_cartrl("train", "-c", "a.yaml", "--run-dir", "run", cwd=tmp_path, largest_file=0)
    assert one_line(done, 1).endswith(": File too large")


def test_what_nobody_foresaw_is_one_line_and_a_traceback_on_request(call, monkeypatch):
    monkeypatch.setattr("cartrl.cli.commands.config.run", lambda *_, **__: 1 / 0)
    assert one_line(call("config", "x"), 1).startswith(
        "unexpected ZeroDivisionError: division by zero; run with --debug"
    )
    done = call("--debug", "config", "x")
    assert done.returncode == 1
    assert "Traceback (most recent call last)" in done.stderr
    assert done.stderr.splitlines()[-1].startswith("error: unexpected ZeroDivisionError: division by zero")


def test_debug_shows_the_traceback_of_a_refusal_too(call):
    ended = call("--debug", "eval", "--checkpoint", "nothing")
    assert ended.returncode == 2
    assert "in find_policy" in ended.stderr
    assert ended.stderr.splitlines()[-1] == "error: nothing: no such run or policy"
    assert one_line(call("eval", "--checkpoint", "nothing"), 2) == "nothing: no such run or policy"


@pytest.fixture(scope="module")
def environments():
    """The bad environments, by the path that --import-module takes."""
    import sys

    from tests.helpers import MODULES

    sys.path.insert(0, str(MODULES))
    imports.import_environments([MODULE])
    yield lambda name: f"{MODULE}:{name}-v0"
    sys.path.remove(str(MODULES))
    imports.given.remove(MODULE)


AT_ONCE = [
    ("Constructor", 1, "raised ValueError in its constructor: no such joystick"),
    ("ResetRaises", 1, "raised RuntimeError in reset: the motor is hot"),
    ("ResetNan", 1, "returned nan as observation in reset; every number must be finite"),
    ("ResetShape", 1, "returned an observation of shape (3,) in reset"),
    ("StepRaises", 1, "raised RuntimeError in step: the motor is hot"),
    ("StepNanReward", 1, "returned nan as reward in step"),
    ("ResetLarge", 1, "has an observation of 1e+38; squares of numbers beyond 1e+15 do not fit into float32"),
    ("StepLargeReward", 1, "has a reward of 1e+20; squares of numbers beyond 1e+15 do not fit into float32"),
    ("WideActions", 1, "has a bound of actions of -3.4e+38; squares of numbers beyond 1e+15 do not fit into float32"),
    ("Endless", 2, "has no time limit of its own; set environment.max_episode_steps"),
    ("Dict", 1, "returned an array of shape (2,), float32 as observation in reset, but says Dict(a:Box"),
    ("Tuple", 1, "returned an array of shape (2,), float32 as observation in reset, but says Tuple(Box"),
]


def test_a_bad_environment_is_named_before_tensorflow_is_imported(tmp_path):
    for name, _, _ in AT_ONCE:
        (tmp_path / f"{name}.yaml").write_text(f"environment:\n  env_name: {MODULE}:{name}-v0\n")
    before = everything_below(tmp_path)
    calls = [["--import-module", MODULE, "train", "-c", f"{name}.yaml"] for name, _, _ in AT_ONCE]
    for (name, code, says), outcome in zip(AT_ONCE, run_several(*calls, cwd=tmp_path)):
        assert f"{MODULE}:{name}-v0 {says}" in one_line(outcome, code)
        assert not outcome.tensorflow
    assert everything_below(tmp_path) == before


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("LateRaises", "raised RuntimeError in step: the motor\nis hot"),
        ("LateNan", "returned nan as observation in step"),
        ("LastNan", "returned nan as observation in step"),
        ("LateInf", "returned inf as observation in step"),
        ("LateHuge", "returned inf as observation in step"),
        ("LateShape", "returned an observation of shape (3,) in step, but says Box"),
        ("LateNanReward", "returned nan as reward in step"),
        ("LateInfReward", "returned -inf as reward in step"),
        ("LateHugeReward", "returned inf as reward in step"),
        ("LateTextReward", "returned 'much' as reward in step, but cartrl expects a number"),
    ],
)
@pytest.mark.filterwarnings("error")
def test_an_environment_that_goes_wrong_later_is_named(environments, name, says):
    vector = VectorEnvironment(EnvironmentSettings(env_name=environments(name)), 2)
    with pytest.raises(CartrlError) as failure:
        vector.run_episodes(lambda observations, _: np.zeros(len(observations), np.int64), [1, 2, 3])
    assert str(failure.value).startswith(f"{environments(name)} {says}")


def test_an_environment_that_renders_nothing_is_named(environments):
    env = suite.playable(EnvironmentSettings(env_name=environments("Dark")))
    env.reset(0)
    with pytest.raises(CartrlError, match="Dark-v0 renders no picture"):
        env.frame()


def test_code_is_imported_only_when_asked_for_by_name(tmp_path):
    mark = tmp_path / "mark"
    env = {"PYTHONPATH": module_path(), "IMPORTED_MARK": str(mark)}
    (tmp_path / "a.yaml").write_text(f"environment:\n  env_name: {MODULE}:Fine-v0\n")
    for arguments in (["train", "-c", "a.yaml"], ["env", f"{MODULE}:Fine-v0"]):
        sentence = one_line(run_cartrl(*arguments, cwd=tmp_path, env=env), 2)
        assert sentence.endswith(f"if you trust it, say so: cartrl {' '.join(arguments)} --import-module {MODULE}")
        other = run_cartrl(*arguments, "--import-module", "json", cwd=tmp_path, env=env)
        assert one_line(other, 2) == sentence.replace(" --import", " --import-module json --import")
        assert not mark.exists()
    done = run_cartrl("--import-module", MODULE, "env", f"{MODULE}:Fine-v0", cwd=tmp_path, env=env)
    assert (done.returncode, done.stderr) == (0, "")
    assert "20 steps" in done.stdout
    assert mark.exists()


def test_a_module_that_cannot_be_imported_is_named(call):
    sentence = one_line(call("--import-module", "no_such_module", "env", "CartPole-v1"), 2)
    assert sentence == (
        "--import-module no_such_module: there is no such module: none is installed, and there is no "
        "no_such_module.py in the working directory"
    )
