"""Studies on two hosts, and where workers and commands are killed: nothing is lost, and the numbers are the same."""

import json
import random
import re
import subprocess
import time

import pytest

from tests import golden
from tests.clusters import Dask, two_hosts
from tests.helpers import CARTRL, CONFIGS, clean_environment, run_cartrl, wait_until

pytest.importorskip("distributed", reason="the extra `cluster` is not installed")
pytestmark = pytest.mark.slow

LAST = 31  # of the seeds
KILLS = 20
SETTINGS = ("train.num_iterations=200", "train.checkpoint_interval=5", "eval.eval_interval=40")
STUDY = ("train", "-c", CONFIGS / "reinforce.yaml", "--seeds", f"0-{LAST}", "--run-dir", "study",
         *(word for setting in SETTINGS for word in ("--set", setting)))  # fmt: skip
AGAIN = ("train", "--resume", "study")


def outcome_of(study):
    return json.loads((study / "study.json").read_text()).get("outcome")


def numbers(study):
    """The rows of each run without their seconds, and its policies."""
    found = {}
    for run in sorted(study.glob("seed-*")):
        rows = golden.read(run / "metrics.csv")
        found[run.name] = rows, [path.read_bytes() for path in sorted(run.glob("policies/**/variables.data*"))]
    return found


@pytest.fixture(scope="module")
def local(tmp_path_factory):
    """The numbers of the study when the processes of this machine train it."""
    home = tmp_path_factory.mktemp("local")
    done = run_cartrl(*STUDY, "--quiet", cwd=home, timeout=600)
    assert done.returncode == 0, done.stderr
    found = numbers(home / "study")
    assert len(found) == LAST + 1
    return found


@pytest.fixture(scope="module")
def hosts():
    try:
        with two_hosts() as found:
            yield found
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"no network namespaces here: {error}")


@pytest.mark.parametrize("options", [(), ("--ship",)], ids=["shared folder", "shipped"])
def test_two_hosts_come_to_the_numbers_of_this_machine(options, local, hosts, tmp_path):
    with Dask(tmp_path, hosts[0]) as dask:
        for host in hosts:
            dask.worker(host=host)
        command = [*hosts[0].enter, CARTRL, *map(str, STUDY), "--cluster", str(dask.file), *options, "--json"]
        done = subprocess.run(
            command, cwd=tmp_path, env=clean_environment(), capture_output=True, text=True, timeout=600
        )
        assert done.returncode == 0, done.stderr
        logs = [log.read_text() for log in sorted(dask.home.glob("dask_worker-*.log"))]  # in the order of the hosts
    assert [re.findall(r"Start worker at: +tcp://([\d.]+):", log) for log in logs] == [[host.address] for host in hosts]
    assert numbers(tmp_path / "study") == local


@pytest.mark.parametrize("options", [(), ("--ship",)], ids=["shared folder", "shipped"])
def test_whoever_is_killed_nothing_is_lost(options, local, tmp_path):
    """Every fifth time it is the command, else a worker, in whose place another one comes."""
    rng = random.Random(len(options))
    study = tmp_path / "study"

    def begin(*arguments):
        words = [CARTRL, *map(str, arguments), "--cluster", str(dask.file), *options, "--quiet"]
        return subprocess.Popen(words, cwd=tmp_path, env=clean_environment(), stdout=log, stderr=log)

    with (tmp_path / "log").open("w") as log, Dask(tmp_path) as dask:
        workers = [dask.worker(), dask.worker()]
        command = begin(*STUDY)
        wait_until((study / "study.json").exists, "the study had begun", process=command)
        for number in range(KILLS):
            time.sleep(rng.uniform(0.2, 4))  # a random moment is what is tried
            assert outcome_of(study) != "finished", f"all was trained after {number} kills"
            if command.poll() is not None:  # a seed whose workers died three times has failed, and is trained again
                command = begin(*AGAIN)
            if number % 5 == 4:
                command.kill()
                command.wait()
            else:
                victim = rng.randrange(len(workers))
                workers[victim].kill()
                workers[victim] = dask.worker()
        while outcome_of(study) != "finished":
            command.wait(600)
            command = begin(*AGAIN)
        command.wait(600)
    assert numbers(study) == local


def test_a_scheduler_that_dies_is_told_and_the_study_goes_on_here(local, tmp_path):
    study = tmp_path / "study"
    with Dask(tmp_path) as dask:
        dask.worker()
        words = [CARTRL, *map(str, STUDY), "--cluster", str(dask.file), "--quiet"]
        command = subprocess.Popen(words, cwd=tmp_path, env=clean_environment(), stderr=subprocess.PIPE, text=True)
        wait_until(lambda: any(study.glob("seed-*/metrics.csv")), "a run was under way", process=command)
        dask.scheduler.kill()
        _, said = command.communicate(timeout=60)
    assert (command.returncode, said) == (1, f"error: {dask.file}: the scheduler has gone; --resume goes on\n")
    done = run_cartrl(*AGAIN, "--quiet", cwd=tmp_path, timeout=600)
    assert done.returncode == 0, done.stderr
    assert numbers(study) == local
