"""Studies and sweeps on a Dask cluster of this machine: the same numbers, and what is said where it cannot be used."""

import json
import os
import shutil
import socket
import subprocess

import pytest

from tests.clusters import Dask
from tests.helpers import CONFIGS, MODULES, everything_below, one_line, run_cartrl, run_several, wait_until

pytest.importorskip("distributed", reason="the extra `cluster` is not installed")

CONFIG = ("-c", CONFIGS / "reinforce.yaml")
SHORT = ("--set", "train.num_iterations=30", "--set", "eval.eval_interval=10", "--set", "train.checkpoint_interval=5")


def rows(run):
    return [line.rpartition(",")[0] for line in (run / "metrics.csv").read_text().splitlines()]


def weights(run):
    return [path.read_bytes() for path in sorted(run.glob("policies/**/variables.data*"))]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    with Dask(tmp_path_factory.mktemp("dask")) as dask:
        dask.worker()
        yield dask


def test_a_run_that_a_worker_ships_is_the_run_of_this_machine(cluster, short_run, tmp_path):
    done = run_cartrl(
        "train", *CONFIG, *SHORT, "--seeds", "3", "--ship", "--run-dir", "study", "--json", cwd=tmp_path,
        env={"CARTRL_CLUSTER": str(cluster.file)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    answer, run = json.loads(done.stdout), tmp_path / "study/seed-3"
    alone = json.loads((short_run.directory / "manifest.json").read_text())["result"]
    assert answer["outcome"] == "finished"
    facts = {name: answer["seeds"]["3"][name] for name in ("iteration", "greedy", "best", "error")}
    final, best = alone["final_greedy_return"]["mean"], alone["best_greedy_return"]["mean"]
    assert facts == {"iteration": 30, "greedy": final, "best": best, "error": ""}
    assert rows(run) == rows(short_run.directory)
    assert weights(run) == weights(short_run.directory)
    there = {path.name for path in run.iterdir()}
    assert there == {path.name for path in short_run.directory.iterdir()} - {".lock"}  # which belongs to a process
    assert not list(cluster.home.rglob("seed-3"))  # nothing stays on the worker
    assert run_cartrl("train", "--resume", "study", cwd=tmp_path).stdout == "study: finished already, 1 seed\n"


def test_a_task_whose_worker_dies_three_times_has_failed(tmp_path, tmp_path_factory):
    """The worker's own process dies while it imports a module; the command that asks for the module does not."""
    env = {"PYTHONPATH": os.pathsep.join([str(MODULES)]), "DIE": "killed", "DIE_IN": "child"}
    with Dask(tmp_path_factory.mktemp("dask")) as dask:
        dask.worker(env)
        done = run_cartrl(
            "train", *CONFIG, *SHORT, "--seeds", "0-1", "--cluster", dask.file, "--import-module", "dying",
            "--run-dir", "study", cwd=tmp_path, env=env,
        )  # fmt: skip
    assert done.returncode == 1
    said = "error: 2 of 2 seeds failed; seed 0: its worker died 3 times, the last one on "
    assert done.stderr.startswith(said), done.stderr
    assert "was ended by SIGKILL" in done.stderr
    assert done.stdout.count("failed") == 3  # a line for each seed, and one at the end
    assert json.loads((tmp_path / "study/study.json").read_text())["outcome"] == "failed"


VERSION = ("tensorflow-2.99.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tensorflow\nVersion: 2.99.0\n")
ABSENT = ("cartrl/__init__.py", "raise ModuleNotFoundError('not here')")


@pytest.mark.parametrize(
    ("there", "is_worker", "said"),
    [
        (VERSION, True, "has tensorflow 2.99.0 and not 2.15"),
        pytest.param(ABSENT, True, "cannot import cartrl (", marks=pytest.mark.slow),
        pytest.param(ABSENT, False, "the scheduler cannot import cartrl (", marks=pytest.mark.slow),
    ],
    ids=["a worker of another version", "a worker without cartrl", "a scheduler without cartrl"],
)
def test_a_host_that_has_something_else_is_refused_by_name(there, is_worker, said, tmp_path, tmp_path_factory):
    file = tmp_path / "other" / there[0]
    file.parent.mkdir(parents=True)
    file.write_text(there[1])
    home, env = tmp_path / "home", {"PYTHONPATH": str(tmp_path / "other")}
    home.mkdir()
    with Dask(tmp_path_factory.mktemp("dask"), env=None if is_worker else env) as dask:
        if is_worker:
            dask.worker(env)
            log = dask.home / "dask_worker-0.log"
            wait_until(lambda: "Registered to" in log.read_text(), "the worker was registered")
        done = run_cartrl(
            "train", *CONFIG, *SHORT, "--seeds", "0", "--cluster", dask.file, "--run-dir", "study", cwd=home
        )
    assert said in one_line(done, 2)
    assert everything_below(home) == {}


def certificate(home, name):
    """Make a certificate that is its own authority; return the words of --tls."""
    cert, key = home / f"{name}.pem", home / f"{name}-key.pem"
    make = ("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=cluster")
    subprocess.run(["openssl", *make, "-keyout", key, "-out", cert], check=True, capture_output=True)
    return cert, cert, key


@pytest.mark.skipif(shutil.which("openssl") is None, reason="there is no openssl here to make certificates with")
@pytest.mark.parametrize("said", ["by option", pytest.param("in Dask's configuration", marks=pytest.mark.slow)])
def test_a_sweep_on_a_cluster_that_speaks_tls(said, short_run, tmp_path):
    home, files, other = tmp_path / "home", certificate(tmp_path, "own"), certificate(tmp_path, "other")
    home.mkdir()
    with Dask(tmp_path, tls=files) as dask:
        dask.worker()
        address = json.loads(dask.file.read_text())["address"]
        assert address.startswith("tls://")
        sweep = ("sweep", *CONFIG, *SHORT, "--grid", "agent.learning_rate=1e-3,1e-5", "--seeds", "3")
        unknown = f"--cluster {address}: no scheduler can be reached: "
        strangers = run_several(
            (*sweep, "--cluster", address), (*sweep, "--cluster", address, "--tls", *other),
            (*sweep, "--cluster", address.replace("tls", "tcp")), cwd=home,
        )  # fmt: skip
        assert one_line(strangers[0], 2) == f"{unknown}it wants certificates; give --tls"
        assert one_line(strangers[1], 2).startswith(f"{unknown}it does not take these certificates")
        assert one_line(strangers[2], 2).startswith(f"{unknown.replace('tls', 'tcp')}it closes the connection")
        assert everything_below(home) == {}
        names = (f"DASK_DISTRIBUTED__COMM__TLS__{name}" for name in ("CA_FILE", "CLIENT__CERT", "CLIENT__KEY"))
        options, env = (("--tls", *files), {}) if said == "by option" else ((), dict(zip(names, map(str, files))))
        done = run_cartrl(*sweep, "--cluster", dask.file, *options, "--run-dir", "sweep", "--quiet", cwd=home, env=env)
        assert (done.returncode, done.stdout, done.stderr) == (0, "sweep\n", "")
    runs = {path.parent.name: rows(path) for path in home.glob("sweep/*/seed-3")}
    assert runs.keys() == {"agent.learning_rate=0.001", "agent.learning_rate=1.0e-05"}
    assert runs["agent.learning_rate=0.001"] == rows(short_run.directory) != runs["agent.learning_rate=1.0e-05"]


def test_refusals(tmp_path):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # bound, but not listening: nobody else can take it
        address = f"tcp://127.0.0.1:{unused.getsockname()[1]}"
        study = ("train", *CONFIG, "--seeds", "0-1")
        sweep = ("sweep", *CONFIG, "--grid", "agent.learning_rate=1e-3,1e-5", "--seeds", "0")
        decision = ("compare", "-c", "ppo/cartpole-v1", "-c", "dqn/cartpole-v1", "--until-decided", "--max-seeds", "8")
        refused = f"--cluster {address}: no scheduler can be reached: Connection refused"
        calls = {
            **{(*words, "--cluster", address): refused for words in (study, sweep, decision)},
            (*study, "--cluster", "somewhere"): "--cluster somewhere: give an address such as tcp://HOST:8786",
            (*study, "--cluster", "http://127.0.0.1:1"): "no scheduler can be reached: unknown address scheme 'http'",
            (*study, "--cluster", address, "--jobs", "2"): "--jobs is for processes of this machine",
            (*study, "--ship"): "--ship is for a cluster; give its address as --cluster",
            (*study, "--cluster", address, "--tls", "a", "b", "c"): "--tls a: no such file",
            ("train", *CONFIG, "--cluster", address): "--cluster is for a study; give its --seeds",
        }
        outcomes = run_several(*calls, cwd=tmp_path)
    for outcome, said in zip(outcomes, calls.values()):
        assert said in one_line(outcome, 2)
    assert everything_below(tmp_path) == {}
