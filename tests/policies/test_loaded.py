"""Policies as programs load them: the actions of `cartrl eval`, and a process that stays as it was."""

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest
from gym.envs.classic_control import CartPoleEnv, PendulumEnv

import cartrl
from cartrl import randomness
from cartrl.environments.episodes import episode_return
from tests.helpers import CONFIGS, clean_environment, run_cartrl, run_several

EPISODES, SEED = 3, 11
EVAL = ("--episodes", EPISODES, "--seed", SEED, "--json")
OWN = ("--import-module", "own_environments")


@pytest.fixture(scope="module")
def policy(short_run):
    """The best policy of the short run."""
    return cartrl.load_policy(short_run.directory)


@pytest.fixture(scope="module")
def evaluations(short_run, tmp_path_factory):
    """Runs of three kinds of action spaces, and what ``cartrl eval`` says of each: by environment (directory, JSON)."""
    home = tmp_path_factory.mktemp("spaces")
    train = ("train", "--config", CONFIGS / "reinforce.yaml", "--set", "train.num_iterations=1")
    outcomes = run_several(
        [*train, "--set", "environment.env_name=Pendulum-v1", "--run-dir", "pendulum"],
        [*train, "--set", "environment.env_name=ShiftedCartPole-v0", "--run-dir", "shifted", *OWN],
        ["eval", "pendulum", *EVAL],
        ["eval", "shifted", *EVAL, *OWN],
        ["eval", short_run.directory, *EVAL],
        cwd=home,
    )
    assert [outcome.returncode for outcome in outcomes] == [0] * 5, outcomes
    runs = {
        "Pendulum-v1": home / "pendulum",
        "ShiftedCartPole-v0": home / "shifted",
        "CartPole-v0": short_run.directory,
    }
    return {name: (run, json.loads(outcome.stdout)) for (name, run), outcome in zip(runs.items(), outcomes[2:])}


@pytest.mark.parametrize(
    ("env_name", "game", "first_action"),
    [
        ("CartPole-v0", CartPoleEnv, 0),
        ("ShiftedCartPole-v0", CartPoleEnv, 1),  # whose actions are 1 and 2
        ("Pendulum-v1", PendulumEnv, 0),
    ],
)
def test_a_policy_earns_what_eval_says_of_it(evaluations, env_name, game, first_action):
    run, evaluation = evaluations[env_name]
    policy = cartrl.load_policy(run)
    assert policy.environment["env_name"] == env_name
    resets = randomness.draw(EPISODES, SEED, randomness.Stream.EVAL_RESETS)
    envs = [game() for _ in resets]
    observations = [env.reset(seed=int(reset)) for env, reset in zip(envs, resets)]
    rewards = [[] for _ in resets]
    running = set(range(EPISODES))
    while running:  # a batch of all, as `cartrl eval` plays them: its size may change the last bit of an action
        actions = policy.act(np.stack(observations))
        for row in sorted(running):
            observations[row], reward, done, _ = envs[row].step(actions[row] - first_action)
            rewards[row].append(reward)
            if done or len(rewards[row]) == policy.environment["max_episode_steps"]:
                running.remove(row)
    assert [float(episode_return(np.array(own, np.float32))) for own in rewards] == evaluation["returns"]
    assert [len(own) for own in rewards] == evaluation["lengths"]


def test_actions_are_those_of_the_space(evaluations):
    shifted = cartrl.load_policy(evaluations["ShiftedCartPole-v0"][0])
    drawn = shifted.act(np.zeros((500, 4)), np.random.default_rng(0))
    assert set(drawn.tolist()) == {1, 2}
    pendulum = cartrl.load_policy(evaluations["Pendulum-v1"][0] / "policies/final")
    assert (pendulum.observation_shape, pendulum.action_shape) == ((3,), (1,))
    far = np.repeat(np.array([[1e4] * 3, [-1e4] * 3]), 500, axis=0)  # the means of their torques are near the bounds
    drawn = pendulum.act(far, np.random.default_rng(0))
    assert (drawn.shape, drawn.dtype) == ((1000, 1), np.float32)
    assert (drawn.min(), drawn.max()) == (-2.0, 2.0)
    assert 0.2 < np.mean(np.abs(drawn) == 2.0) < 0.8  # those drawn beyond the bounds


def test_one_observation_and_a_batch(evaluations):
    policy = cartrl.load_policy(evaluations["Pendulum-v1"][0])
    observations = np.random.default_rng(0).normal(size=(50, 3))
    batch = policy.act(observations)
    assert batch.shape == (50, 1)
    assert len(np.unique(batch)) > 40
    alone = [policy.act(observation) for observation in observations]
    np.testing.assert_allclose(alone, batch, rtol=1e-5, atol=1e-6)
    assert policy.act(observations.tolist()).tolist() == batch.tolist()
    assert policy.act(np.zeros((0, 3))).shape == (0, 1)
    assert PendulumEnv().action_space.contains(alone[0])


def test_whole_numbers_are_actions_as_the_environment_takes_them(policy):
    assert CartPoleEnv().action_space.contains(policy.act([0, 0, 0, 0]))
    assert policy.act(np.zeros((0, 4))).shape == (0,)


def test_draws_repeat_with_the_generator(policy):
    observations = np.zeros((200, 4))
    first, again = (np.random.default_rng(5) for _ in range(2))
    drawn = [policy.act(observations, rng=first) for _ in range(2)]
    assert set(drawn[0].tolist()) == {0, 1}
    assert drawn[0].tolist() == policy.act(observations, rng=again).tolist()
    assert drawn[1].tolist() == policy.act(observations, rng=again).tolist()
    assert drawn[0].tolist() != drawn[1].tolist()


@pytest.mark.parametrize(
    ("observations", "says"),
    [
        (np.zeros(3), "observations of shape (3,), but the policy takes one of shape (4,), or a batch (N, 4)"),
        (np.zeros((2, 2, 4)), "observations of shape (2, 2, 4), but the policy takes one of shape (4,)"),
        (1.0, "observations of shape (), but"),
        ([0.0, 0.0, np.nan, 0.0], "an observation holds nan; every number must be finite"),
        ([0.0, 0.0, 1e300, 0.0], "an observation holds inf"),
        (["a", "b", "c", "d"], "observations must be numbers, not list of <U1"),
        ([[1.0], [1.0, 2.0]], "observations must be numbers, not list of object"),
        (None, "observations must be numbers, not NoneType of object"),
        (np.zeros(4, complex), "observations must be numbers, not ndarray of complex128"),
    ],
)
def test_what_is_no_observation_is_refused(policy, observations, says):
    with pytest.raises(cartrl.CartrlError) as refusal:
        policy.act(observations)
    assert str(refusal.value).startswith(says)


def test_a_generator_of_another_kind_is_refused(policy):
    for rng in (7, np.random.RandomState(7)):
        with pytest.raises(cartrl.CartrlError, match=r"rng must be a numpy Generator, such as numpy\.random"):
            policy.act(np.zeros(4), rng)


def test_paths_are_found_as_the_command_line_finds_them(short_run, policy, tmp_path, monkeypatch):
    best = short_run.directory / "policies" / "best"
    for path in (str(short_run.directory), best.parent, best):
        assert cartrl.load_policy(path).path == best
    assert repr(policy) == f"<cartrl.Policy {str(best)!r} for CartPole-v0>"
    monkeypatch.chdir(short_run.directory.parents[1])
    assert cartrl.load_policy("latest").path.resolve() == best
    monkeypatch.chdir(tmp_path)
    for path in ("nowhere", "latest", tmp_path):
        done = run_cartrl("eval", path, cwd=tmp_path)
        with pytest.raises(cartrl.CartrlError) as refusal:
            cartrl.load_policy(path)
        assert done.stderr == f"error: {refusal.value}\n"


def test_a_policy_whose_files_were_changed_is_refused(short_run, tmp_path):
    policy = shutil.copytree(short_run.directory / "policies/best", tmp_path / "policy")
    with (policy / "saved_model.pb").open("ab") as file:
        file.write(b"\0")
    with pytest.raises(cartrl.CartrlError, match=r"saved_model\.pb is not what was saved"):
        cartrl.load_policy(policy)


LOADING = """
import faulthandler, gc, json, os, signal, sys, threading, warnings
import numpy  # which adds filters of warnings of its own
import cartrl

def state():
    return {
        "environment": {name: value for name, value in os.environ.items() if name not in set_by_tensorflow},
        "signals": [repr(signal.getsignal(number)) for number in signal.valid_signals()],
        "warnings": list(map(repr, warnings.filters)),
        "garbage collector": (gc.isenabled(), gc.get_freeze_count()),
        "bytecode": sys.dont_write_bytecode,
        "faulthandler": faulthandler.is_enabled(),
        "stderr": os.readlink("/proc/self/fd/2"),
        "processes": [name for name in os.listdir("/proc") if name.isdigit() and session_of(name) == os.getpid()],
    }

def session_of(process):
    try:
        return os.getsid(int(process))
    except ProcessLookupError:
        return None

set_by_tensorflow = ("TF2_BEHAVIOR", "TPU_ML_PLATFORM")
before, policies = state(), []
threads = [threading.Thread(target=lambda: policies.append(cartrl.load_policy(sys.argv[1]))) for _ in range(2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
actions = [policy.act(numpy.zeros(4)).item() for policy in policies]
after = state()
heavy = [name for name in ("gym", "tf_agents", "reverb") if name in sys.modules]
print(json.dumps([actions[0] == actions[1], heavy, [name for name in before if before[name] != after[name]]]))
print("stderr as before", file=sys.stderr)
"""


@pytest.mark.parametrize("options", [[], ["-W", "error"]], ids=["plain", "warnings are errors"])
def test_loading_prints_nothing_and_leaves_the_process_as_it_was(short_run, tmp_path, options):
    done = subprocess.run(
        [sys.executable, *options, "-c", LOADING, str(short_run.directory)],
        cwd=tmp_path, env=clean_environment(), capture_output=True, text=True, timeout=120, start_new_session=True,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "stderr as before\n")
    assert json.loads(done.stdout) == [True, [], []]


def test_a_program_without_stderr_loads_a_policy(short_run, tmp_path):
    program = "import sys, cartrl; print(sys.stderr, cartrl.load_policy(sys.argv[1]).act([0, 0, 0, 0]) in (0, 1))"
    done = subprocess.run(
        ["bash", "-c", 'exec "$@" 2>&-', "-", sys.executable, "-c", program, str(short_run.directory)],
        cwd=tmp_path, env=clean_environment(), stdout=subprocess.PIPE, text=True, timeout=120,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "None True\n")


def test_a_tensorflow_that_cannot_be_imported_is_named(short_run, tmp_path):
    program = """
import sys, cartrl
try:
    cartrl.load_policy(sys.argv[1])
except cartrl.CartrlError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(short_run.directory)],
        cwd=tmp_path, env={**clean_environment(), "TF_USE_LEGACY_KERAS": "1"},  # asks for tf_keras
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("TensorFlow cannot be imported: Keras cannot be imported.")
