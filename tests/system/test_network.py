"""Training does not depend on the user's network, and lets nobody on it in."""

import json
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from cartrl.experience.replay import queue as replay
from tests.experience.test_replay import SIGNATURE, assert_same, batch
from tests.helpers import (
    CARTRL,
    CONFIGS,
    REPO,
    clean_environment,
    cpu_of,
    cpu_of_children,
    run_and_list_imports,
    run_cartrl,
    wait_until,
)

CONFIG = CONFIGS / "reinforce.yaml"
TINY = ("--set", "train.num_iterations=2", "--set", "eval.num_eval_episodes=2")
ENDLESS = ("--set", "train.num_iterations=100000")
LISTENS = "0A"

NAMESPACE = ("unshare", "--map-root-user", "--net", "--mount")
IS_ALLOWED = subprocess.run([*NAMESPACE, "ip", "link"], capture_output=True, check=False).returncode == 0
needs_namespaces = pytest.mark.skipif(not IS_ALLOWED, reason="network namespaces (unshare, ip) are not to be had here")


def inside(set_up: str, *command: object) -> "list[str]":
    """Return the call of ``command`` in a network of its own, after the lines of ``set_up``."""
    return [*NAMESPACE, "sh", "-ec", f'{set_up}\nexec "$@"', "sh", *map(str, command)]


def call(*command: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command, cwd=cwd, env=clean_environment(), capture_output=True, text=True, timeout=120, check=False
    )


class Proxy(threading.Thread):
    """Takes every connection, and never answers."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        self.connections: list[socket.socket] = []
        self.start()

    def run(self) -> None:
        while True:
            self.connections.append(self.socket.accept()[0])


@pytest.mark.parametrize(
    "exempt",
    [{"no_proxy": "example.org"}, pytest.param({"no_grpc_proxy": "example.org"}, marks=pytest.mark.slow)],
    ids=str,
)
def test_a_proxy_is_not_asked(exempt, tmp_path):
    proxy = Proxy()
    names = ("grpc_proxy", "https_proxy", "http_proxy", "all_proxy")
    variables = {spelling: proxy.url for name in names for spelling in (name, name.upper())}
    done = run_cartrl(
        "train", "-c", CONFIG, *TINY, "--quiet", "--run-dir", "run", cwd=tmp_path, env={**variables, **exempt}
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "run\n", "")
    assert not proxy.connections


@needs_namespaces
def test_without_a_loopback_device_it_says_so_at_once(tmp_path):
    """It finds a command that loads Reverb first, waits for its server, and gives up with another sentence."""
    home = tmp_path / "home"
    home.mkdir()
    train = ("train", "-c", CONFIG, *TINY, "--run-dir", "run")
    done, imported = run_and_list_imports(*train, cwd=home, report=tmp_path / "report.json", before=inside("true"))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: this process cannot connect to itself, neither at 127.0.0.1 nor at ::1")
    assert done.stderr.count("\n") == 1
    assert not {"tensorflow", "reverb"} & set(imported)
    assert not (home / "run").exists()


@needs_namespaces
@pytest.mark.parametrize(
    "protocol",
    [
        pytest.param("ip address delete 127.0.0.1/8 dev lo", id="IPv6"),
        pytest.param("echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6", id="IPv4", marks=pytest.mark.slow),
    ],
)
def test_one_protocol_is_enough_and_no_name_is_needed(protocol, tmp_path):
    set_up = f"ip link set lo up\n{protocol}\nmount --bind /dev/null /etc/hosts\n! getent hosts localhost"
    done = call(*inside(set_up, CARTRL, "train", "-c", CONFIG, *TINY, "--quiet", "--run-dir", "run"), cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "run\n", "")


@needs_namespaces
@pytest.mark.parametrize(
    ("seeds", "runs"),
    [
        pytest.param((), [""], marks=pytest.mark.slow),
        pytest.param(
            ("--set", "collect.workers=2", "--set", "collect.engine=vectorized"), [""], marks=pytest.mark.slow
        ),
        (("--seeds", "0-3", "-j", "2"), ["seed-0", "seed-1"]),
    ],
)
def test_nothing_listens_while_it_trains(seeds, runs, tmp_path):
    """In a network of its own, so that nobody else's sockets are in the table."""
    train = inside("ip link set lo up", CARTRL, "train", "-c", CONFIG, *ENDLESS, *seeds, "--run-dir", "run")
    with subprocess.Popen(train, cwd=tmp_path, env=clean_environment(), stdout=subprocess.DEVNULL) as process:
        try:
            metrics = [tmp_path / "run" / run / "metrics.csv" for run in runs]
            wait_until(lambda: all(path.exists() for path in metrics), "it trained", process=process)
            tables = [Path(f"/proc/{process.pid}/net/{name}").read_text() for name in ("tcp", "tcp6")]
            states = [line.split()[3] for table in tables for line in table.splitlines()[1:]]
            assert states, "Reverb's own connections"
            assert LISTENS not in states
        finally:
            process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 128 + signal.SIGTERM


# Listens on all interfaces, and asks a neighbour, in another network, to connect; before and after it is kept to lo.
NEIGHBOURS = """
import socket, subprocess, sys
from cartrl.system import sockets

def run(*words):
    subprocess.run(words, check=True)

run("ip", "link", "set", "lo", "up")
neighbour = subprocess.Popen(["unshare", "--net", "sh", "-c", "echo; read wait"], stdin=-1, stdout=-1)
neighbour.stdout.readline()
inside = ["nsenter", f"--net=/proc/{neighbour.pid}/ns/net"]
run("ip", "link", "add", "here", "type", "veth", "peer", "name", "there", "netns", str(neighbour.pid))
run("ip", "address", "add", "10.7.7.1/24", "dev", "here")
run("ip", "link", "set", "here", "up")
run(*inside, "ip", "address", "add", "10.7.7.2/24", "dev", "there")
run(*inside, "ip", "link", "set", "there", "up")
server = socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True)
port = server.getsockname()[1]
knock = "import socket; socket.create_connection(('10.7.7.1', %d), 3)" % port

def get_in():
    from_there = subprocess.run([*inside, sys.executable, "-c", knock], stderr=-1).returncode == 0
    try:
        socket.create_connection(("127.0.0.1", port), 3).close()
    except OSError:
        return [from_there, False]
    return [from_there, True]

found = [get_in(), sockets.keep_to_loopback(port), get_in(), sockets.stop_listening(port), get_in()]
neighbour.kill()
print(found)
"""


@needs_namespaces
def test_another_network_is_refused_and_then_everyone(tmp_path):
    environment = {**clean_environment(), "PYTHONPATH": str(REPO)}
    done = subprocess.run(
        inside("true", sys.executable, "-c", NEIGHBOURS), cwd=tmp_path, env=environment, capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip
    if "veth" in done.stderr or "Operation not permitted" in done.stderr:
        pytest.skip(f"no veth devices here: {done.stderr.strip().splitlines()[-1]}")
    assert (done.stdout, done.stderr) == ("[[True, True], True, [False, True], True, [False, False]]\n", "")


def test_two_servers_never_share_a_port(monkeypatch):
    """A server whose port somebody else listens on, as the kernel lets two gRPC servers do, takes another."""
    import portpicker

    with socket.socket(socket.AF_INET6) as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("::", 0))
        other.listen()
        taken = other.getsockname()[1]
        picks, pick = [taken], portpicker.pick_unused_port
        monkeypatch.setattr(portpicker, "pick_unused_port", lambda: picks.pop() if picks else pick())
        queue = replay.ReplayQueue(capacity=4, signature=SIGNATURE)
        assert not picks
        queue.write(batch(1))
        assert_same(queue.read(), batch(1))
        assert queue.port != taken
        queue.close()


@pytest.mark.parametrize("number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)])
def test_one_signal_ends_the_start_up(number, tmp_path):
    """It finds a signal that waits for the experiment to be built and compiled, which takes seconds of CPU time."""
    before = cpu_of_children()
    process = subprocess.Popen(
        [CARTRL, "train", "-c", CONFIG, *ENDLESS, "--run-dir", "run"], cwd=tmp_path, text=True,
        env={**clean_environment(), "TMPDIR": str(tmp_path)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    # The server starts, and compiling comes next.
    wait_until(lambda: list(tmp_path.glob("cartrl-reverb-*")), "Reverb's server started", process=process)
    until_then = cpu_of(process.pid)
    process.send_signal(number)
    _, stderr = process.communicate(timeout=60)
    assert cpu_of_children() - before - until_then < until_then / 3
    assert (process.returncode, stderr) == (128 + number, "")
    assert json.loads((tmp_path / "run/manifest.json").read_text())["outcome"] == "interrupted"
    assert list(tmp_path.iterdir()) == [tmp_path / "run"]
    assert not (tmp_path / "run/metrics.csv").exists()
    done = run_cartrl("train", "--resume", "run", "--set", "train.num_iterations=2", "--quiet", cwd=tmp_path)
    said = "warning: run: was stopped before its first checkpoint; it begins anew\n"
    assert (done.returncode, done.stderr) == (0, said)
