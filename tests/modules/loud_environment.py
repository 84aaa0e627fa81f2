"""An environment that prints wherever it can, from Python and from C."""

import atexit
import ctypes
import os

from gym.envs.classic_control.cartpole import CartPoleEnv
from gym.envs.registration import register

LIBC = ctypes.CDLL(None)


def shout(where):
    """Print ``where`` to stdout in three ways: buffered by Python, buffered by C, and at once."""
    print("Python in", where)
    LIBC.puts(f"C in {where}".encode())
    os.write(1, f"the kernel in {where}\n".encode())


class Loud(CartPoleEnv):
    """CartPole, loudly."""

    def __init__(self):
        shout("constructor")
        super().__init__()

    def reset(self, **arguments):
        shout("reset")
        return super().reset(**arguments)

    def step(self, action):
        shout("step")
        return super().step(action)

    def close(self):
        shout("close")
        super().close()


shout("import")
atexit.register(shout, "exit")
register("Loud-v0", entry_point=Loud, max_episode_steps=20)
