"""Environments whose observations and actions have several parts, registered with gym by importing this module."""

import gym
import numpy as np
from gym import spaces
from gym.envs.registration import register

LIMIT = 20


class Meet(gym.Env):
    """A player on a ring of five places goes to a goal; in a bright place it pays nothing to stay."""

    observation_space = spaces.Dict(
        goal=spaces.Discrete(5, start=1),
        at=spaces.Box(0.0, 1.0, (2,), np.float64),
        lamps=spaces.MultiBinary(2),
        clock=spaces.Tuple((spaces.MultiDiscrete([2, 3]), spaces.Box(0, 255, (1,), np.uint8))),
    )

    def __init__(self, action_space):
        self.action_space = action_space

    def reset(self, *, seed=None, return_info=False, options=None):
        super().reset(seed=seed)
        self.place, self.goal, self.steps = 0, int(self.np_random.integers(1, 6)), 0
        return self.seen()

    def step(self, action):
        assert self.action_space.contains(action), action
        self.steps += 1
        way, pace = action if isinstance(self.action_space, spaces.MultiDiscrete) else (action - 3, 1)
        self.place = (self.place + (way - 1) * pace) % 5
        has_met = self.place == self.goal - 1
        return self.seen(), float(has_met) - 0.1, has_met, {}

    def seen(self):
        angle = 2 * np.pi * self.place / 5
        return {
            "goal": self.goal,
            "at": np.array([np.cos(angle), np.sin(angle)]) / 2 + 0.5,
            "lamps": np.array([self.place == 0, self.goal == 1], np.int8),
            "clock": (np.array([self.steps % 2, self.steps % 3]), np.array([self.steps], np.uint8)),
        }

    def render(self, mode="human"):
        picture = np.zeros((32, 160, 3), np.uint8)
        picture[:, 32 * self.place : 32 * self.place + 32] = 255
        return picture


register("Meet-v0", entry_point=Meet, max_episode_steps=LIMIT, kwargs={"action_space": spaces.MultiDiscrete([3, 3])})
register(
    "MeetAlone-v0", entry_point=Meet, max_episode_steps=LIMIT, kwargs={"action_space": spaces.Discrete(3, start=3)}
)
