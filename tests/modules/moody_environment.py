"""CartPole that fails once in a process, at the step that FAIL_AT_STEP counts, and when closed after a few episodes."""

import os

from gym.envs.classic_control.cartpole import CartPoleEnv
from gym.envs.registration import register

steps = 0


class Moody(CartPoleEnv):
    """CartPole with faults."""

    played = 0  # steps of this one

    def step(self, action):
        global steps
        steps += 1
        self.played += 1
        if steps == int(os.environ.get("FAIL_AT_STEP", "0")):
            raise RuntimeError("the motor is hot")
        return super().step(action)

    def close(self):
        if self.played > 20:
            raise OSError("the cable is stuck")


register(id="Moody-v0", entry_point=Moody, max_episode_steps=20, reward_threshold=15.0)
