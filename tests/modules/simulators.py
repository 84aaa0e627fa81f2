"""Environments as simulators are: a step takes STEP_MS milliseconds, and a collector may die in any of them.

A process that only steps environments counts as a collector. A file in the folder ``deaths`` is named after a number of
steps, and kills the first collector that has taken so many.
While there is a file ``hold``, a learner goes no further than its check of the environment. A collector whose
environment is made leaves a file ``ready``, and one that has taken a step a file ``played``.
"""

import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

from gym.envs.classic_control.cartpole import CartPoleEnv
from gym.envs.classic_control.pendulum import PendulumEnv
from gym.envs.registration import register

STEP_SECONDS = float(os.environ.get("STEP_MS", "0")) / 1000
CHECKED = 5  # steps of a check, at most
taken = 0


def is_collector():
    return {"cartrl.experience.remote.worker", "cartrl.experience.stepping.worker"} & sys.modules.keys()


def take_time():
    global taken
    taken += 1
    time.sleep(STEP_SECONDS)
    if is_collector():
        Path("played").touch()
        with suppress(OSError):
            Path("deaths", str(taken)).unlink()
            os.kill(os.getpid(), signal.SIGKILL)
    elif taken > CHECKED:
        while Path("hold").exists():
            time.sleep(0.01)


class SimulatedCartPole(CartPoleEnv):
    """CartPole in a class of which cartrl has no compiled twin."""

    def __init__(self):
        super().__init__()
        if is_collector():
            Path("ready").touch()

    def step(self, action):
        take_time()
        return super().step(action)


class SimulatedPendulum(PendulumEnv):
    """Pendulum, likewise."""

    def step(self, action):
        take_time()
        return super().step(action)


register("SimulatedCartPole-v0", entry_point=SimulatedCartPole, max_episode_steps=25)
register("SimulatedPendulum-v0", entry_point=SimulatedPendulum, max_episode_steps=25)
