"""Environments that several processes step: what comes of it is what comes of one, and no process stays."""

import json
import os
import re
import subprocess
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from cartrl.environments.vector import VectorEnvironment
from cartrl.errors import CartrlError
from cartrl.experience.stepping.sharing import Pace, measured
from cartrl.experience.stepping.vector import SharedVectorEnvironment
from cartrl.settings import EnvironmentSettings
from cartrl.system import imports
from tests.experience.test_collectors import EXPERIMENTS, numbers, train, write_experiment
from tests.helpers import CARTRL, MODULES, children, clean_environment, one_line, run_cartrl, run_several, wait_until

ENVIRONMENTS = {
    "discrete": {"env_name": "CartPole-v1"},
    "continuous": {"env_name": "Pendulum-v1", "suite": "gymnasium"},
    "images": {
        "env_name": "Pong",
        "suite": "atari",
        "kwargs": {"obs_type": "grayscale"},
        "wrappers": [{"kind": "atari", "protocol": "mnih2015"}],
    },
    "several arrays": {"env_name": "cartpole-swingup", "suite": "dm_control"},
}
LIMIT, COUNT = 30, 5
PARTS = ("observations", "actions", "rewards", "final_observation")
# What an environment does in the middle of an episode of this seed that no error of Python can tell.
DEATHS = {7: "ended with exit code 3", 8: "was ended by SIGSEGV (an error in a library's native code)"}


def settings_of(name):
    return EnvironmentSettings(max_episode_steps=LIMIT, **ENVIRONMENTS[name])


def drawn(space):
    """Return a policy that draws its actions, the same ones at the same step."""

    def act(observations, step):
        rng, count = np.random.default_rng(step), len(observations)
        if hasattr(space, "n"):
            return rng.integers(0, space.n, count)
        return rng.uniform(space.low, space.high, (count, *space.shape)).astype(np.float32)

    return act


@pytest.fixture
def faults(monkeypatch):
    """The settings of an environment that fails as the seed of its episode says."""
    monkeypatch.chdir(MODULES)
    monkeypatch.setattr(imports, "given", [])
    imports.import_environments(["seeded_faults"])
    return EnvironmentSettings(env_name="SeededFault-v0")


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_episodes_are_those_of_one_process(name):
    """More episodes than environments: which of them begins the next one depends on the order in which others end."""
    with closing(VectorEnvironment(settings_of(name), COUNT)) as alone:
        expected = alone.run_episodes(drawn(alone.action_space), range(9))
    before = {*children(os.getpid())}
    with closing(SharedVectorEnvironment(settings_of(name), COUNT, 3)) as shared:
        assert len({*children(os.getpid())} - before) == 2
        found = shared.run_episodes(drawn(shared.action_space), range(9))
    assert {*children(os.getpid())} == before
    for one, other in zip(found, expected):
        assert one.terminated == other.terminated
        for part in PARTS:
            values, wanted = getattr(one, part), getattr(other, part)
            assert (values.dtype, values.tobytes()) == (wanted.dtype, wanted.tobytes())


def test_what_goes_wrong_in_another_process_is_said_as_in_this_one(faults):
    with closing(VectorEnvironment(faults, 3)) as alone, closing(SharedVectorEnvironment(faults, 3, 3)) as shared:
        act = drawn(alone.action_space)
        for seed in (1, 2, 3, 4, 5, 6, 9):
            with pytest.raises(CartrlError) as expected:
                alone.run_episodes(act, [0, 0, seed])
            with pytest.raises(CartrlError, match=f"^{re.escape(str(expected.value))}$"):
                shared.run_episodes(act, [0, 0, seed])
        assert [len(episode) for episode in shared.run_episodes(act, [0, 0, 0])] == [20, 20, 20]


@pytest.mark.parametrize("seed", DEATHS)
def test_a_process_that_dies_is_named(seed, faults):
    before = {*children(os.getpid())}
    with closing(SharedVectorEnvironment(faults, 3, 3)) as shared:
        for _ in range(2):  # nor does it hang when it is played on
            with pytest.raises(CartrlError, match=r"^process 3 of those that step SeededFault-v0 ") as error:
                shared.run_episodes(drawn(shared.action_space), [0, 0, seed])
            assert DEATHS[seed] in str(error.value)
    assert {*children(os.getpid())} == before


@pytest.mark.parametrize("agent", ["ppo", *(pytest.param(name, marks=pytest.mark.slow) for name in EXPERIMENTS)])
def test_a_run_is_that_of_one_process_and_goes_on_with_other_processes(agent, tmp_path):
    """One of them dies at its 40th step; the run goes on with fewer."""
    _, expected = train(tmp_path, agent, "alone")
    write_experiment(tmp_path, agent, "run", 6, {"processes": 3})
    (tmp_path / "deaths/40").touch()
    options = ("--import-module", "simulators", "--quiet")
    more = ("--set", "collect.processes=2", *options)
    died = run_cartrl("train", "run.yaml", *options, "--run-dir", "run", cwd=tmp_path)
    said = one_line(died, 1, stdout=died.stdout)
    name = EXPERIMENTS[agent]["environment"]["env_name"]
    assert re.fullmatch(rf"process [23] of those that step {name} was ended by SIGKILL \(.*\)", said)
    assert run_cartrl("train", "--resume", "run", *more, cwd=tmp_path).returncode == 0
    assert numbers(tmp_path / "run") == expected


@pytest.mark.slow
def test_auto_says_what_it_takes_and_changes_nothing(tmp_path):
    _, expected = train(tmp_path, "ppo", "alone")
    write_experiment(tmp_path, "ppo", "run", 6, {"processes": "auto"})
    done = run_cartrl("train", "run.yaml", "--import-module", "simulators", "--run-dir", "run", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert re.search(
        r"collect\.processes: auto takes [1-5] for 5 environments on \d+ cores, as a step of Sim", done.stdout
    )
    assert numbers(tmp_path / "run") == expected


def test_processes_end_with_a_run_that_is_killed(tmp_path):
    write_experiment(tmp_path, "ppo", "run", 10_000, {"processes": 3})
    process = subprocess.Popen(
        [CARTRL, "train", "run.yaml", "--import-module", "simulators", "--quiet", "--run-dir", "run"],
        cwd=tmp_path, env=clean_environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    wait_until((tmp_path / "played").exists, "an environment took a step", process=process)
    started = children(process.pid)
    assert len(started) >= 2
    process.kill()
    process.wait()
    wait_until(lambda: not any(Path(f"/proc/{child}").exists() for child in started), "all processes ended")


def test_what_processes_cannot_do_is_refused(tmp_path):
    config = tmp_path / "config.yaml"
    config.write_text(json.dumps({"environment": {"env_name": "CartPole-v1"}, "agent": {"kind": "ppo"}}))
    several = ("train", config, "--set", "collect.processes=2")
    with_twin, both = run_several(several, (*several, "--set", "collect.workers=2"), cwd=tmp_path)
    assert one_line(with_twin, 2) == (
        "--set collect.processes=2: collect.processes: is for the engine vectorized, but CartPole-v1 has a compiled "
        "twin, which needs no other processes; set collect.engine to vectorized to have them play"
    )
    assert one_line(both, 2) == (
        "--set collect.workers=2: collect.workers is 2 and collect.processes is 2, but workers step the environments "
        "themselves; give one of the two"
    )


@pytest.mark.parametrize(
    ("pace", "environments", "cores", "processes"),
    [
        (Pace(3e-6, 3e-6), 64, 8, 1),  # CartPole: to ask another process takes longer
        (Pace(0.002, 0.002), 8, 2, 2),  # no more than there are cores, where a core is busy with a step
        (Pace(0.002, 0.002), 8, 16, 8),  # no more than there are environments
        (Pace(0.002, 0.0), 8, 2, 8),  # nor does it need cores where it waits for something else
        (Pace(0.0005, 0.0005), 8, 2, 2),
    ],
)
def test_auto_takes_the_number_with_which_a_step_of_all_takes_the_least_time(pace, environments, cores, processes):
    assert pace.best(environments, cores) == processes


def test_the_pace_is_measured():
    pace = measured(EnvironmentSettings(**ENVIRONMENTS["discrete"]))
    assert 0 < pace.seconds < 1e-3
    assert 0 < pace.computing < 1e-3
