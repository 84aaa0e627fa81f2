"""Stops training processes in the middle of anything, resumes them until they finish, and compares.

    python -m tests.killing --kills 1000 --jobs 2

Each run goes through as many processes as it takes. They are killed (SIGKILL) either at a random moment or at a file
operation, the first process at its first, the next at its second, and so on through whatever a checkpoint, a policy,
the metrics and the manifest need: each open, write, fsync, rename and unlink. At the end its files must be those of a
run that nobody disturbed. With ``--how term`` the signal is SIGTERM, with ``--how full`` the disk is full from that
operation on instead. The processes are forked from one that has imported TensorFlow, which saves most of their time;
from there on each is `cartrl train` as it is.
"""

import argparse
import errno
import hashlib
import io
import itertools
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from cartrl.runs import metrics
from cartrl.system import files, quiet

CONFIGS = Path(__file__).resolve().parent.parent / "configs"
SETTINGS = {
    "train.num_iterations": 40,
    "train.checkpoint_interval": 4,
    "eval.eval_interval": 10,
    "eval.num_eval_episodes": 2,
    "environment.max_episode_steps": 40,
}
# So small that its ring overflows in a short run, and is learned from.
MEMORY = {
    "train.num_environment_steps": "null",
    "agent.fc_layer_params": "[16]",
    "agent.batch_size": 16,
    "agent.updates_per_step": 0.5,
    "collect.num_environments": 2,
    "collect.num_steps": 8,
    "collect.turns_per_iteration": 2,
    "collect.warm_up_steps": 40,
    "replay_buffer.replay_buffer_capacity": 300,
}
ROLLOUTS = {
    "train.num_environment_steps": "null",
    "collect.num_environments": 3,
    "collect.num_steps": 16,
    "agent.batch_size": 16,
    "agent.num_epochs": 2,
    "agent.normalize_observations": "true",
    "agent.normalize_rewards": "true",
}
# Agent -> its config, and the settings that keep its runs short.
AGENTS = {
    "reinforce": ("reinforce.yaml", {}),
    "ppo": ("ppo/cartpole-v1.yaml", ROLLOUTS),
    "dqn": ("dqn/cartpole-v1.yaml", {**MEMORY, "train.stop_when_solved": "false"}),
    **{agent: (f"{agent}/pendulum-v1.yaml", MEMORY) for agent in ("ddpg", "td3", "sac")},
}
# The same of environments of other suites, and of Box2D, which the engine vectorized plays.
SUITES = {
    "gymnasium": ("sac/pendulum-v1.yaml", {**MEMORY, "environment.suite": "gymnasium"}),
    "lander": ("ppo/cartpole-v1.yaml", {**ROLLOUTS, "environment.env_name": "LunarLander-v2"}),
    "walker": (
        "ppo/cartpole-v1.yaml",
        {**ROLLOUTS, "environment.suite": "gymnasium", "environment.env_name": "BipedalWalker-v3"},
    ),
    "atari": (
        "dqn/cartpole-v1.yaml",
        {
            **MEMORY,
            "train.stop_when_solved": "false",
            "environment.suite": "atari",
            "environment.env_name": "Pong",
            "environment.kwargs": "{obs_type: grayscale}",
            "environment.wrappers": "[{kind: atari, protocol: mnih2015}]",
            "agent.conv_layer_params": "[[4, 8, 8]]",
        },
    ),
    "dm_control": (
        "ppo/cartpole-v1.yaml",
        {**ROLLOUTS, "environment.suite": "dm_control", "environment.env_name": "cartpole-balance"},
    ),
}
LONGEST = 120  # seconds that a process may take
SEED = 5
OPERATIONS = 240  # so many take a resumed process beyond its first checkpoints and policies


class Interrupter:
    """Counts file operations, and acts at one of them and at those that follow, if any do."""

    def __init__(self, number, act):
        self._left = number
        self._act = act

    def wrap(self, name, function):
        """Return ``function``, counted as the operation ``name``."""

        def counted(*arguments, **options):
            self.count(name)
            return function(*arguments, **options)

        return counted

    def count(self, name):
        """Note an operation; act when it is the one, or comes after it."""
        self._left -= 1
        if self._left <= 0:
            self._act(name)

    def install(self):
        """Count the operations of this process from now on."""
        real_open = io.open

        def opened(file, mode="r", *arguments, **options):
            if mode.startswith("r") or isinstance(file, int):  # a descriptor is of a pipe
                return real_open(file, mode, *arguments, **options)
            self.count("open")
            return CountedFile(real_open(file, mode, *arguments, **options), self)

        io.open = opened  # what Path.open calls
        for name in ("fsync", "replace", "rename", "unlink", "mkdir", "rmdir"):
            setattr(os, name, self.wrap(name, getattr(os, name)))
        files.exchange = self.wrap("rename", files.exchange)


class CountedFile:
    """A file whose writes are counted."""

    def __init__(self, file, interrupter):
        self._file = file
        self.write = interrupter.wrap("write", file.write)

    def __getattr__(self, name):
        return getattr(self._file, name)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._file.close()


def kill_self(_):
    """Die as nothing can be done against."""
    os.kill(os.getpid(), signal.SIGKILL)


def disk_is_full(name):
    """Fail as everything does that needs room on a disk that is full."""
    if name in ("unlink", "rmdir"):
        return
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def spawn(arguments, output, interrupter=None):
    """Fork a process that is `cartrl` with ``arguments``; return its pid."""
    pid = os.fork()
    if pid:
        return pid
    code = 70
    try:
        os.setsid()
        target = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        for stream in (1, 2):
            os.dup2(target, stream)
        sys.argv = ["cartrl", *map(str, arguments)]
        if interrupter is not None:
            interrupter.install()
        from cartrl.__main__ import start

        start()
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def wait(pid, seconds=LONGEST, number=signal.SIGKILL):
    """Wait for ``pid``, and send it a signal when it takes longer than ``seconds``; return its exit code."""
    deadline = time.monotonic() + seconds
    is_sent = False
    while True:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        if not is_sent and time.monotonic() > deadline:
            os.kill(pid, number)
            is_sent = True
        time.sleep(0.002)


def train(home, case):
    """The arguments that begin a run of ``case``, an agent and an engine with a hyphen between them."""
    agent, _, engine = case.rpartition("-")
    config, own = {**AGENTS, **SUITES}[agent]
    settings = {**SETTINGS, **own, "collect.engine": engine}
    options = itertools.chain.from_iterable(("--set", f"{key}={value}") for key, value in settings.items())
    return ["train", "-c", CONFIGS / config, "--seed", SEED, *options, "--run-dir", home]


def outcome(home):
    """Return what a finished run must agree on with every other: SHA-256 of weights, states and metrics, by name."""
    rows = metrics.read(home / "metrics.csv")
    for row in rows:
        del row["seconds"]
    found = {"metrics.csv": json.dumps(rows)}
    paths = [*filter(Path.is_file, home.glob("checkpoints/**/*")), *home.glob("policies/**/variables.data*")]
    memories = [memory for memory in home.glob("checkpoints/*/replay") if any(memory.glob("*.npz"))]
    cut = {path for memory in memories for path in (*memory.iterdir(), memory.with_name("checkpoint.json"))}
    hashes = {str(path.relative_to(home)): hashlib.sha256(path.read_bytes()).hexdigest() for path in {*paths} - cut}
    hashes.update({str(memory.relative_to(home)): remembered(memory) for memory in memories})
    left_over = [path.name for kind in (files.DRAFT, files.OLD) for path in home.rglob(f"{kind}*")]
    return {**found, **hashes, "left over": sorted(left_over)}


def remembered(memory):
    """Return the SHA-256 of all steps in a memory's files, which a stop cuts into other pieces."""
    parts = [np.load(path) for path in sorted(memory.iterdir())]
    of_steps = [name for name in parts[0] if name not in ("frames", "first", "present")]
    whole = {name: np.concatenate([part[name] for part in parts]) for name in of_steps}
    newest = {name: values[-MEMORY["replay_buffer.replay_buffer_capacity"] :] for name, values in whole.items()}
    if "frames" in parts[0]:  # each once, beside the steps, which name them by their numbers
        frames = {number: frame for part in parts for number, frame in enumerate(part["frames"], int(part["first"]))}
        newest["frames"] = np.stack([frames[number] for number in newest["numbers"].ravel().tolist()])
        newest["present"] = parts[-1]["present"]
    return hashlib.sha256(b"".join(newest[name].tobytes() for name in sorted(newest))).hexdigest()


def disturbed(home, case, stops, how, rng, seconds):
    """Train in ``home`` with ``stops`` interruptions; return the outcome, and how many there were.

    Args:
        home: the run's directory.
        case: which agent, on which case.
        stops: for each process, the number of the file operation at which to stop it, or None for a random moment.
        how: kill, term or full.
        rng: draws moments.
        seconds: how long an undisturbed process takes.
    """
    output = home.with_suffix(".txt")
    count = 0
    for number in [*stops, 0]:
        is_begun = (home / "manifest.json").exists() and (home / "config.yaml").exists()
        if not is_begun and home.exists():
            shutil.rmtree(home)  # killed before there was anything to resume
        arguments = ["train", "--resume", home] if is_begun else train(home, case)
        interrupter = Interrupter(number, disk_is_full if how == "full" else kill_self) if number else None
        moment = rng.uniform(0, seconds) if number is None else LONGEST
        code = wait(spawn(arguments, output, interrupter), moment, signal.SIGTERM if how == "term" else signal.SIGKILL)
        text = output.read_text(errors="replace")
        expected = {"kill": {-9, 0}, "term": {143, -15, 0}, "full": {0, 1, 2}}[how] if number != 0 else {0}
        if code not in expected or "Traceback" in text:
            raise AssertionError(f"{home}, stopped at {number}: exit code {code}\n{text}")
        count += code != 0
    return outcome(home), count


def run(kills, jobs, how, cases, seed):
    """Disturb runs until there were ``kills`` interruptions; return counts and differences."""
    quiet.prepare()
    with quiet.held_back():
        import cartrl.training.experiment  # noqa: F401 (so that the forks need not)
    rng = random.Random(seed)
    totals = {"interruptions": 0, "runs": 0, "different": []}
    place = Path(tempfile.mkdtemp())  # TemporaryDirectory would be cleaned up by every fork that ends
    try:
        references, seconds = {}, {}
        for case in cases:
            began = time.monotonic()
            home = place / case
            assert wait(spawn(train(home, case), home.with_suffix(".txt"))) == 0, home.with_suffix(".txt").read_text()
            references[case], seconds[case] = outcome(home), time.monotonic() - began

        def one(job):
            number, case, stops, generator = job
            home = place / str(number)
            found, count = disturbed(home, case, stops, how, generator, seconds[case])
            shutil.rmtree(home)
            names = {*found, *references[case]}
            return [name for name in sorted(names) if found.get(name) != references[case].get(name)], count, job[:3]

        source = plans(min(10, kills), how, cases, rng)
        with ThreadPoolExecutor(jobs) as pool:
            while totals["interruptions"] < kills:  # a stop that comes after the end of its run is none
                for differing, count, job in pool.map(one, itertools.islice(source, jobs)):
                    totals["interruptions"] += count
                    totals["runs"] += 1
                    totals["different"] += [[*job, differing]] if differing else []
                    print(json.dumps(totals), flush=True)
    finally:
        shutil.rmtree(place)
    return totals


def plans(length, how, cases, rng):
    """Yield for each run its number, its case and where its processes are stopped: half of them at random moments."""
    operation = 0
    for number in itertools.count():
        at_random = how == "term" or (how == "kill" and number % 4 >= 2)
        stops = [None] * length
        if not at_random:
            stops = [1 + (operation + step * 11) % OPERATIONS for step in range(length)]
            operation += number % 2
        yield number, cases[number % len(cases)], stops, random.Random(rng.random())


def main():
    """Print how many interruptions there were, and whether any run came out different."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--how", choices=["kill", "term", "full"], default="kill")
    parser.add_argument("--agents", default=",".join(AGENTS))
    parser.add_argument("--engines", default="compiled,vectorized")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    began = time.monotonic()
    cases = [f"{agent}-{engine}" for agent in options.agents.split(",") for engine in options.engines.split(",")]
    totals = run(options.kills, options.jobs, options.how, cases, options.seed)
    print(json.dumps({**totals, "seconds": round(time.monotonic() - began)}))
    sys.exit(bool(totals["different"]))


if __name__ == "__main__":
    main()
