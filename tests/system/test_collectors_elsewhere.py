"""Collectors on another host join a run, and strangers do not; each host is a network namespace."""

import shutil
import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.experience.test_collectors import numbers, train, write_experiment
from tests.helpers import CARTRL, CONFIGS, MODULES, REPO, clean_environment, one_line, run_several, wait_until
from tests.system.test_network import needs_namespaces

TOKEN = "the token of this test"
ADDRESS = "10.7.7.1:7000"


def inside(host):
    """Return the words before a command that is called in the namespaces of the process ``host``."""
    return ["nsenter", f"--target={host.pid}", "--user", "--net", "--preserve-credentials"]


@pytest.fixture
def hosts():
    """Two hosts on one wire, 10.7.7.1 and 10.7.7.2: the words before a command that is called on each."""
    with ExitStack() as opened:

        def host(*before):
            own = Path("/proc/self/ns/net").readlink()
            process = opened.enter_context(subprocess.Popen([*before, "--net", "sleep", "1000"]))
            opened.callback(process.kill)
            wait_until(
                lambda: Path(f"/proc/{process.pid}/ns/net").readlink() != own, "it had a network", process=process
            )
            return process

        first = host("unshare", "--map-root-user")
        wait_until(lambda: Path(f"/proc/{first.pid}/comm").read_text() == "sleep\n", "it was a host")
        second = host(*inside(first), "unshare")
        wait_until(lambda: Path(f"/proc/{second.pid}/comm").read_text() == "sleep\n", "it was a host")
        done = call(
            *inside(first), "ip", "link", "add", "near", "type", "veth", "peer", "name", "far", "netns", second.pid
        )
        if done.returncode:
            pytest.skip(f"no veth devices here: {done.stderr.strip()}")
        for process, device, address in ((first, "near", "10.7.7.1/24"), (second, "far", "10.7.7.2/24")):
            call(*inside(process), "ip", "link", "set", "lo", "up")
            call(*inside(process), "ip", "address", "add", address, "dev", device)
            call(*inside(process), "ip", "link", "set", device, "up")
        yield inside(first), inside(second)


def call(*words, **options):
    return subprocess.run(
        list(map(str, words)), capture_output=True, text=True, check=False, env=clean_environment(), **options
    )


@needs_namespaces
def test_collectors_join_from_another_host_and_strangers_do_not(hosts, tmp_path):
    here, there = hosts
    _, expected = train(tmp_path / "alone", "ppo")
    home, guest = tmp_path / "learner", tmp_path / "guest"
    write_experiment(home, "ppo", "run", 6, {})
    guest.mkdir()
    shutil.copy(MODULES / "simulators.py", guest)
    token, wrong = tmp_path / "token", tmp_path / "wrong"
    token.write_text(TOKEN)
    wrong.write_text("another token than that")
    (home / "hold").touch()
    train_it = [CARTRL, "train", "run.yaml", "--import-module", "simulators", "--quiet", "--run-dir", "run"]
    collect = [*there, CARTRL, "collect", ADDRESS, "--import-module", "simulators"]
    with ExitStack() as opened:

        def start(*words, cwd, **variables):
            environment = {**clean_environment(), **variables}
            process = opened.enter_context(
                subprocess.Popen(list(map(str, words)), cwd=cwd, env=environment, stdout=-1, stderr=-1, text=True)
            )
            opened.callback(process.kill)
            return process

        learner = start(*here, *train_it, "--listen", ADDRESS, "--token-file", token, cwd=home, STEP_MS="20")
        listens = f"note: listening at {ADDRESS}; collectors join by: cartrl collect {ADDRESS}\n"
        assert learner.stderr.readline() == listens
        refused = call(*collect, "--token-file", wrong, cwd=guest)
        assert one_line(refused, 1) == f"{ADDRESS}: does not take this token"
        strangers = start(*there, sys.executable, "-m", "tests.strangers", *ADDRESS.split(":"), token, cwd=REPO)
        assert strangers.stdout.readline() == "in\n", strangers.stderr.read()
        collector = start(*collect, "--token-file", token, "--jobs", "2", cwd=guest)
        wait_until((guest / "ready").exists, "a collector was there", process=collector)
        (home / "hold").unlink()
        _, said = learner.communicate(timeout=120)
        assert (learner.returncode, collector.wait(60), strangers.wait(60)) == (0, 0, 0)
        assert collector.stdout.read() == f"the run at {ADDRESS} has ended\n"
    assert (guest / "played").exists()
    assert numbers(home / "run") == expected
    lines = said.splitlines()
    assert "warning: 10.7.7.2 has connected without knowing the token, and was refused" in lines
    assert sum(line.startswith("warning: the collector on 10.7.7.2 is lost") for line in lines) == 1
    assert len(lines) == 2, said


def test_what_cannot_be_listened_at_or_joined_is_refused(tmp_path):
    config = tmp_path / "config.yaml"
    config.write_text('{"environment": {"env_name": "CartPole-v1"}, "collect": {"engine": "vectorized"}}')
    (tmp_path / "short").write_text("secret")
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_server(("127.0.0.1", 0)) as unused:
        taken, free = server.getsockname()[1], unused.getsockname()[1]
        unused.close()
        calls = {
            ("train", config, "--listen", "7000"): (
                "--listen 7000: an address is HOST:PORT, such as 192.168.1.5:7000 or [::1]:7000"
            ),
            ("train", config, "--listen", f"127.0.0.1:{taken}"): f"--listen 127.0.0.1:{taken}: Address already in use",
            ("train", config, "--listen", "127.0.0.1:0", "--token-file", "short"): (
                "--token-file short: a token has 16 characters or more, this one has 6"
            ),
            ("train", config, "--token-file", "short"): (
                "--token-file is for a run that listens; give its address as --listen"
            ),
            ("train", config, "--listen", "127.0.0.1:0", "--seeds", "0-1"): (
                "--listen is for one run; a study takes --seeds and --cluster"
            ),
            ("train", CONFIGS / "reinforce.yaml", "--listen", "127.0.0.1:0"): (
                "--listen is for the engine vectorized, but CartPole-v0 has a compiled twin, which needs no other "
                "processes; set collect.engine to vectorized to have them play"
            ),
            ("collect", "127.0.0.1:7000"): (
                "give the token that the run has printed, as --token-file or in the variable CARTRL_TOKEN"
            ),
        }
        outcomes = run_several(*calls, cwd=tmp_path)
        assert [one_line(outcome, 2) for outcome in outcomes] == list(calls.values())
        assert not any(outcome.tensorflow for outcome in outcomes)
        (alone,) = run_several(("collect", f"127.0.0.1:{free}"), cwd=tmp_path, env={"CARTRL_TOKEN": TOKEN})
    assert one_line(alone, 1) == f"127.0.0.1:{free}: no learner can be reached there: Connection refused"
    assert not (tmp_path / "runs").exists()
