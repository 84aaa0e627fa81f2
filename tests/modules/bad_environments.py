"""Environments that do what none should, registered with gym by importing this module.

Importing it also makes the file that IMPORTED_MARK names, if it names one, so that a test sees that it happened.
"""

import os
from pathlib import Path

import gym
import numpy as np
from gym import spaces
from gym.envs.classic_control.cartpole import CartPoleEnv
from gym.envs.registration import register

if "IMPORTED_MARK" in os.environ:
    Path(os.environ["IMPORTED_MARK"]).touch()

BOX = spaces.Box(-1.0, 1.0, (2,), np.float32)


class Fine(CartPoleEnv):
    """CartPole under another name."""


class Bad(gym.Env):
    """Zeros, rewards of 1, and whatever ``fault`` says, from the step ``after`` on; 0 is the reset."""

    observation_space = BOX
    action_space = spaces.Discrete(2)

    def __init__(self, fault="none", after=0, observation_space=BOX, action_space=None):
        self._fault, self._after = fault, after
        self.observation_space = observation_space
        self.action_space = action_space or self.action_space
        if fault == "constructor":
            raise ValueError("no such joystick")

    def reset(self, *, seed=None, return_info=False, options=None):
        self._steps = -1
        return self._following()[0]

    def step(self, action):
        observation, reward = self._following()
        return observation, reward, False, {}

    def _following(self):
        self._steps += 1
        observation, reward = np.zeros(2, np.float32), 1.0
        if self._steps >= self._after:
            if self._fault == "raise":
                raise RuntimeError("the motor\nis hot")
            value = {"nan": np.nan, "inf": np.inf, "huge": 1e300, "large": 1e38}.get(self._fault)
            if value is not None:
                observation = np.array([0.0, value])
            if self._fault == "shape":
                observation = np.zeros(3)
            reward = {
                "nan reward": np.nan,
                "inf reward": -np.inf,
                "huge reward": 1e39,
                "large reward": 1e20 * self._steps,
                "text reward": "much",
            }.get(self._fault, 1.0)
        return observation, reward

    def render(self, mode="human"):
        """Render nothing."""


MAPPING, PAIR = spaces.Dict({"a": BOX}), spaces.Tuple((BOX, BOX))

for name, limit, arguments in (
    ("Constructor", 10, {"fault": "constructor"}),
    ("ResetRaises", 10, {"fault": "raise"}),
    ("ResetNan", 10, {"fault": "nan"}),
    ("ResetShape", 10, {"fault": "shape"}),
    ("StepRaises", 10, {"fault": "raise", "after": 1}),
    ("StepNanReward", 10, {"fault": "nan reward", "after": 1}),
    ("LateRaises", 10, {"fault": "raise", "after": 5}),
    ("LateNan", 10, {"fault": "nan", "after": 5}),
    ("LastNan", 10, {"fault": "nan", "after": 10}),
    ("LateInf", 10, {"fault": "inf", "after": 5}),
    ("LateHuge", 10, {"fault": "huge", "after": 5}),
    ("LateShape", 10, {"fault": "shape", "after": 5}),
    ("LateNanReward", 10, {"fault": "nan reward", "after": 5}),
    ("LateInfReward", 10, {"fault": "inf reward", "after": 5}),
    ("LateHugeReward", 10, {"fault": "huge reward", "after": 5}),
    ("LateTextReward", 10, {"fault": "text reward", "after": 5}),
    ("ResetLarge", 10, {"fault": "large"}),
    ("StepLargeReward", 10, {"fault": "large reward", "after": 1}),
    ("LateLargeReward", 10, {"fault": "large reward", "after": 5}),
    ("WideActions", 10, {"action_space": spaces.Box(-3.4e38, 3.4e38, (1,), np.float32)}),
    ("Endless", None, {}),
    ("Dict", 10, {"observation_space": MAPPING}),
    ("Tuple", 10, {"observation_space": PAIR}),
    ("Dark", 10, {}),
):
    register(f"{name}-v0", entry_point=Bad, max_episode_steps=limit, kwargs=arguments)
register("Fine-v0", entry_point=Fine, max_episode_steps=20)
