"""Studies on disk as `cartrl train` leaves them, but for what the reading side never opens."""

import json

import numpy as np

from cartrl.runs.metrics import MetricsFile, columns
from cartrl.settings.agents import kind

COLUMNS = [column.name for column in columns(kind("reinforce"))]
STARTED = "2024-05-06T07:08:09+00:00"
CONFIG = """\
environment:
  env_name: {env_name}
agent:
  kind: reinforce
  learning_rate: {learning_rate}
train:
  num_iterations: {num_iterations}
"""


def write_run(directory, seed, returns, outcome="finished", env_name="CartPole-v0", learning_rate=1e-3, **more):
    """Write a run evaluated every ``interval`` iterations: ``steps`` environment steps and a second a piece each."""
    interval, steps, planned = more.get("interval", 50), more.get("steps", 1000), more.get("num_iterations", 250)
    directory.mkdir(parents=True)
    config = CONFIG.format(env_name=env_name, learning_rate=learning_rate, num_iterations=planned)
    (directory / "config.yaml").write_text(config)
    (directory / "manifest.json").write_text(json.dumps({"seed": seed, "outcome": outcome, "started": STARTED}))
    with MetricsFile(directory / "metrics.csv", COLUMNS) as file:
        for index, value in enumerate(returns):
            if index:  # an iteration without an evaluation before each that has one
                file.append({"iteration": index * interval - 1, "environment_steps": index * steps - 1, "loss": 0.5})
            row = {"iteration": index * interval, "environment_steps": index * steps, "seconds": float(index)}
            file.append({**row, "greedy_return_mean": float(value), "greedy_return_std": 0.0})


def write_study(directory, curves, outcomes=None, seeds=None, first=0, **more):
    """Write a study with a run for each of ``curves``, of the seeds from ``first`` on.

    ``outcomes`` are by seed, where they are not ``finished``; ``seeds`` are those that its manifest names.
    """
    for seed, returns in enumerate(curves, first):
        write_run(directory / f"seed-{seed}", seed, returns, (outcomes or {}).get(seed, "finished"), **more)
    (directory / "config.yaml").write_text((directory / f"seed-{first}" / "config.yaml").read_text())
    named = list(range(first, first + len(curves))) if seeds is None else seeds
    (directory / "study.json").write_text(
        json.dumps({"kind": "study", "seeds": named, "outcome": "finished", "started": STARTED})
    )
    return directory


def write_sweep(directory, finals, not_begun=(), **facts):
    """Write a sweep over learning rates that has finished: ``finals`` of each, and those that are ``not_begun``."""
    names = {rate: f"agent.learning_rate={rate}" for rate in (*finals, *not_begun)}
    for rate, values in finals.items():
        write_study(directory / names[rate], curves(values, start=5.0), learning_rate=rate)
    (directory / "config.yaml").write_text("environment:\n  env_name: CartPole-v0\n")
    records = [{"name": name, "overrides": [name]} for name in names.values()]
    seeds = list(range(len(next(iter(finals.values())))))
    manifest = {"kind": "sweep", "seeds": seeds, "settings": records, "outcome": "finished", "started": STARTED}
    (directory / "sweep.json").write_text(json.dumps({**manifest, **facts}))
    return directory


def curves(finals, start=20.0):
    """Return curves that rise in a straight line to ``finals`` in five evaluations after the first."""
    return [np.linspace(start, final, 6) for final in finals]
