"""Bad input that only shows once TensorFlow runs: one line, the right exit code, and nothing lost or left behind."""

import csv
import json
import shutil
import subprocess
import sys

import pytest

from cartrl.policies import sidecar
from cartrl.runs.json_files import read_json
from tests.helpers import CONFIGS, everything_below, one_line, run_several

MODULE = "bad_environments"


@pytest.fixture(scope="module")
def opted_in(tmp_path_factory):
    """Runs of environments from a module that was asked for, and what the process said, by environment."""
    home = tmp_path_factory.mktemp("opted-in")
    names = ["Fine", "Dark", "LateRaises", "LateNan", "LateNanReward", "LateLargeReward"]
    calls = []
    for name in names:
        (home / f"{name}.yaml").write_text(
            f"environment:\n  env_name: {MODULE}:{name}-v0\ntrain:\n  num_iterations: 2\n"
        )
        calls.append(["--import-module", MODULE, "train", "-c", f"{name}.yaml", "--run-dir", name, "--quiet"])
    far = ["train.num_iterations=2", "eval.eval_interval=1000", "collect.engine=vectorized"]
    options = [word for setting in far for word in ("--set", setting)]
    calls.append(["train", "-c", CONFIGS / "reinforce.yaml", "--run-dir", "far", "--quiet", *options])
    return home, dict(zip([*names, "far"], run_several(*calls, cwd=home)))


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("LateRaises", "raised RuntimeError in step: the motor is hot"),
        ("LateNan", "returned nan as observation in step; every number must be finite"),
        ("LateNanReward", "returned nan as reward in step; every number must be finite"),
    ],
)
def test_an_environment_that_fails_while_training_is_named(opted_in, name, says):
    home, outcomes = opted_in
    assert one_line(outcomes[name], 1) == f"{MODULE}:{name}-v0 {says}"
    manifest = read_json(home / name / "manifest.json")
    assert manifest["outcome"] == "failed"
    assert says[:20] in manifest["error"]


def test_a_reward_too_large_to_learn_from_is_named_where_its_gradient_was_0(opted_in):
    home, outcomes = opted_in
    sentence = one_line(outcomes["LateLargeReward"], 1)
    assert sentence.startswith("iteration 1 has a reward of 5e+20; squares of numbers beyond 1e+15 do not fit")
    assert read_json(home / "LateLargeReward/manifest.json")["outcome"] == "failed"


def test_a_policy_never_imports_the_module_of_its_environment_by_itself(opted_in, tmp_path):
    home, outcomes = opted_in
    assert (outcomes["Fine"].returncode, outcomes["Fine"].stderr) == (0, "")
    assert read_json(home / "Fine/policies/best/policy.json")["environment"] == {
        "env_name": f"{MODULE}:Fine-v0",
        "suite": "gym",
        "max_episode_steps": 20,
        "constants": {},
        "kwargs": {},
        "wrappers": [],
    }
    ask = f"'{MODULE}:Fine-v0' imports code, the module '{MODULE}'; if you trust it, say so: "
    played = ["eval", "--checkpoint", "Fine", "--episodes", "3", "--json"]
    filmed = ["record", "--checkpoint", "Fine", "--episodes", "1", "-o", tmp_path / "film.gif"]
    mark = tmp_path / "mark"
    refused = run_several(played, filmed, cwd=home, env={"IMPORTED_MARK": str(mark)})
    for outcome, call in zip(refused, (played, filmed)):
        assert one_line(outcome, 2) == f"{ask}cartrl {' '.join(map(str, call))} --import-module {MODULE}"
        assert not outcome.tensorflow
    assert not mark.exists()
    asked = [["--import-module", MODULE, *call] for call in (played, filmed)]
    evaluated, recorded = run_several(*asked, cwd=home)
    assert json.loads(evaluated.stdout)["env_name"] == f"{MODULE}:Fine-v0"
    assert (recorded.returncode, recorded.stderr) == (0, "")
    assert (tmp_path / "film.gif").stat().st_size > 1000


def test_an_environment_without_pictures_leaves_no_film(opted_in):
    home, _ = opted_in
    before = everything_below(home)
    calls = [
        ["--import-module", MODULE, "record", "--checkpoint", "Dark", *where] for where in ([], ["-o", "new/a.gif"])
    ]
    for outcome in run_several(*calls, cwd=home):
        assert one_line(outcome, 1) == f"{MODULE}:Dark-v0 renders no picture"
    assert everything_below(home) == before


def test_an_interval_beyond_the_last_iteration_evaluates_at_the_end(opted_in):
    home, outcomes = opted_in
    assert (outcomes["far"].returncode, outcomes["far"].stderr) == (0, "")
    with (home / "far/metrics.csv").open() as file:
        assert [row["iteration"] for row in csv.DictReader(file) if row["greedy_return_mean"]] == ["0", "2"]


def flip(path):
    content = bytearray(path.read_bytes())
    for place in range(0, len(content), 97):
        content[place] ^= 0x55
    path.write_bytes(content)


def save_another_program(policy):
    shutil.rmtree(policy / "variables")
    program = "import sys, tensorflow as tf; tf.saved_model.save(tf.Module(), sys.argv[1])"
    subprocess.run([sys.executable, "-c", program, str(policy)], check=True, capture_output=True)


DAMAGES = {
    "empty graph": lambda policy: (policy / "saved_model.pb").write_bytes(b""),
    "truncated graph": lambda policy: (policy / "saved_model.pb").write_bytes(
        (policy / "saved_model.pb").read_bytes()[:5000]
    ),
    "flipped graph": lambda policy: flip(policy / "saved_model.pb"),
    "no graph": lambda policy: (policy / "saved_model.pb").unlink(),
    "truncated weights": lambda policy: (policy / "variables/variables.data-00000-of-00001").write_bytes(b"12"),
    "flipped index of weights": lambda policy: flip(policy / "variables/variables.index"),
    "no weights": lambda policy: shutil.rmtree(policy / "variables"),
    "another program": save_another_program,
}


def test_a_damaged_policy_whose_sidecar_was_made_to_match_is_refused(short_run, tmp_path):
    original = short_run.directory / "policies/best"
    content = {key: value for key, value in read_json(original / "policy.json").items() if key != "files"}
    calls = []
    for number, (name, damage) in enumerate(DAMAGES.items()):
        policy = tmp_path / name
        shutil.copytree(original, policy)
        damage(policy)
        sidecar.write(policy, content)
        film = ["record", "--checkpoint", name, "-o", "new/film.gif"]
        calls.append(film if number % 2 else ["eval", "--checkpoint", name])
    before = everything_below(tmp_path)
    for name, outcome in zip(DAMAGES, run_several(*calls, cwd=tmp_path)):
        assert one_line(outcome, 2).startswith(f"{name}: not a policy that cartrl can load: "), name
    assert everything_below(tmp_path) == before


def test_a_disk_that_fills_up_leaves_no_half_film_and_the_old_one(short_run, tmp_path):
    (tmp_path / "old.mp4").write_bytes(b"old")
    outputs = ["old.mp4", "new/film.gif"]
    call = ["record", "--checkpoint", short_run.directory, "--episodes", "1", "-o"]
    before = everything_below(tmp_path)
    for output, outcome in zip(
        outputs, run_several(*[[*call, output] for output in outputs], cwd=tmp_path, largest_file=8)
    ):
        assert one_line(outcome, 1, "filming episode 1 of 1\n").startswith(f"{output}: cannot be written: ")
    assert everything_below(tmp_path) == before
