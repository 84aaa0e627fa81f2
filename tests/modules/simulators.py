"""Environments as simulators are: a step takes STEP_MS milliseconds, and a collector may die in any of them.

A file in the folder ``deaths`` is named after a number of steps, and kills the first collector that has taken so many.
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
DEATHS = Path("deaths").absolute()
taken = 0


def take_time():
    global taken
    time.sleep(STEP_SECONDS)
    if "cartrl.experience.remote.worker" in sys.modules:
        taken += 1
        with suppress(OSError):
            (DEATHS / str(taken)).unlink()
            os.kill(os.getpid(), signal.SIGKILL)


class SimulatedCartPole(CartPoleEnv):
    """CartPole in a class of which cartrl has no compiled twin."""

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
