"""Environments that render what is no plain frame, or name strange frame rates, registered by importing this module.

All play the same short game. Their pictures are red on the left; on the right they get brighter with each step.
"""

import gym
import numpy as np
from gym import spaces
from gym.envs.registration import register

STEPS = 3
HEIGHT, WIDTH = 40, 60
RED = (200, 10, 60)
HALF = WIDTH // 2


def with_opacity(picture, left):
    """The picture with a fourth channel, which is ``left`` on the left and opaque on the right."""
    opacity = np.full((HEIGHT, WIDTH, 1), 255, np.uint8)
    opacity[:, :HALF] = left
    return np.concatenate([picture, opacity], axis=2)


# Kind -> (what is made of the picture, the colour that a film shows on the left).
CONVERTED = {
    "Plain": (lambda picture: picture, RED),
    "Opaque": (lambda picture: with_opacity(picture, 255), RED),
    "Transparent": (lambda picture: with_opacity(picture, 102), (233, 157, 177)),
    "Shares": (lambda picture: picture / 255, RED),
    "Floats": (lambda picture: picture.astype(np.float32), RED),
    "Whole": (lambda picture: picture.astype(np.int64), RED),
    "Mask": (lambda picture: picture[:, :, 0] == RED[0], (255, 255, 255)),
    "Grey": (lambda picture: picture[:, :, 2], (60, 60, 60)),
    "Channel": (lambda picture: picture[:, :, 2:], (60, 60, 60)),
    "First": (lambda picture: np.moveaxis(picture, 2, 0), RED),
    "Several": (lambda picture: [np.zeros_like(picture), picture], RED),
}
# Kind -> (what is made of the picture, what is said of it).
REFUSED = {
    "Nothing": (lambda _: None, "renders no picture"),
    "Bright": (
        lambda picture: picture.astype(np.int64) + 100,
        "renders numbers from 100 to 300; levels go from 0 to 255",
    ),
    "Unknown": (lambda picture: picture * np.nan, "renders numbers from nan to nan"),
    "Empty": (lambda picture: picture[:0, :0], "renders 0 × 0 pixels"),
}
RATES = {"Slow": 0.5, "Broken": 29.97, "Negative": -5, "Fast": "fast", "Endless": np.inf, "Hasty": 100000}


class Strange(gym.Env):
    """A game of ``STEPS`` steps, whatever one does."""

    observation_space = spaces.Box(0.0, STEPS, (1,), np.float32)
    action_space = spaces.Discrete(2)

    def __init__(self, change, fps=10):
        self.change = change
        self.metadata = {"render_modes": ["rgb_array"], "render_fps": fps}

    def reset(self, *, seed=None, return_info=False, options=None):
        self.steps = 0
        return np.zeros(1, np.float32)

    def step(self, action):
        self.steps += 1
        return np.full(1, self.steps, np.float32), 1.0, self.steps >= STEPS, {}

    def render(self, mode="human"):
        picture = np.full((HEIGHT, WIDTH, 3), RED, np.uint8)
        picture[:, HALF:] = 60 * self.steps
        return self.change(picture)


class Growing(Strange):
    """The game with pictures that grow: a caption scales both up to the same size."""

    def __init__(self):
        super().__init__(change=None)

    def render(self, mode="human"):
        side = 100 if self.steps < STEPS else 200
        return np.zeros((side, side, 3), np.uint8)


for kind, (change, _) in {**CONVERTED, **REFUSED}.items():
    register(f"{kind}-v0", entry_point=Strange, max_episode_steps=50, kwargs={"change": change})
for kind, fps in RATES.items():
    register(
        f"{kind}-v0", entry_point=Strange, max_episode_steps=50, kwargs={"change": CONVERTED["Plain"][0], "fps": fps}
    )
register("Growing-v0", entry_point=Growing, max_episode_steps=50)
