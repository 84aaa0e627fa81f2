"""CartPole-v1 from a cold start until it is solved, beside PPO of Stable-Baselines3 and in the manner of PureJaxRL.

Each contender is a whole process that imports its libraries, trains, and ends as soon as its greedy policy reaches a
mean return of 475 over 20 episodes of the real environment. The peers' libraries cannot share an environment with
TensorFlow 2.15, so each has one of its own, made once, below the user's cache directory.
"""

import os
import sys
from pathlib import Path
from typing import NamedTuple

from benchmarks.measuring import Run, Scale, pairwise, run, spread, table, take_turns, train

HERE = Path(__file__).resolve().parent
SOLVED_FROM = 475
# The shipped configs of cartrl; PPO's is evaluated as often as Stable-Baselines3's, every 2,048 steps, over as many
# episodes.
OURS = {
    "PPO": (
        "--set",
        "eval.eval_interval=8",
        "--set",
        "eval.num_eval_episodes=20",
        "--set",
        "train.stop_when_solved=true",
    ),
    "REINFORCE": (),
}


class Peer(NamedTuple):
    """A contender with an environment of its own."""

    script: str
    packages: tuple[str, ...]


SB3 = Peer("peer_sb3.py", ("stable-baselines3",))
# gymnax 1.0.1 imports six without asking for it.
JAX = Peer("peer_jax.py", ("jax", "optax", "gymnax", "gymnasium", "six"))
PEERS = {"Stable-Baselines3, PPO": SB3, "PPO as PureJaxRL": JAX}


def interpreter(peer: Peer) -> Path:
    """Return the Python of a peer's environment, which is made when there is none with its packages."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    home = cache / "cartrl-benchmarks" / Path(peer.script).stem
    ready, packages = home / "ready", "\n".join(peer.packages)
    if not ready.exists() or ready.read_text(encoding="utf-8") != packages:
        print(f"installing {', '.join(peer.packages)} in {home}", file=sys.stderr)
        run(sys.executable, "-m", "venv", "--clear", home)
        run(home / "bin" / "python", "-m", "pip", "install", *peer.packages)
        ready.write_text(packages, encoding="utf-8")
    return home / "bin" / "python"


class Outcome(NamedTuple):
    """What a contender needed."""

    seconds: float
    steps: int
    rate: float  # environment steps per second of its loop, evaluations and compilation left out
    solved: bool


def of_peer(run: Run) -> Outcome:
    """Read the report of a peer."""
    report = run.report
    return Outcome(run.seconds, report["steps"], report["steps"] / report["loop"], report["mean"] >= SOLVED_FROM)


def of_cartrl(run: Run) -> Outcome:
    """Read the report of ``cartrl train``."""
    report, phases = run.report, run.report["seconds"]
    steps = report["environment_steps"]
    solved = report["best_greedy_return"]["mean"] >= SOLVED_FROM
    return Outcome(run.seconds, steps, steps / (phases["collect"] + phases["learn"]), solved)


def measure(scale: Scale) -> str:
    """Take turns, a seed a turn."""
    pythons = {name: interpreter(peer) for name, peer in PEERS.items()}
    contenders = {
        name: lambda seed, name=name: of_peer(run(pythons[name], HERE / PEERS[name].script, seed)) for name in PEERS
    }
    for kind, options in OURS.items():
        contenders[f"cartrl, {kind}"] = lambda seed, kind=kind, options=options: of_cartrl(
            train(f"{kind.lower()}/cartpole-v1.yaml", "--seed", seed, *options)
        )
    outcomes = take_turns(contenders, scale.turns)
    ours = [outcome.seconds for outcome in outcomes["cartrl, PPO"]]
    rows = []
    for name, turns in outcomes.items():
        seconds, steps, rates, solved = zip(*turns)
        rows.append((
            name, f"{sum(solved)} of {len(solved)}", spread(seconds), spread(pairwise(seconds, ours)),
            spread(steps, 0), spread(rates, 0),
        ))  # fmt: skip
    return table(("", "solved", "seconds", "times cartrl's PPO", "steps", "steps per second of loop"), rows)
