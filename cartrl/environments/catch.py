"""The suite `cartrl`: Catch, a small task of images for which nothing has to be installed. Imports no TensorFlow."""

from typing import ClassVar

import numpy as np
from gym import spaces
from numpy.typing import NDArray

from cartrl.environments.suite import Description
from cartrl.errors import UsageError
from cartrl.settings import EnvironmentSettings, suites

NAME = "Catch"
ROWS, COLUMNS = 10, 5  # of the board
SIDE = 10  # pixels of a picture's side
WIDE = SIDE // COLUMNS  # pixels of a column
LIT = 255
FALL = ROWS - 1  # steps that the ball falls, which is the length of each episode
ENLARGED = 16  # pixels of a film's picture for each pixel's side


class Catch:
    """Catch a ball that falls through a board of 10 rows and 5 columns, with a paddle that moves along the lowest row.

    This is Catch of bsuite (Osband et al., "Behaviour Suite for Reinforcement Learning", ICLR 2020), seen as a picture
    of bytes, in which each column is two pixels wide. An episode has nine steps, and terminates when the ball reaches
    the lowest row: the reward is then 1 if the paddle is there, else -1; all others are 0.

    Observations are uint8 [10, 10, 1], 255 where ball and paddle are. The actions 0, 1 and 2 move the paddle to the
    left, not at all, and to the right. The seed of a reset draws the column in which the ball falls; the ball can
    always be caught.
    """

    observation_space = spaces.Box(0, LIT, (SIDE, SIDE, 1), np.uint8)
    action_space = spaces.Discrete(3)
    metadata: ClassVar = {"render_fps": 10}

    def reset(self, seed: int) -> NDArray[np.uint8]:
        """Begin an episode: the ball in the highest row, the paddle in the middle."""
        self._row, self._paddle = 0, COLUMNS // 2
        self._ball = int(np.random.default_rng(seed).integers(COLUMNS))
        return self.picture()

    def step(self, action: int) -> tuple[NDArray[np.uint8], float, bool, bool]:
        """Move the paddle, and let the ball fall by a row."""
        self._paddle = min(max(self._paddle + int(action) - 1, 0), COLUMNS - 1)
        self._row += 1
        has_landed = self._row == FALL
        reward = (1.0 if self._ball == self._paddle else -1.0) if has_landed else 0.0
        return self.picture(), reward, has_landed, False

    def picture(self) -> NDArray[np.uint8]:
        """Return the observation: the board, in which the cells of the ball and the paddle are lit."""
        board = np.zeros((ROWS, COLUMNS, 1), np.uint8)
        board[self._row, self._ball] = board[FALL, self._paddle] = LIT
        return board.repeat(WIDE, axis=1)

    def render(self) -> NDArray[np.uint8]:
        """Return a frame of a film: the observation with each pixel 16 times as wide and high, uint8 [160, 160, 3]."""
        return self.picture().repeat(ENLARGED, 0).repeat(ENLARGED, 1).repeat(3, 2)

    def close(self) -> None:
        """Do nothing: there is nothing to give back."""


class CartrlSuite:
    """cartrl's own environments, of which there is one."""

    def names(self) -> list[str]:
        """Return the name of Catch."""
        return [NAME]

    def describe(self, settings: EnvironmentSettings) -> Description:
        """Return Catch's length, and the mean return from which it counts as solved.

        A policy that acts without chance, and catches the ball in all columns but one of the five, has 0.6.

        Raises:
            UsageError: for another name.
        """
        if settings.env_name != NAME:
            hint = suites.hint(settings.env_name, "cartrl", [NAME]) or f"; it has {NAME}"
            raise UsageError(f"cartrl has no environment {settings.env_name!r}{hint}")
        return Description(time_limit=FALL, reward_threshold=0.95)

    def make(self, settings: EnvironmentSettings, is_filmed: bool = False) -> Catch:
        """Make Catch.

        Raises:
            UsageError: for another name.
        """
        self.describe(settings)
        return Catch()


SUITE = CartrlSuite()
