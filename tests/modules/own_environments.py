"""Environments as people have them, in the APIs of gym's and gymnasium's versions, registered by importing this module.

Each plays the same game: the observation is the number of the step, and the reward is the action, counted from 0.
"""

import sys

import gym
import numpy as np
from gym import spaces
from gym.envs.classic_control.cartpole import CartPoleEnv
from gym.envs.registration import register

STEPS = 10
FIRST = 5  # the least action of the games below


class Game(gym.Env):
    """Discrete actions from ``FIRST`` on, of which the greatest is the best."""

    observation_space = spaces.Box(0.0, STEPS, (1,), np.float32)
    action_space = spaces.Discrete(3, start=FIRST)

    def reset(self, *, seed=None, return_info=False, options=None):
        self.steps = 0
        return self.observe()

    def step(self, action):
        if not self.action_space.contains(action):
            raise ValueError(f"no such action: {action!r}")
        self.steps += 1
        return self.observe(), float(action - FIRST), self.steps >= STEPS, {}

    def observe(self):
        return np.array([self.steps], np.float32)

    def render(self, mode="human"):
        return np.full((64, 64, 3), 20 * self.steps, np.uint8)


class ShiftedCartPole(gym.ActionWrapper):
    """CartPole whose actions are 1 and 2."""

    def __init__(self):
        super().__init__(CartPoleEnv())
        self.action_space = spaces.Discrete(2, start=1)

    def action(self, action):
        return action - 1


register("Game-v0", entry_point=Game, max_episode_steps=50, reward_threshold=19.0)
register("ShiftedCartPole-v0", entry_point=ShiftedCartPole, max_episode_steps=30)


def cartpole_with(name, value):
    """gym's CartPole, in which one thing is another."""
    env = CartPoleEnv()
    setattr(env, name, value)
    return env


CARTPOLES = {
    "Implicit": {"name": "kinematics_integrator", "value": "semi-implicit"},
    "Heavier": {"name": "masspole", "value": 0.3},  # while gym's total_mass remains what it was
    "Stepping": {"name": "step", "value": lambda action: (np.zeros(4, np.float32), 1.0, True, {})},
    "Shifted": {"name": "action_space", "value": spaces.Discrete(2, start=1)},
    "Winded": {"name": "wind", "value": 3.0},
    "Tall": {"name": "screen_dim", "value": 900},
}
for kind, change in CARTPOLES.items():
    register(f"{kind}-v0", entry_point=cartpole_with, max_episode_steps=30, kwargs=change)


class Strange:
    """The game as no `gym.Env` at all: what differs from it is in a subclass, or in ``tricks``."""

    observation_space = spaces.Box(0.0, STEPS, (1,), np.float32)
    action_space = spaces.Discrete(3)

    def __init__(self, tricks=None):
        self.tricks = tricks or {}
        self.rng = np.random.default_rng()

    def seed(self, seed=None):
        self.rng = np.random.default_rng(seed)

    def reset(self):
        self.steps = 0
        self.start = float(self.rng.random())
        return self.tricks.get("reset", lambda observation: observation)(self.observe())

    def step(self, action):
        self.steps += 1
        usual = (self.observe(), float(action), self.steps >= STEPS, {})
        return self.tricks.get("step", lambda *usual: usual)(*usual)

    def observe(self):
        return np.array([self.steps + self.start], np.float32)


class Modern(Strange):
    """gymnasium's API: (observation, info), five values, and a render mode that the constructor takes."""

    metadata = {"render_modes": ["rgb_array"], "render_fps": 20}  # noqa: RUF012 (as gymnasium has it)

    def __init__(self, render_mode=None, terminated=False):
        super().__init__()
        self.render_mode, self.terminated = render_mode, terminated

    def reset(self, *, seed=None, options=None):
        if seed is not None:
            self.seed(seed)
        return super().reset(), {}

    def step(self, action):
        observation, reward, done, info = super().step(action)
        return observation, reward, done and self.terminated, done and not self.terminated, info

    def render(self):
        return np.zeros((64, 64, 3), np.uint8) if self.render_mode == "rgb_array" else None


class Hiding:
    """A wrapper that passes nothing on but steps."""

    def __init__(self):
        self.env = Strange()

    def reset(self):
        return self.env.reset()

    def step(self, action):
        return self.env.step(action)


class Late(Strange):
    """An environment that knows its spaces only once it is reset."""

    observation_space = action_space = None

    def reset(self):
        self.observation_space, self.action_space = Strange.observation_space, Strange.action_space
        return super().reset()


class Discrete:
    """A space of another library, such as gymnasium's."""

    n, start = np.int64(3), np.int64(0)


class Box:
    """A space of another library, such as gymnasium's."""

    low, high, shape, dtype = np.zeros(1, np.float32), np.full(1, STEPS, np.float32), (1,), np.dtype(np.float32)


class Elsewhere(Strange):
    """An environment whose spaces are of another library."""

    observation_space, action_space = Box(), Discrete()


class Closing(Strange):
    """An environment that cannot be closed."""

    def close(self):
        raise OSError("the door is stuck")


class Counted(Strange):
    """An environment of which the third cannot be made."""

    made = closed = 0

    def __init__(self):
        super().__init__()
        Counted.made += 1
        if Counted.made == 3:
            raise OSError("no more licences")

    def close(self):
        Counted.closed += 1


class Quitting(Strange):
    """An environment that ends the process, or raises what is no Exception."""

    def __init__(self, where):
        super().__init__()
        self.where = where
        self.quit("constructor")

    def quit(self, where):
        if where == self.where:
            sys.exit()

    def reset(self):
        self.quit("reset")
        return super().reset()

    def step(self, action):
        if self.steps == STEPS // 2:
            self.quit("step")
        return super().step(action)

    def render(self, mode="human"):
        self.quit("render")
        return np.zeros((64, 64, 3), np.uint8)

    def close(self):
        self.quit("close")


class Spaceless(Counted):
    """An environment that has no spaces, which shows only once it is made."""

    observation_space = action_space = None

    def __init__(self):
        Strange.__init__(self)


class NotOne:
    """What is no environment."""


def stepping(change):
    """An environment whose steps return what ``change`` makes of the usual four values."""
    return {"tricks": {"step": change}}


def resetting(change):
    return {"tricks": {"reset": change}}


WORKING = {
    "old": {},
    "reset gives info": resetting(lambda observation: (observation, {})),
    "reset gives no info": resetting(lambda observation: (observation, None)),
    "info is None": stepping(lambda observation, reward, done, _: (observation, reward, done, None)),
    "reward in an array": stepping(lambda observation, reward, *rest: (observation, np.array([reward]), *rest)),
    "reward of no dimension": stepping(lambda observation, reward, *rest: (observation, np.array(reward), *rest)),
    "reward of numpy": stepping(lambda observation, reward, *rest: (observation, np.float64(reward), *rest)),
    "reward is whole": stepping(lambda observation, reward, *rest: (observation, int(reward), *rest)),
    "done in an array": stepping(lambda observation, reward, done, info: (observation, reward, np.array([done]), info)),
    "done of numpy": stepping(lambda observation, reward, done, info: (observation, reward, np.bool_(done), info)),
    "done is 0 or 1": stepping(lambda observation, reward, done, info: (observation, reward, int(done), info)),
    "a list of five": stepping(lambda observation, reward, done, info: [observation, reward, done, False, info]),
    "observation in a list": stepping(lambda observation, *rest: (observation.tolist(), *rest)),
    "observation in double precision": stepping(lambda observation, *rest: (observation.astype(np.float64), *rest)),
    "observation is a number": stepping(lambda observation, *rest: (float(observation[0]), *rest)),
    "observation is whole": stepping(lambda observation, *rest: (observation.astype(int), *rest)),
}
REFUSED = {
    "reset gives None": (resetting(lambda _: None), "returned None as observation in reset"),
    "reset gives text": (resetting(lambda _: "start"), "returned 'start' as observation in reset"),
    "step gives None": (stepping(lambda *_: None), "returned None from step"),
    "three values": (stepping(lambda *usual: usual[:3]), "returned 3 values from step"),
    "six values": (stepping(lambda *usual: (*usual, 0, 0)), "returned 6 values from step"),
    "reward is None": (stepping(lambda observation, _, *rest: (observation, None, *rest)), "returned None as reward"),
    "reward of two": (stepping(lambda observation, _, *rest: (observation, np.ones(2), *rest)),
                      "returned an array of shape (2,), float64 as reward"),
    "done is None": (stepping(lambda observation, reward, *_: (observation, reward, None, {})),
                     "returned None as done"),
    "truncated is info": (stepping(lambda observation, reward, *_: (observation, reward, False, {}, {})),
                          "returned a dict as truncated"),
    "observation too short": (stepping(lambda _, *rest: (np.zeros(0), *rest)),
                              "returned an observation of shape (0,) in step"),
    "observation is complex": (stepping(lambda observation, *rest: (observation + 1j, *rest)),
                               "returned an array of shape (1,), complex64 as observation in step"),
    "observation is ragged": (stepping(lambda _, *rest: ([[1], [1, 2]], *rest)),
                              "returned a list as observation in step"),
}  # fmt: skip


ODD = {
    "late giants": stepping(lambda observation, *rest: (observation * (1e37 if observation[0] > 8 else 1), *rest)),
    "tiny rewards": stepping(lambda observation, reward, *rest: (observation, 1e-30 * reward, *rest)),
    "seedless": resetting(lambda observation: observation + np.float32(np.random.random())),
}


def name_of(description):
    """Return the id under which an environment is registered."""
    return description.title().replace(" ", "") + "-v0"


for description, arguments in (
    *WORKING.items(),
    *ODD.items(),
    *((key, arguments) for key, (arguments, _) in REFUSED.items()),
):
    register(name_of(description), entry_point=Strange, max_episode_steps=50, kwargs=arguments)
for kind in (Hiding, Late, Elsewhere, Closing, Modern, NotOne, Counted, Spaceless):
    register(f"{kind.__name__}-v0", entry_point=kind, max_episode_steps=50)
register("Terminating-v0", entry_point=Modern, max_episode_steps=50, kwargs={"terminated": True})
for place in ("constructor", "reset", "step", "render", "close"):
    register(f"Quits{place.title()}-v0", entry_point=Quitting, max_episode_steps=50, kwargs={"where": place})
