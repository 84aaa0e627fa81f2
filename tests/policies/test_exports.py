"""`cartrl export`: policies that play without cartrl act as the original does, and hostile files are refused."""

import hashlib
import json
import os
import pickle
import re
import shutil
import signal
import subprocess
import sys
import zipfile

import numpy as np
import pytest

from tests.helpers import clean_environment, one_line, run_several, wait_until

SHORT = "train: {num_iterations: 3}\neval: {num_eval_episodes: 2, eval_interval: 3}\n"
REINFORCE = "agent: {kind: reinforce, fc_layer_params: [16]}\n"
PPO = (
    "agent: {kind: ppo, fc_layer_params: [16, 16], normalize_observations: true}\n"
    "collect: {num_environments: 2, num_steps: 64}\n"
)
OFF_POLICY = (
    "agent: {{kind: {}, fc_layer_params: [16, 16], batch_size: 16}}\n"
    "collect: {{num_environments: 2, num_steps: 8, turns_per_iteration: 3, warm_up_steps: 32}}\n"
    "replay_buffer: {{replay_buffer_capacity: 150}}\n"
)
CARTPOLE, PENDULUM = "environment: {env_name: CartPole-v1}\n", "environment: {env_name: Pendulum-v1}\n"
CATCH, STEER = (  # two images of 10 by 10 pixels, one upon the other
    f"environment: {{{environment}, wrappers: [{{kind: frame_stack, frames: 2}}]}}\n"
    for environment in ("env_name: Catch, suite: cartrl", 'env_name: "pixels:Steer-v0"')
)


def of_images(agent):
    """The config of an agent with two convolutions, of which one leaves out pixels."""
    return agent.replace("agent: {", "agent: {conv_layer_params: [[8, 3, 1], [8, 4, 2]], ")


CONFIGS = {
    "ppo-discrete": CARTPOLE + PPO,
    "sac": PENDULUM + OFF_POLICY.format("sac"),
    "dqn": CARTPOLE + OFF_POLICY.format("dqn"),
    "reinforce-discrete": CARTPOLE + REINFORCE,
    "reinforce-continuous": PENDULUM + REINFORCE,
    "ppo-continuous": PENDULUM + PPO,
    "ddpg": PENDULUM + OFF_POLICY.format("ddpg"),
    "td3": PENDULUM + OFF_POLICY.format("td3"),
    "dqn-images": CATCH + of_images(OFF_POLICY.format("dqn")),
    "sac-images": STEER + of_images(OFF_POLICY.format("sac")),
    "reinforce-images": CATCH + of_images(REINFORCE),
    "ppo-images": STEER + of_images(PPO).replace(", normalize_observations: true", ""),
    "ddpg-images": STEER + of_images(OFF_POLICY.format("ddpg")),
    "td3-images": STEER + of_images(OFF_POLICY.format("td3")),
}
# Observations are normalised; are images; and of two convolutions the variables have one name.
QUICK = ("ppo-discrete", "reinforce-images", "ddpg-images")
DISCRETE = tuple(kind for kind, config in CONFIGS.items() if config.startswith((CARTPOLE, CATCH)))
SLOW = tuple(kind for kind in CONFIGS if kind not in QUICK)
# Each plays the exports of all kinds in a process that has only what they need: [greedy, drawn] actions of each.
NUMPY = """
import json, sys, time
import numpy as np
answers = []
for kind in sys.argv[1:]:
    sys.path.insert(0, f"{kind}/exports/final-npz")
    sys.modules.pop("policy", None)
    began = time.process_time()
    from policy import Policy
    assert time.process_time() - began < 0.1
    policy, observations = Policy(f"{kind}/exports/final-npz/policy.npz"), np.load(f"{kind}.npy")
    answers.append([policy.act(observations).tolist(), policy.act(observations, np.random.default_rng(0)).tolist()])
    assert np.shape(policy.act(observations[0])) == policy.action_shape
assert not {"tensorflow", "cartrl", "gym"} & set(sys.modules)
print(json.dumps(answers))
"""
ONNX = """
import json, sys
import numpy as np, onnxruntime
answers = []
for kind in sys.argv[1:]:
    session = onnxruntime.InferenceSession(f"{kind}/exports/final-onnx/policy.onnx")
    observations, rng = np.load(f"{kind}.npy"), np.random.default_rng(0)
    size = [len(observations), *session.get_inputs()[1].shape[1:]]
    is_discrete = session.get_outputs()[0].type == "tensor(int64)"
    noise = (rng.random(size) if is_discrete else rng.standard_normal(size)).astype(np.float32)
    found = session.run(["action", "drawn"], {"observation": observations, "noise": noise})
    answers.append([actions.tolist() for actions in found])
assert not {"tensorflow", "cartrl", "gym"} & set(sys.modules)
print(json.dumps(answers))
"""
TFLITE = """
import json, sys
import numpy as np, tensorflow as tf
answers = []
for kind in sys.argv[1:]:
    play = tf.lite.Interpreter(f"{kind}/exports/final-tflite/policy.tflite").get_signature_runner()
    observations, rng = np.load(f"{kind}.npy"), np.random.default_rng(0)
    size = [len(observations), *play.get_input_details()["noise"]["shape"][1:]]
    is_discrete = play.get_output_details()["action"]["dtype"] is np.int64
    noise = (rng.random(size) if is_discrete else rng.standard_normal(size)).astype(np.float32)
    found = play(observation=observations, noise=noise)
    answers.append([found["action"].tolist(), found["drawn"].tolist()])
    assert np.allclose(play(observation=observations[:1], noise=noise[:1])["action"], found["action"][:1], atol=1e-5)
assert not {"tensorflow_probability", "cartrl"} & set(sys.modules)
print(json.dumps(answers))
"""
TENSORFLOW = """
import json, sys
import numpy as np, tensorflow as tf
answers = []
for kind in sys.argv[1:]:
    signatures = tf.saved_model.load(f"{kind}/exports/final-saved-model").signatures
    observations = tf.constant(np.load(f"{kind}.npy"))
    greedy = signatures["serving_default"](observation=observations)["action"]
    drawn = signatures["draw"](observation=observations, seed=tf.constant([3, 4]))["action"]
    answers.append([greedy.numpy().tolist(), drawn.numpy().tolist()])
assert not {"tensorflow_probability", "cartrl"} & set(sys.modules)
print(json.dumps(answers))
"""
ORIGINAL = """
import json, sys
import numpy as np, cartrl
answers = []
for kind in sys.argv[1:]:
    policy, observations = cartrl.load_policy(f"{kind}/policies/final"), np.load(f"{kind}.npy")
    answers.append([policy.act(observations).tolist(), policy.act(observations, np.random.default_rng(0)).tolist()])
print(json.dumps(answers))
"""
# Goes from an observation for which one action is best towards one for which the other is, until the two nearly tie.
TIE = """
import json, sys
import numpy as np, cartrl
policy, observations = cartrl.load_policy("ppo-discrete/policies/final"), np.load("ppo-discrete.npy")[:50]
actions = policy.act(observations)
ends = [observations[actions == action][0] for action in (0, 1)]
seen, found = [], []
while "tensorflow" not in sys.modules and len(seen) < 60:
    seen.append((ends[0] + ends[1]) / 2)
    found.append(int(policy.act(seen[-1])))
    ends[found[-1]] = seen[-1]
was_needed = "tensorflow" in sys.modules
print(json.dumps([repr(policy), was_needed, found, cartrl.load_policy("alone/policies/final").act(seen).tolist()]))
"""
PROGRAMS = {"npz": NUMPY, "onnx": ONNX, "tflite": TFLITE, "saved-model": TENSORFLOW}


@pytest.fixture(scope="module", params=[QUICK, pytest.param(SLOW, marks=pytest.mark.slow)], ids=["quick", "slow"])
def home(request, tmp_path_factory):
    """A directory with a tiny run of each kind, its exports, and observations; the kinds; how the policies play."""
    home, kinds = tmp_path_factory.mktemp("exports"), request.param
    calls = []
    for kind in kinds:
        (home / f"{kind}.yaml").write_text(CONFIGS[kind] + SHORT, encoding="utf-8")
        np.save(home / f"{kind}.npy", observations(kind))
        policy = f"{kind}/policies/final"
        calls += [
            ["--import-module", "pixels", "train", f"{kind}.yaml", "--quiet", "--run-dir", kind],
            ["eval", policy, "--episodes", "20", "--json"],
            *(["export", policy, "--format", form, "--episodes", "20"] for form in PROGRAMS),
        ]
    outcomes = run_several(*calls, cwd=home)
    assert not any(outcome.returncode for outcome in outcomes), outcomes
    return home, kinds, [json.loads(outcome.stdout) for outcome in outcomes[1::6]]


def observations(kind):
    rng = np.random.default_rng(5)
    if "images" in kind:
        return rng.integers(256, size=(2000, 10, 10, 2), dtype=np.uint8)
    return rng.normal(size=(2000, 4 if kind in DISCRETE else 3)).astype(np.float32)


def printed(program, home, *arguments):
    """What a Python program prints in its last line."""
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=home, env=clean_environment(), capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def played(program, home, kinds):
    return [[np.array(actions) for actions in answer] for answer in printed(program, home, *kinds)]


def test_every_export_acts_as_the_original_in_a_process_without_cartrl(home):
    home, kinds, _ = home
    originals = played(ORIGINAL, home, kinds)
    for form, program in PROGRAMS.items():
        for kind, (greedy, drawn), found in zip(kinds, originals, played(program, home, kinds)):
            if greedy.dtype.kind == "i" or form == "saved-model":
                assert np.array_equal(found[0], greedy), (kind, form)
            else:
                assert np.allclose(found[0], greedy, rtol=0, atol=1e-5), (kind, form)
            away = abs(found[1].mean() - drawn.mean())  # of two samples of 2,000
            assert away < 6 * drawn.std() / 1000**0.5, (kind, form)
            assert abs(found[1].std() - drawn.std()) < 0.1 * drawn.std() + 1e-9, (kind, form)


def test_a_card_says_what_was_found_and_cartrl_plays_the_arrays_without_tensorflow(home):
    home, kinds, evaluated = home
    alone = run_several(
        *(
            ["--import-module", "pixels", "eval", f"{kind}/exports/final-npz", "--episodes", "20", "--json"]
            for kind in kinds
        ),
        ["export", f"{kinds[0]}/policies/final"],
        ["export", f"{kinds[0]}/exports/final-npz", "--output", "again"],
        cwd=home,
    )
    for kind, expected, outcome in zip(kinds, evaluated, alone):
        assert (outcome.returncode, outcome.tensorflow) == (0, False), outcome
        is_discrete = kind in DISCRETE
        found = json.loads(outcome.stdout)["returns"]
        assert found == expected["returns"] if is_discrete else np.allclose(found, expected["returns"], rtol=1e-3)
        for form in PROGRAMS:
            card = (home / f"{kind}/exports/final-{form}/README.md").read_text(encoding="utf-8")
            assert f"# A policy for {expected['env_name']}" in card
            assert "| measured in | 20 greedy episodes from seed 0 |" in card
            count = "1,000" if "images" in kind else "10,000"
            same = f"Of {count} observations, {count} have the same greedy action to the last bit."
            assert same in card or not (is_discrete or form == "saved-model")
    assert "exists already" in one_line(alone[-2], 2)
    assert "is an exported policy" in one_line(alone[-1], 2)


def hostile(home, change):
    """Make an export whose arrays ``change`` has changed, with a sidecar to match."""
    place = home / change.__name__
    shutil.copytree(home / "ppo-discrete/exports/final-npz", place)
    change(place / "policy.npz")
    sidecar = json.loads((place / "policy.json").read_text(encoding="utf-8"))
    sidecar["files"]["policy.npz"] = hashlib.sha256((place / "policy.npz").read_bytes()).hexdigest()
    (place / "policy.json").write_text(json.dumps(sidecar), encoding="utf-8")


class Touch:
    """What a pickle would run."""

    def __reduce__(self):
        return os.mkdir, ("ran",)


def with_member(path, name, content):
    arrays = {key: value for key, value in np.load(path).items() if key != name}
    np.savez(path, **arrays)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(f"{name}.npy", content)


def pickled(path):
    with_member(path, "layers", pickle.dumps(Touch()))


def of_objects(path):
    np.savez(path, **{**dict(np.load(path)), "layers": np.array([Touch()], dtype=object)})


def bare_pickle(path):
    path.write_bytes(pickle.dumps(Touch()))


def without_a_layer(path):
    np.savez(path, **{name: value for name, value in np.load(path).items() if name != "bias_0"})


def of_other_shapes(path):
    np.savez(path, **{**dict(np.load(path)), "kernel_0": np.zeros((7, 16), np.float32)})


def huge(path):
    header = b"\x93NUMPY\x01\x00v\x00" + b"{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000000,), }"
    with_member(path, "bias_0", header.ljust(127) + b"\n")


CHANGES = (pickled, of_objects, bare_pickle, without_a_layer, of_other_shapes, huge)


@pytest.mark.parametrize("home", [QUICK], indirect=True, ids=["quick"])
def test_hostile_arrays_are_refused_in_a_sentence_and_run_nothing(home):
    home, _, _ = home
    for change in CHANGES:
        hostile(home, change)
    outcomes = run_several(*(["eval", change.__name__, "--episodes", "1"] for change in CHANGES), cwd=home)
    for change, outcome in zip(CHANGES, outcomes):
        assert f"{change.__name__}/policy.npz: not a policy that cartrl exported: " in one_line(outcome, 2)
    assert not (home / "ran").exists()


@pytest.mark.parametrize("home", [QUICK], indirect=True, ids=["quick"])
def test_hostile_models_are_refused_in_a_sentence(home, tmp_path):
    import onnx

    from cartrl.errors import UsageError
    from cartrl.policies.portable.onnx_file import Player

    home, _, _ = home
    content = (home / "ppo-discrete/exports/final-onnx/policy.onnx").read_bytes()
    other, outside, broken = (onnx.ModelProto.FromString(content) for _ in range(3))
    other.graph.node[0].op_type = "SequenceAt"
    outside.graph.initializer[0].data_location = onnx.TensorProto.EXTERNAL
    outside.graph.initializer[0].external_data.add(key="location", value="/etc/passwd")
    del broken.graph.initializer[0]
    for hostile, reason in [
        (b"\x00nothing", "not an ONNX model"),
        (other.SerializeToString(), "it has the operator SequenceAt"),
        (outside.SerializeToString(), "it names other files"),
        (broken.SerializeToString(), ""),
        (onnx.ModelProto().SerializeToString(), "its inputs are not observation and noise"),
    ]:
        (tmp_path / "policy.onnx").write_bytes(hostile)
        with pytest.raises(UsageError, match=rf"policy\.onnx: not a policy that cartrl exported: {reason}"):
            Player(tmp_path / "policy.onnx")


@pytest.mark.parametrize("home", [QUICK], indirect=True, ids=["quick"])
def test_a_first_interrupt_leaves_nothing_of_an_export(home):
    home, _, _ = home
    (home / "stopped").mkdir()
    process = subprocess.Popen(
        [sys.executable, "-m", "cartrl", "export", "ppo-discrete/policies/final", "--format", "tflite",
         "-o", "stopped/final"],
        cwd=home, env=clean_environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    wait_until(lambda: any((home / "stopped").iterdir()), "the export has a draft", process=process)
    process.send_signal(signal.SIGSTOP)
    assert [path.name[:7] for path in (home / "stopped").iterdir()] == [".draft-"]
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGCONT)
    assert process.wait(timeout=60) == 128 + signal.SIGINT
    assert not any((home / "stopped").iterdir())


@pytest.mark.parametrize("home", [QUICK], indirect=True, ids=["quick"])
def test_the_export_of_a_discrete_policy_plays_in_its_place_unless_it_was_made_from_other_variables(home):
    home, _, evaluated = home
    shutil.copytree(home / "ppo-discrete", home / "stale")
    path = home / "stale/exports/final-npz/policy.json"
    path.write_text(json.dumps({**json.loads(path.read_text(encoding="utf-8")), "variables": "0" * 64}))
    table, facts, film, drawn, stale = run_several(
        ["eval", "ppo-discrete/policies/final", "--episodes", "2"],
        ["eval", "ppo-discrete/policies/final", "--episodes", "20", "--json"],
        ["record", "ppo-discrete/policies/final", "--episodes", "1", "--output", "film.gif"],
        ["eval", "ppo-discrete/policies/final", "--episodes", "2", "--stochastic"],
        ["eval", "stale/policies/final", "--episodes", "2"],
        cwd=home,
    )
    assert (table.tensorflow, facts.tensorflow, film.tensorflow, drawn.tensorflow) == (False, False, False, True)
    assert json.loads(facts.stdout) == evaluated[0]
    for outcome in (table, film):
        assert re.search("played from +ppo-discrete/exports/final-npz, with the same actions", outcome.stdout)
    assert stale.returncode == 0 and "played from" not in drawn.stdout + stale.stdout


@pytest.mark.parametrize("home", [QUICK], indirect=True, ids=["quick"])
def test_the_policy_itself_acts_as_soon_as_two_actions_nearly_tie(home):
    home, _, _ = home
    shutil.copytree(home / "ppo-discrete", home / "alone", ignore=shutil.ignore_patterns("exports"))
    said, was_needed, found, original = printed(TIE, home)
    assert "ppo-discrete/exports/final-npz'>" in said and ", played from '" in said
    assert was_needed and len(found) > 3  # the first observations are far from a tie
    assert found == original
