"""Environment steps per second of the suites, beside the vectors of gymnasium, Stable-Baselines3 and EnvPool."""

import functools
import json
import os

from benchmarks import peers
from benchmarks.measuring import Scale, python, run, spread, table, take_turns

TASKS = ("CartPole", "LunarLander", "Pong", "cartpole-swingup")
COUNTS = (1, 8, 16)
PEER = peers.Peer(
    "peer_vectors.py",
    (
        "stable-baselines3",
        "gymnasium",
        "ale-py",
        "opencv-python-headless",
        "box2d",
        "pygame",  # which gymnasium's environments of Box2D import
        "dm_control==1.0.34",
        "mujoco==3.3.7",
        "envpool",
    ),
)
VECTORS = (
    "gymnasium, SyncVectorEnv",
    "gymnasium, AsyncVectorEnv",
    "Stable-Baselines3, DummyVecEnv",
    "Stable-Baselines3, SubprocVecEnv",
    "EnvPool",
)

Rates = dict[str, list[float]]  # by the number of environments: at random, and with a policy


def of_cartrl(case: dict, processes: int, turn: int) -> Rates:
    """Measure cartrl's own."""
    return python("-m", "benchmarks.vectors", json.dumps({**case, "processes": processes})).report


def of_peer(case: dict, vector: str, turn: int) -> Rates:
    """Measure another's."""
    return run(peers.interpreter(PEER), peers.HERE / PEER.script, json.dumps({**case, "vector": vector})).report


def measure(scale: Scale) -> str:
    """Return a table for each task."""
    counts, seconds = scale.pick(COUNTS, COUNTS[:2]), scale.pick(1.5, 0.2)
    tables = []
    for task in TASKS:
        case = {"task": task, "counts": counts, "seconds": seconds}
        contenders = {"cartrl": functools.partial(of_cartrl, case, 1)}
        processes = os.cpu_count() or 1
        if processes > 1:
            contenders[f"cartrl, {processes} processes"] = functools.partial(of_cartrl, case, processes)
        contenders.update({vector: functools.partial(of_peer, case, vector) for vector in VECTORS})
        rows = [(name, *_cells(turns, counts)) for name, turns in take_turns(contenders, scale.turns).items()]
        header = [f"{how}, {count}" for how in ("random", "acting") for count in counts]
        tables.append(table((task, *header), rows))
    return "\n\n".join(tables)


def _cells(turns: list[Rates], counts: tuple[int, ...]) -> list[str]:
    return [spread([rates[str(count)][how] for rates in turns], 0) for how in (0, 1) for count in counts]
