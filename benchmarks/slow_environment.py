"""CartPole as a simulator is: a step takes STEP_MS milliseconds."""

import os
import time

from gym.envs.classic_control.cartpole import CartPoleEnv
from gym.envs.registration import register

SECONDS = float(os.environ["STEP_MS"]) / 1000


class SlowCartPole(CartPoleEnv):
    """A class of which cartrl has no compiled twin."""

    def step(self, action):
        """Take the time, and then the step."""
        if SECONDS:
            time.sleep(SECONDS)
        return super().step(action)


register("SlowCartPole-v0", entry_point=SlowCartPole, max_episode_steps=200)
